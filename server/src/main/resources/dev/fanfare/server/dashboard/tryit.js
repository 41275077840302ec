// Publish something, and hear it.
import {command, h, say} from "./dom.js";
import {call, Gone, mayOn, Refused, topicPath} from "./api.js";
import {stream} from "./stream.js";

export default function tryit(main, place) {
  const topic = h("input", {id: "topic", required: true, autocomplete: "off", spellcheck: "false", value: place.query.get("topic") ?? "news"});
  const payload = h("textarea", {id: "payload", rows: 6, spellcheck: "false"}, '{"hello": "world"}');
  const key = h("input", {id: "key", autocomplete: "off", placeholder: "none"});
  const type = h("input", {id: "type", autocomplete: "off", placeholder: "none"});
  const answer = h("div", {class: "answer", role: "status"});
  const reason = h("p", {class: "soft reason"});
  const kind = h("p", {class: "soft"});
  const publish = h("button", {class: "primary"}, "Publish");
  const subscribe = h("button", {type: "button"}, "Subscribe");
  const messages = stream("Press Subscribe, then Publish: what you publish appears here.");
  const curl = h("div");
  main.append(h("h1", {}, "Try it"),
    h("div", {class: "halves"},
      h("form", {class: "card form", submit: send},
        h("h2", {}, "Publish"),
        h("label", {for: "topic"}, "Topic"), topic,
        h("label", {for: "payload"}, "Payload"), payload, kind,
        h("div", {class: "pair"},
          h("div", {}, h("label", {for: "key"}, "Key"), key),
          h("div", {}, h("label", {for: "type"}, "Type"), type)),
        h("div", {class: "row"}, publish, subscribe), reason, answer,
        h("details", {class: "as"}, h("summary", {}, "The same in a terminal"), curl)),
      messages.node));

  let may = {subscribe: true, publish: true, manage: true};

  function message() {
    let value;
    try {
      value = JSON.parse(payload.value);
      say(kind, "Goes out as JSON.");
    } catch {
      value = payload.value;
      say(kind, "Is no JSON, so it goes out as a text.");
    }
    return {payload: value, key: key.value || undefined, type: type.value || undefined};
  }

  function shown() {
    const here = document.baseURI.replace(/[#?].*$/, "");
    const body = JSON.stringify(message()).replaceAll("'", "'\\''");
    curl.replaceChildren(command("curl " + new URL(topicPath(topic.value) + "/messages", here) + " \\\n  -d '" + body + "'"),
      command("./fanfare sub '" + topic.value.replaceAll("'", "'\\''") + "'"));
  }

  let asking = 0;
  async function rights() {
    const mine = ++asking;
    try {
      const found = await mayOn(topic.value);
      if (mine !== asking) return;
      may = found;
    } catch {
      return; // said elsewhere
    }
    const lacks = ["publish", "subscribe"].filter(right => !may[right]);
    publish.disabled = !may.publish && topic.value !== "";
    subscribe.disabled = !may.subscribe && topic.value !== "" && !/[*]/.test(topic.value);
    say(reason, lacks.length === 0 || topic.value === "" ? "" : "You lack the right to " + lacks.join(" and to ") + " on this topic.");
  }

  async function send(event) {
    event.preventDefault();
    try {
      const {results: [result]} = await call("POST", topicPath(topic.value) + "/messages", message());
      answer.className = "answer";
      if (result.error) {
        answer.classList.add("bad");
        answer.replaceChildren(result.error.message);
      } else answer.replaceChildren("Published: offset " + result.offset + ", epoch " + result.epoch + ".");
    } catch (failed) {
      answer.className = "answer bad";
      if (failed instanceof Refused && failed.status === 404 && may.manage) {
        answer.replaceChildren("There is no topic “" + topic.value + "”. ", h("button", {type: "button", click: make}, "Make it"));
      } else answer.replaceChildren(failed instanceof Gone ? "The server does not answer." : failed.message);
    }
  }

  async function make() {
    try {
      await call("POST", "topics", {name: topic.value});
      answer.className = "answer";
      answer.replaceChildren("Made. Now publish.");
      publish.focus();
    } catch (failed) {
      answer.replaceChildren(failed.message);
    }
  }

  subscribe.addEventListener("click", () => {
    if (messages.running) messages.stop();
    else messages.start({topic: topic.value});
    say(subscribe, messages.running ? "Unsubscribe" : "Subscribe");
  });
  topic.addEventListener("input", () => {
    shown();
    rights();
  });
  payload.addEventListener("input", shown);
  key.addEventListener("input", shown);
  type.addEventListener("input", shown);
  const watching = setInterval(() => say(subscribe, messages.running ? "Unsubscribe" : "Subscribe"), 300);
  shown();
  rights();
  return () => {
    clearInterval(watching);
    messages.stop();
  };
}
