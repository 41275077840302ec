// What acknowledged subscriptions gave up: looked at, sent back, thrown away.
import {confirmed, count, empty, h, say} from "./dom.js";
import {call, every, get, mayOn, Refused, topicPath} from "./api.js";

const PAGE = 50;
const KEPT = "$dead/";

export default function letters(main, place) {
  return place.rest[0] ? ofTopic(main, place.rest[0]) : choose(main);
}

function choose(main) {
  const list = h("ul", {class: "links"});
  const nothing = h("div");
  const name = h("input", {id: "letters-of", placeholder: "Topic", required: true, autocomplete: "off", spellcheck: "false"});
  main.append(h("h1", {}, "Dead letters"),
    h("form", {class: "bar", submit: event => {
      event.preventDefault();
      location.hash = "#/dead-letters/" + encodeURIComponent(name.value);
    }}, h("label", {for: "letters-of"}, "Of topic"), name, h("button", {}, "Open")),
    nothing, h("section", {class: "card"}, list));
  const rows = new Map();
  return every(3000, async ended => {
    const given = await get("topics?order=dead_lettered&limit=100");
    const kept = await get("topics?limit=100&figures=true&prefix=" + encodeURIComponent(KEPT));
    if (ended()) return;
    const found = new Map();
    for (const topic of given.topics) if (topic.dead_lettered > 0) found.set(topic.name, topic.dead_lettered);
    for (const topic of kept.topics) found.set(topic.name.slice(KEPT.length), found.get(topic.name.slice(KEPT.length)) ?? topic.messages);
    for (const [topic, given] of found) {
      if (!rows.has(topic)) {
        const much = h("span", {class: "soft"});
        rows.set(topic, {much, li: h("li", {}, h("a", {href: "#/dead-letters/" + encodeURIComponent(topic)}, topic), " ", much)});
        list.append(rows.get(topic).li);
      }
      say(rows.get(topic).much, count(given) + " given up");
    }
    list.parentNode.hidden = found.size === 0;
    nothing.replaceChildren(...found.size > 0 ? [] : [empty("No dead letters",
      h("p", {}, "A message lands here when an acknowledged subscription has failed it as often as it may (5 times, if it says nothing), or refuses it with ",
        h("code", {}, "dead: true"), ". Nothing has."))]);
  });
}

