// One topic: what waits, what was done, who hears it, and why somebody is slow.
import {bytes, confirmed, count, empty, h, millis, rate, say, table, tile, tiles} from "./dom.js";
import {call, every, get, mayOn, Refused, topicPath} from "./api.js";
import {latencyChart, rateChart, Window120} from "./chart.js";

export default function topic(main, place) {
  const name = place.rest[0];
  const path = topicPath(name);
  const queue = tile("Queue depth");
  const batch = tile("Batch size", "average");
  const messages = tile("Messages");
  const delivered = tile("Delivered");
  const dropped = tile("Dropped");
  const failed = tile("Failed");
  const latency = tile("Latency p99");
  const subscribers = tile("Subscribers");
  const rates = rateChart();
  const latencies = latencyChart(millis);
  const window = new Window120(path + "/figures");
  const settings = h("dl", {class: "settings"});
  const told = h("div", {role: "status"});
  const hearers = table("Subscribers", [
    {name: "Subscriber", text: row => row.name || "(no name)", width: "w-name"},
    {name: "Kind", minor: true, text: row => KINDS[row.kind], width: "w-kind"},
    {name: "Hears", minor: true, text: row => row.topic, width: "w-name"},
    {name: "Lag", number: true, width: "w-lag", text: row => count(row.lag), alarm: row => row.state !== "keeps_up" && row.lag > 0},
    {name: "Dropped", number: true, minor: true, text: row => count(row.dropped), alarm: row => row.dropped > 0},
    {name: "Why", text: row => row.why + details(row), wide: true},
  ], {
    key: row => row.kind + " " + (row.peer ?? "") + " " + row.topic + " " + row.name,
    none: "Nobody hears this topic. Open Live tail, or subscribe: ./fanfare sub " + name,
  });
  const more = h("p", {class: "soft"});
  const page = h("div", {class: "stack"},
    tiles(queue, batch, messages, delivered, dropped, failed, latency, subscribers),
    h("div", {class: "charts"}, rates.node, latencies.node),
    h("section", {class: "card"}, h("h2", {}, "Subscribers"), hearers.node, more),
    h("section", {class: "card"}, h("h2", {}, "Settings and history"), settings));
  const remove = h("button", {type: "button", class: "danger", disabled: true}, "Delete topic");
  const reason = h("span", {class: "soft reason"});
  const here = encodeURIComponent(name);
  main.append(
    h("p", {class: "crumbs"}, h("a", {href: "#/topics"}, "Topics"), " /"),
    h("div", {class: "head"}, h("h1", {class: "name"}, name),
      h("div", {class: "row"},
        h("a", {class: "button", href: "#/tail?topic=" + here}, "Live tail"),
        h("a", {class: "button", href: "#/try?topic=" + here}, "Try it"),
        h("a", {class: "button", href: "#/dead-letters/" + here}, "Dead letters"),
        remove)),
    reason, told, page);

  mayOn(name).then(may => {
    remove.disabled = !may.manage || name.startsWith("$");
    say(reason, may.manage ? "" : "Deleting this topic needs the right “manage”, which you lack.");
  }, () => {});
  remove.addEventListener("click", async () => {
    if (!await confirmed("Delete " + name + "?", "Its history goes, and its subscribers are told. This can’t be undone.", "Delete topic")) return;
    try {
      await call("DELETE", path);
      location.hash = "#/topics";
    } catch (refused) {
      say(told, refused.message);
    }
  });

  let described = 0;
  const stopFigures = every(1000, async ended => {
    let answer;
    try {
      answer = await get(window.address);
      if (!window.take(answer)) {
        answer = await get(window.address);
        window.take(answer);
      }
      if (Date.now() - described > 5000) {
        describe(settings, await get(path));
        described = Date.now();
      }
    } catch (refused) {
      if (refused instanceof Refused && !ended()) missing(refused);
      throw refused;
    }
    if (ended()) return;
    told.replaceChildren();
    page.hidden = false;
    const now = window.samples.at(-1);
    const full = answer.queue_max_size > 0 ? Math.min(1, answer.queue_depth / answer.queue_max_size) : 0;
    queue.set(count(answer.queue_depth), "of " + count(answer.queue_max_size) + " (" + Math.round(100 * full) + " %)", full >= 0.8);
    batch.set(answer.batch_size_avg.toFixed(1), "average");
    messages.set(count(answer.messages), rate(now?.published_per_sec) + "/s");
    delivered.set(count(answer.delivered), rate(now?.delivered_per_sec) + "/s");
    dropped.set(count(answer.dropped), rate(now?.dropped_per_sec) + "/s", now?.dropped_per_sec > 0);
    failed.set(count(answer.failed), count(answer.dead_lettered) + " dead letters");
    latency.set(millis(answer.latency_ms?.p99), answer.latency_ms ? "average " + millis(answer.latency_ms.avg) : "of two minutes");
    subscribers.set(count(answer.subscribers), count(answer.delayed) + " delayed");
    rates.set(window.samples);
    latencies.set(window.samples);
  });
  const stopSubscribers = every(2000, async ended => {
    try {
      const answer = await get(path + "/subscribers?limit=100");
      if (ended()) return;
      hearers.set(answer.subscribers);
      say(more, answer.count > answer.subscribers.length ? "The " + answer.subscribers.length + " that are furthest behind, of " + count(answer.count) + "." : "");
    } catch (refused) {
      if (refused instanceof Refused && refused.status === 403) say(more, "Who hears it needs the right “observe”, which you lack.");
      throw refused;
    }
  });

  function missing(refused) {
    page.hidden = true;
    if (refused.status === 404) {
      told.replaceChildren(empty("There is no topic “" + name + "”",
        h("p", {}, "It was deleted, or never made. ", h("a", {href: "#/topics"}, "All topics"))));
    } else if (refused.status === 403) {
      told.replaceChildren(empty("Not for you", h("p", {}, refused.message)));
    } else told.replaceChildren(empty("It can’t be shown now", h("p", {}, refused.message)));
  }
  return () => {
    stopFigures();
    stopSubscribers();
  };
}

const KINDS = {connection: "WebSocket", in_process: "in process", acknowledged: "acknowledged"};

function details(row) {
  if (row.kind === "connection") return row.state === "keeps_up" ? "" : " Queue " + count(row.queue) + ", then " + row.overflow.replace("_", " ") + ". From " + row.peer.replace(/^\//, "") + ".";
  return "";
}

function describe(list, topic) {
  const rows = [
    ["Epoch", topic.epoch],
    ["Offsets kept", topic.next === topic.oldest ? "none" : count(topic.oldest) + " – " + count(topic.next - 1)],
    ["History", count(topic.history) + " messages, " + bytes(topic.history_bytes) + " at most; " + bytes(topic.bytes) + " now"],
    ["Durability", topic.durability],
    ["Ordering", topic.ordering + (topic.partitions ? ", " + topic.partitions + " partitions" : "")],
    ["Backlog", count(topic.backlog) + " messages, " + bytes(topic.backlog_bytes) + ", then " + topic.backlog_overflow.replace("_", " ")],
    ["Expired", count(topic.expired)],
    ["Repeats recognised", topic.dedup ? count(topic.duplicates) : "off"],
  ];
  list.replaceChildren(...rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
}
