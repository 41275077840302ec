// Back pressure: who loses messages, where they pile up, what is nearly full.
import {clock, count, h, rate, say, table, tile, tiles} from "./dom.js";
import {every, get, hear, Refused} from "./api.js";
import {chart, Window120} from "./chart.js";
import {bars} from "./overview.js";

const SHOWN = 50;
const EVENTS = {
  messages_dropped: event => [event.subscription, "lost " + count(event.messages) + " messages of " + event.topic],
  slow_consumer: event => [event.subscription, "was disconnected: " + count(event.lag) + " messages of " + event.topic + " waited"],
  backpressure: event => [event.subscription, "made " + count(event.publishes) + " publishes to " + event.topic + " wait or be refused"],
  circuit_opened: event => [event.subscription, "has its circuit breaker open on " + event.topic],
  storage_failed: event => [event.place, event.reason],
};

export default function pressure(main) {
  const lost = tile("Dropped now");
  const total = tile("Dropped in all");
  const deepest = tile("Longest queue");
  const fullest = tile("Fullest");
  const drops = chart("Dropped per second", [{name: "dropped", of: sample => sample.dropped_per_sec, quiet: true, series: 2}],
    value => value === 0 ? "0" : String(+value.toFixed(value < 10 ? 2 : 0)), "Nothing was dropped in the last two minutes.");
  const window = new Window120("figures");
  const usage = h("ul", {class: "usage"});
  const told = h("p", {class: "soft", role: "status"});
  const key = row => row.name;
  const href = row => "#/topics/" + encodeURIComponent(row.name);
  const queues = table("Longest queues", [
    {name: "Topic", text: row => row.name, wide: true},
    {name: "Queue", number: true, text: row => count(row.queue_depth)},
    {name: "Bound", number: true, minor: true, text: row => count(row.queue_max_size)},
    {name: "Full", width: "w-bar", node: full},
  ], {key, href, none: "No messages wait: every subscriber keeps up."});
  const losers = table("Topics whose subscribers lost messages", [
    {name: "Topic", text: row => row.name, wide: true},
    {name: "Dropped", number: true, text: row => count(row.dropped), alarm: () => true},
    {name: "Share lost", number: true, text: row => share(row.dropped, row.dropped + row.delivered)},
  ], {key, href, none: "No subscriber has lost a message."});
  const happened = h("ol", {class: "events"}, h("li", {class: "soft"}, "What happens from now on appears here: losses, slow consumers, publishers made to wait."));
  main.append(h("h1", {}, "Back pressure"), told,
    tiles(lost, total, deepest, fullest),
    h("div", {class: "charts"}, drops.node, h("section", {class: "card"}, h("h2", {}, "Saturation"), usage)),
    h("div", {class: "halves"},
      h("section", {class: "card"}, h("h2", {}, "Longest queues"), queues.node),
      h("section", {class: "card"}, h("h2", {}, "Lost messages"), losers.node)),
    h("section", {class: "card"}, h("h2", {}, "Events"), happened));

  const stopFigures = every(1000, async ended => {
    try {
      let answer = await get(window.address);
      if (!window.take(answer)) {
        answer = await get(window.address);
        window.take(answer);
      }
      if (ended()) return;
      const now = window.samples.at(-1);
      lost.set(rate(now?.dropped_per_sec) + "/s", "", now?.dropped_per_sec > 0);
      total.set(count(answer.dropped), "of " + count(answer.dropped + answer.delivered));
      const most = answer.usage.reduce((a, b) => a.used / a.max > b.used / b.max ? a : b);
      fullest.set(share(most.used, most.max), most.what.replace(" bytes", ""), most.used / most.max >= 0.8);
      drops.set(window.samples);
      bars(usage, answer.usage);
    } catch (refused) {
      if (refused instanceof Refused && refused.status === 403) say(told, "The server’s own figures need the right “observe”, which you lack; what is below is of your topics.");
      throw refused;
    }
  });
  const stopTopics = every(2000, async ended => {
    const waiting = await get("topics?order=queue_depth&limit=" + SHOWN);
    const dropped = await get("topics?order=dropped&limit=" + SHOWN);
    if (ended()) return;
    const first = waiting.topics[0];
    deepest.set(count(first?.queue_depth ?? 0), first?.queue_depth > 0 ? first.name : "nothing waits");
    queues.set(waiting.topics.filter(row => row.queue_depth > 0));
    losers.set(dropped.topics.filter(row => row.dropped > 0));
  });
  const stopEvents = hear(event => {
    const told = EVENTS[event.event]?.(event);
    if (!told) return;
    if (happened.firstElementChild.className === "soft") happened.replaceChildren();
    happened.prepend(h("li", {}, h("time", {}, clock(new Date(event.ts))), " ", h("b", {}, told[0]), " ", told[1]));
    while (happened.children.length > SHOWN) happened.lastElementChild.remove();
  });
  return () => {
    stopFigures();
    stopTopics();
    stopEvents();
  };
}

function share(part, whole) {
  if (whole === 0) return "0 %";
  const percent = 100 * part / whole;
  return (percent > 0 && percent < 0.1 ? "< 0.1" : percent.toFixed(1)) + " %";
}

function full(row, cell) {
  let bar = cell.querySelector("progress");
  if (!bar) {
    bar = h("progress", {max: 100, "aria-label": "how full"});
    cell.append(bar, h("span", {class: "much"}));
  }
  const part = row.queue_max_size > 0 ? Math.min(100, 100 * row.queue_depth / row.queue_max_size) : 0;
  bar.value = part;
  say(cell.lastChild, Math.round(part) + " %");
  cell.classList.toggle("alarm", part >= 80);
}