function ofTopic(main, topic) {
  const path = topicPath(topic) + "/dead-letters";
  const chosen = new Set();
  const list = h("div", {class: "letters"});
  const told = h("p", {class: "told", role: "status"});
  const nothing = h("div");
  const where = h("span", {class: "where"});
  const reason = h("p", {class: "soft reason"});
  const back = h("button", {type: "button", "data-page": "back", disabled: true}, "← Back");
  const on = h("button", {type: "button", "data-page": "on", disabled: true}, "On →");
  const redrive = h("button", {type: "button", class: "primary", disabled: true}, "Redrive chosen");
  const redriveAll = h("button", {type: "button", disabled: true}, "Redrive all");
  const purge = h("button", {type: "button", class: "danger", disabled: true}, "Delete all");
  main.append(
    h("p", {class: "crumbs"}, h("a", {href: "#/dead-letters"}, "Dead letters"), " /"),
    h("div", {class: "head"}, h("h1", {class: "name"}, topic),
      h("a", {class: "button", href: "#/topics/" + encodeURIComponent(topic)}, "The topic")),
    h("div", {class: "bar"}, redrive, redriveAll, purge, h("span", {class: "pages"}, back, where, on)),
    reason, told, nothing, list);

  let may = {publish: false, manage: false};
  let starts = [0];
  let shown = "";
  let total = 0;

  function buttons() {
    const allowed = may.manage && may.publish;
    redrive.disabled = !allowed || chosen.size === 0;
    redriveAll.disabled = !allowed || total === 0;
    purge.disabled = !may.manage || total === 0;
    say(redrive, chosen.size === 0 ? "Redrive chosen" : "Redrive " + chosen.size);
    say(reason, !may.manage ? "Looking at dead letters needs the right “manage” on this topic."
      : !may.publish ? "Sending them back needs the right “publish” on this topic, which you lack." : "");
  }

  async function act(method, address, body, done) {
    try {
      const answer = await call(method, address, body);
      say(told, done(answer));
      chosen.clear();
      starts = [0];
      shown = "";
      stop.soon();
    } catch (refused) {
      if (refused instanceof Refused) say(told, refused.message);
    }
  }

  const sentBack = answer => count(answer.redriven) + " sent back" + (answer.error ? ", then: " + answer.error.error.message : ".");
  redrive.addEventListener("click", () => act("POST", path + "/redrive", {offsets: [...chosen]}, sentBack));
  redriveAll.addEventListener("click", async () => {
    if (await confirmed("Redrive all of " + topic + "?", count(total) + " messages go back to the subscriptions that failed them, with all their attempts anew.", "Redrive all")) {
      act("POST", path + "/redrive", undefined, sentBack);
    }
  });
  purge.addEventListener("click", async () => {
    if (await confirmed("Delete all dead letters of " + topic + "?", count(total) + " messages are gone for good. This can’t be undone.", "Delete all")) {
      act("DELETE", path, undefined, answer => count(answer.purged) + " deleted.");
    }
  });

  const stop = every(2000, async ended => {
    try {
      may = await mayOn(topic);
      const answer = await get(path + "?limit=" + PAGE + "&from=" + starts.at(-1));
      if (ended()) return;
      total = answer.count;
      draw(answer);
    } catch (refused) {
      if (refused instanceof Refused && !ended()) {
        total = 0;
        list.replaceChildren();
        nothing.replaceChildren(empty(refused.status === 403 ? "Not for you" : "Nothing to show", h("p", {}, refused.message)));
      }
      throw refused;
    } finally {
      if (!ended()) buttons();
    }
  });

  function draw(answer) {
    const found = answer.dead_letters;
    on.disabled = found.length < PAGE || answer.next <= starts.at(-1);
    on.onclick = () => turn([...starts, answer.next]);
    back.disabled = starts.length === 1;
    back.onclick = () => turn(starts.slice(0, -1));
    say(where, count(found.length) + " of " + count(answer.count));
    nothing.replaceChildren(...found.length > 0 ? [] : [empty("No dead letters of " + topic,
      h("p", {}, "What its acknowledged subscriptions give up appears here."))]);
    const now = found.map(letter => letter.offset).join();
    if (now === shown) return; // nothing moves under the reader's hand
    shown = now;
    list.replaceChildren(...found.map(row));
  }

  function turn(next) {
    starts = next;
    chosen.clear();
    stop.soon();
  }

  function row(letter) {
    const box = h("input", {type: "checkbox", "aria-label": "Choose offset " + letter.offset, change: () => {
      if (box.checked) chosen.add(letter.offset);
      else chosen.delete(letter.offset);
      buttons();
    }});
    box.checked = chosen.has(letter.offset);
    const message = letter.event.message;
    return h("article", {class: "letter card"}, box,
      h("details", {},
        h("summary", {},
          h("span", {class: "reason-of"}, letter.reason.replaceAll("_", " ")),
          h("time", {}, new Date(letter.at).toLocaleString("en-GB")),
          h("span", {class: "by"}, letter.subscription + ", " + count(letter.attempts) + (letter.attempts === 1 ? " attempt" : " attempts")),
          h("span", {class: "last"}, letter.last_error)),
        h("dl", {class: "settings"},
          [["Message", message.id], ["Offset", letter.offset], ["First error", letter.first_error || "–"], ["Last error", letter.last_error || "–"],
            ["Key", message.key ?? "–"], ["Type", message.type ?? "–"], ["Headers", message.headers ? JSON.stringify(message.headers) : "–"]]
            .map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(text))))),
        h("pre", {tabindex: "0"}, pretty(message.payload))));
  }
  return stop;
}

function pretty(payload) {
  return typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
}
