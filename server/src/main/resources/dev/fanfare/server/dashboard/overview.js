// How the server is, at a glance.
import {bytes, command, count, duration, empty, h, millis, rate, say, steady, table, tile, tiles} from "./dom.js";
import {every, get, Refused} from "./api.js";
import {latencyChart, rateChart, Window120} from "./chart.js";

export default function overview(main) {
  const topics = tile("Topics");
  const subscribers = tile("Subscribers");
  const connections = tile("Connections");
  const published = tile("Published");
  const delivered = tile("Delivered");
  const dropped = tile("Dropped");
  const latency = tile("Latency p99");
  const uptime = tile("Uptime");
  const rates = rateChart();
  const latencies = latencyChart(millis);
  const window = new Window120("figures");
  const usage = h("ul", {class: "usage"});
  const first = h("div");
  const refused = h("div");
  const busiest = table("Topics with most messages", ["Topic", "Messages", "Per second", "Queue"].map(name => TOPIC_COLUMNS.find(column => column.name === name)), {
    key: row => row.name,
    href: row => "#/topics/" + encodeURIComponent(row.name),
    none: "No topics yet.",
  });
  const figures = h("div", {class: "stack"},
    tiles(topics, subscribers, connections, published, delivered, dropped, latency, uptime),
    h("div", {class: "charts"}, rates.node, latencies.node));
  const list = h("section", {class: "card"},
    h("div", {class: "head"}, h("h2", {}, "Most messages"), h("a", {href: "#/topics"}, "All topics")), busiest.node);
  const full = h("section", {class: "card"}, h("h2", {}, "How full"), usage);
  main.append(h("h1", {}, "Overview"), refused, first, figures, h("div", {class: "halves"}, list, full));
  const speeds = new Speeds();
  let most = [];

  const stopFigures = every(1000, async ended => {
    let answer;
    try {
      answer = await get(window.address);
      if (!window.take(answer)) {
        answer = await get(window.address);
        window.take(answer);
      }
    } catch (failed) {
      if (failed instanceof Refused && failed.status === 403) {
        refused.replaceChildren(empty("Not for you", h("p", {}, "The server's own figures need the right ",
          h("code", {}, "observe"), ". Topics that are yours are under ", h("a", {href: "#/topics"}, "Topics"), ".")));
        figures.hidden = full.hidden = true;
      }
      throw failed;
    }
    if (ended()) return;
    refused.replaceChildren();
    figures.hidden = full.hidden = false;
    const now = window.samples.at(-1);
    topics.set(count(answer.topics), "");
    subscribers.set(count(answer.subscribers), "");
    connections.set(count(answer.connections), "open now");
    published.set(rate(now?.published_per_sec) + "/s", count(answer.published) + " in all");
    delivered.set(rate(now?.delivered_per_sec) + "/s", count(answer.delivered) + " in all");
    dropped.set(rate(now?.dropped_per_sec) + "/s", count(answer.dropped) + " in all", now?.dropped_per_sec > 0);
    latency.set(millis(answer.latency_ms?.p99), answer.latency_ms ? "average " + millis(answer.latency_ms.avg) : "of two minutes");
    uptime.set(duration(answer.uptime_sec), "");
    rates.set(window.samples);
    latencies.set(window.samples);
    bars(usage, answer.usage);
    if (answer.topics === 0 && first.childElementCount === 0) first.append(beginning());
    if (answer.topics > 0) first.replaceChildren();
  });
  const stopTopics = every(2000, async ended => {
    const answer = await get("topics?order=published&limit=8");
    if (ended()) return;
    most = steady(answer.topics, most, row => row.name);
    busiest.set(speeds.of(most));
  });
  return () => {
    stopFigures();
    stopTopics();
  };
}

/** What to do with a server that has nothing. */
export function beginning() {
  const here = new URL(".", document.baseURI.replace(/[#?].*$/, "")).href;
  return empty("No topics yet",
    h("p", {}, "Make one and publish to it under ", h("a", {href: "#/try"}, "Try it"), ", or in a terminal:"),
    command(`curl -X POST ${here}topics -d '{"name":"news"}'\ncurl ${here}topics/news/messages -d '{"payload":"hello"}'`));
}

/** How full what has a bound is. */
export function bars(list, usage) {
  if (list.childElementCount !== usage.length) {
    list.replaceChildren(...usage.map(each =>
      h("li", {}, h("span", {class: "what"}), h("span", {class: "much"}),
        h("progress", {max: 100, value: 0, "aria-label": each.what}), h("span", {class: "soft by"}))));
  }
  usage.forEach((each, i) => {
    const [what, much, bar, by] = list.children[i].children;
    const size = each.what.endsWith("bytes") ? bytes : count;
    const part = each.max > 0 ? Math.min(100, 100 * each.used / each.max) : 0;
    say(what, each.what.replace(" bytes", ""));
    say(much, size(each.used) + " of " + size(each.max));
    bar.value = part;
    list.children[i].classList.toggle("alarm", part >= 80);
    say(by, "setting " + each.setting);
  });
}

/** How fast something was between two looks, by name. */
export class Speeds {
  before = new Map();

  of(rows) {
    const now = performance.now();
    const known = new Map(this.before);
    this.before = new Map(rows.map(row => [row.name, {at: now, messages: row.messages}]));
    return rows.map(row => {
      const last = known.get(row.name);
      const seconds = last ? (now - last.at) / 1000 : 0;
      const speed = seconds > 0 ? Math.max(0, row.messages - last.messages) / seconds : null;
      return {...row, speed};
    });
  }
}

export const TOPIC_COLUMNS = [
  {name: "Topic", text: row => row.name, wide: true},
  {name: "Messages", number: true, minor: true, text: row => count(row.messages), hint: "published since the topic was made"},
  {name: "Per second", number: true, text: row => rate(row.speed), hint: "published per second, since the last look"},
  {name: "Subscribers", number: true, minor: true, text: row => count(row.subscribers), hint: "by its name and by patterns"},
  {name: "Queue", number: true, text: row => count(row.queue_depth), hint: "messages waiting for the subscriber that is furthest behind"},
  {name: "Dropped", number: true, minor: true, text: row => count(row.dropped), alarm: row => row.dropped > 0, hint: "lost by subscribers that were too slow"},
];
