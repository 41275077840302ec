// All topics: searched, ordered, page by page, however many there are.
import {count, empty, h, say, steady, table} from "./dom.js";
import {call, every, get, Refused, who} from "./api.js";
import {beginning, Speeds, TOPIC_COLUMNS} from "./overview.js";

const PAGE = 50;

export default function topics(main, place) {
  const search = h("input", {type: "search", id: "search", placeholder: "Part of a name", autocomplete: "off", spellcheck: "false", value: place.query.get("contains") ?? ""});
  const order = h("select", {id: "order"},
    [["name", "Name"], ["published", "Most messages"], ["queue_depth", "Longest queue"], ["dropped", "Most dropped"], ["subscribers", "Most subscribers"], ["dead_lettered", "Most dead letters"]]
      .map(([value, text]) => h("option", {value}, text)));
  const back = h("button", {type: "button", "data-page": "back", disabled: true}, "← Back");
  const on = h("button", {type: "button", "data-page": "on", disabled: true}, "On →");
  const where = h("span", {class: "where", role: "status"}, "");
  const list = table("Topics", [
    ...TOPIC_COLUMNS.slice(0, 5),
    {name: "Batch", number: true, minor: true, text: row => row.batch_size_avg.toFixed(1), hint: "messages handed to a subscriber at once, on average"},
    TOPIC_COLUMNS[5],
    {name: "Given up", number: true, minor: true, text: row => count(row.dead_lettered), hint: "given up by acknowledged subscriptions"},
  ], {key: row => row.name, href: row => "#/topics/" + encodeURIComponent(row.name)});
  const nothing = h("div");
  main.append(
    h("div", {class: "head"}, h("h1", {}, "Topics"), make()),
    h("div", {class: "bar"},
      h("label", {for: "search"}, "Search"), search,
      h("label", {for: "order"}, "Order"), order,
      h("span", {class: "pages"}, back, where, on)),
    h("section", {class: "card"}, list.node, nothing));

  const speeds = new Speeds();
  let starts = [""]; // what each page so far begins after
  let asking = 0;
  let most = []; // as they were shown last
  if (place.query.has("search")) search.focus();

  async function look(ended = () => false) {
    const mine = ++asking;
    const byName = order.value === "name";
    const query = new URLSearchParams({figures: "true", limit: byName ? PAGE + 1 : 100, order: order.value});
    if (search.value.trim()) query.set("contains", search.value.trim());
    if (byName && starts.at(-1)) query.set("after", starts.at(-1));
    const answer = await get("topics?" + query);
    if (ended() || mine !== asking) return;
    const rows = byName ? answer.topics.slice(0, PAGE) : steady(answer.topics, most, row => row.name);
    most = rows;
    const more = byName && answer.topics.length > PAGE;
    const first = (starts.length - 1) * PAGE + 1;
    list.set(speeds.of(rows));
    list.node.hidden = rows.length === 0;
    on.disabled = !more;
    on.onclick = () => turn([...starts, rows.at(-1).name]);
    back.disabled = starts.length === 1;
    back.onclick = () => turn(starts.slice(0, -1));
    say(where, rows.length === 0 ? "none"
      : byName ? count(first) + " – " + count(first + rows.length - 1) + (more ? "" : ", the last")
      : "the first " + rows.length);
    if (rows.length > 0) nothing.replaceChildren();
    else if (search.value.trim()) {
      nothing.replaceChildren(empty("No topic has “" + search.value.trim() + "” in its name",
        h("p", {}, "Upper and lower case count as the same. ",
          h("button", {type: "button", click: () => {
            search.value = "";
            turn([""]);
            search.focus();
          }}, "Show all topics"))));
    } else if (nothing.childElementCount === 0) nothing.append(beginning());
  }

  function turn(next) {
    starts = next;
    stop.soon();
  }

  search.addEventListener("input", () => turn([""]));
  search.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      main.querySelector("tbody a")?.focus();
    } else if (event.key === "Escape") {
      search.value = "";
      turn([""]);
    }
  });
  order.addEventListener("change", () => {
    most = [];
    turn([""]);
  });
  const stop = every(2000, look);
  return stop;
}

/** Makes a topic. */
function make() {
  const name = h("input", {id: "new-topic", placeholder: "Name", required: true, autocomplete: "off", spellcheck: "false"});
  const wrong = h("span", {class: "wrong", role: "alert"});
  const allowed = who == null || who.may.manage.length > 0;
  const button = h("button", {disabled: !allowed, title: allowed ? "" : "You lack the right: manage"}, "Make topic");
  name.disabled = !allowed;
  return h("form", {class: "row make", submit: async event => {
    event.preventDefault();
    say(wrong, "");
    try {
      await call("POST", "topics", {name: name.value});
      location.hash = "#/topics/" + encodeURIComponent(name.value);
    } catch (failed) {
      if (failed instanceof Refused) say(wrong, failed.message);
    }
  }}, wrong, h("label", {for: "new-topic", class: "hidden"}, "New topic"), name, button,
    allowed ? null : h("span", {class: "soft"}, "Making topics needs the right “manage”."));
}
