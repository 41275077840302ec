// What is published to a topic, or to all topics that match a pattern, as it is published.
import {h, say} from "./dom.js";
import {stream} from "./stream.js";

export default function tail(main, place) {
  const topic = h("input", {id: "pattern", required: true, autocomplete: "off", spellcheck: "false", value: place.query.get("topic") ?? "**"});
  const filter = h("input", {id: "filter", autocomplete: "off", spellcheck: "false", placeholder: "message.payload.amount > 100"});
  const last = h("input", {id: "last", type: "number", min: 0, max: 1000, value: 10});
  const begin = h("button", {class: "primary"}, "Start");
  const messages = stream("Nothing is subscribed to yet. Say what to hear and press Start.");
  main.append(h("h1", {}, "Live tail"),
    h("form", {class: "bar", submit: event => {
      event.preventDefault();
      if (messages.running) {
        messages.stop();
      } else {
        messages.start({topic: topic.value, filter: filter.value.trim() || undefined, last_n: Number(last.value) || undefined});
      }
      say(begin, messages.running ? "Stop" : "Start");
    }},
      h("label", {for: "pattern"}, "Topic or pattern"), topic,
      h("label", {for: "filter"}, "Filter"), filter,
      h("label", {for: "last"}, "From the history"), last, begin),
    h("p", {class: "soft"}, h("code", {}, "*"), " stands for one part of a name, ", h("code", {}, "**"), " at the end for any number: ", h("code", {}, "orders.*.paid"), ", ", h("code", {}, "orders.**"), ". A filter is a CEL expression."),
    messages.node);
  const watching = setInterval(() => say(begin, messages.running ? "Stop" : "Start"), 300);
  return () => {
    clearInterval(watching);
    messages.stop();
  };
}
