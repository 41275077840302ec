// Acknowledged subscriptions: groups, durable names and those of one connection.
import {command, confirmed, count, empty, h, say, table} from "./dom.js";
import {call, every, get, Refused, who} from "./api.js";

const SHOWN = 200;

export default function groups(main) {
  const search = h("input", {type: "search", id: "search", placeholder: "Part of a name or topic", autocomplete: "off", spellcheck: "false"});
  const told = h("p", {class: "wrong", role: "alert"});
  const nothing = h("div");
  const more = h("p", {class: "soft"});
  const may = who?.may.everything ?? false;
  const list = table("Groups and durable names", [
    {name: "Name", text: row => row.name, wide: true},
    {name: "Hears", minor: true, text: row => row.topic, width: "w-name"},
    {name: "Members", number: true, text: row => count(row.members), alarm: row => row.members === 0 && row.lag > 0},
    {name: "Lag", number: true, text: row => count(row.lag)},
    {name: "In flight", number: true, minor: true, text: row => count(row.in_flight), hint: "with members, not acknowledged yet"},
    {name: "Retrying", number: true, minor: true, text: row => count(row.waiting), hint: "waiting for their next attempt"},
    {name: "Done", number: true, minor: true, text: row => count(row.delivered)},
    {name: "Given up", number: true, minor: true, text: row => count(row.dead_lettered), alarm: row => row.dead_lettered > 0},
    {name: "Circuit", minor: true, text: row => row.circuit ?? "none", alarm: row => row.circuit === "open", width: "w-kind"},
    {name: "", width: "w-action", node: (row, cell) => {
      if (cell.childElementCount === 0) cell.append(h("button", {
        type: "button", class: "quiet", disabled: !may, "aria-label": "End " + row.name,
        title: may ? "" : "Ending it needs the right to manage every topic", click: () => end(row),
      }, "End"));
    }},
  ], {key: row => row.topic + " " + row.name});
  const card = h("section", {class: "card"}, list.node, more);
  main.append(h("h1", {}, "Groups"),
    h("div", {class: "bar"}, h("label", {for: "search"}, "Search"), search,
      may ? null : h("span", {class: "soft"}, "Ending one needs the right to manage every topic, which you lack.")),
    told, nothing, card);

  async function end(row) {
    if (!await confirmed("End " + row.name + "?", count(row.lag) + " messages that it has not done are lost. This can’t be undone.", "End it")) return;
    try {
      await call("DELETE", "subscriptions/" + encodeURIComponent(row.name));
      say(told, "");
      stop.soon();
    } catch (refused) {
      if (refused instanceof Refused) say(told, refused.message);
    }
  }

  const stop = every(2000, async ended => {
    try {
      const answer = await get("subscriptions?" + new URLSearchParams({limit: SHOWN, contains: search.value.trim()}));
      if (ended()) return;
      list.set(answer.subscriptions);
      card.hidden = answer.subscriptions.length === 0;
      say(more, answer.count > SHOWN ? "The first " + SHOWN + " of " + count(answer.count) + ": search for others." : "");
      if (answer.subscriptions.length > 0) nothing.replaceChildren();
      else if (search.value.trim()) nothing.replaceChildren(empty("None with “" + search.value.trim() + "”", h("p", {}, "Names and topics were searched.")));
      else if (nothing.childElementCount === 0 || nothing.textContent.startsWith("None")) nothing.replaceChildren(empty("No groups and no durable names",
        h("p", {}, "They are made by the first who subscribes with one. Members of a group share the messages of a topic:"),
        command('{"type":"subscribe","topic":"orders","client_id":"me","group":"billing","ack":"manual"}'),
        h("p", {class: "soft"}, "said over the WebSocket at ", h("code", {}, "/ws"), ".")));
    } catch (refused) {
      if (refused instanceof Refused && refused.status === 403) {
        card.hidden = true;
        nothing.replaceChildren(empty("Not for you", h("p", {}, "Groups are the server’s own figures: they need the right ", h("code", {}, "observe"), ".")));
      }
      throw refused;
    }
  });
  search.addEventListener("input", () => stop.soon());
  return stop;
}
