// Messages as they come: drawn a few times a second, however many there are.
import {count, h, rate, say} from "./dom.js";
import {listen} from "./api.js";

const SHOWN = 200;
const DRAWN_MILLIS = 200;

/** @param none what is said before the first message */
export function stream(none) {
  const list = h("ol", {class: "messages", tabindex: "0", "aria-label": "Messages, newest first"}, h("li", {class: "soft none"}, none));
  const state = h("span", {class: "state", role: "status"}, "Stopped");
  const figures = h("span", {class: "figures"}, "");
  const wrong = h("p", {class: "wrong", role: "alert"});
  const pause = h("button", {type: "button", disabled: true, "aria-pressed": "false", click: () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    say(pause, paused ? "Go on" : "Pause");
    if (!paused) draw();
  }}, "Pause");
  let paused = false;
  let fresh = [];
  let got = 0;
  let lost = 0;
  let before = 0;
  let end = null;
  let drawing = 0;
  let measuring = 0;

  function draw() {
    if (paused || fresh.length === 0) return;
    if (list.firstElementChild?.classList.contains("none")) list.replaceChildren();
    list.prepend(...fresh.reverse().map(row));
    fresh = [];
    while (list.children.length > SHOWN) list.lastElementChild.remove();
  }

  function measure() {
    say(figures, count(got) + " messages, " + rate(got - before) + "/s" + (lost > 0 ? ", " + count(lost) + " left out: they come faster than this page takes them" : ""));
    before = got;
  }

  function stop() {
    end?.();
    end = null;
    clearInterval(drawing);
    clearInterval(measuring);
    draw();
    pause.disabled = true;
    say(state, "Stopped");
    state.classList.remove("live");
  }

  return {
    node: h("section", {class: "card stream"}, h("div", {class: "head"}, state, figures, pause), wrong, list),
    get running() {
      return end != null;
    },
    /** Subscribes; what was heard before goes away. */
    start(request) {
      stop();
      got = lost = before = 0;
      fresh = [];
      paused = false;
      say(pause, "Pause");
      say(wrong, "");
      list.replaceChildren(h("li", {class: "soft none"}, "Subscribed to " + request.topic + ". Messages appear here, the newest at the top."));
      pause.disabled = false;
      drawing = setInterval(draw, DRAWN_MILLIS);
      measuring = setInterval(measure, 1000);
      end = listen(request, {
        event(event) {
          got++;
          fresh.push(event);
          if (fresh.length > SHOWN) fresh.shift();
        },
        state(text, live) {
          say(state, text);
          state.classList.toggle("live", live);
        },
        lost(more) {
          lost += more;
        },
        refused(text) {
          stop();
          say(wrong, text);
          this.ended?.();
        },
      });
    },
    stop,
  };
}

function row(event) {
  const message = event.message;
  const payload = JSON.stringify(message.payload);
  return h("li", {}, h("details", {},
    h("summary", {},
      h("time", {}, event.ts.slice(11, 23)),
      h("span", {class: "topic"}, event.topic),
      h("code", {class: "payload"}, payload.length > 300 ? payload.slice(0, 300) + "…" : payload)),
    h("pre", {tabindex: "0"}, JSON.stringify(event, null, 2))));
}
