// A line chart of the last two minutes: drawn as SVG, one place per sample, never wider than what holds it.
import {h, say} from "./dom.js";

const WINDOW = 120;
const HEIGHT = 180;
const LEFT = 58;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 24;

/**
 * @param title what is shown
 * @param lines [{name, of(sample): number | null, quiet?, series?}], at most three; one that is quiet is not drawn at 0
 * @param format writes a value
 * @param none what is said while there is nothing to show
 */
export function chart(title, lines, format, none) {
  const values = lines.map(() => h("b", {class: "value"}, "–"));
  const legend = h("ul", {class: "legend"}, lines.map((line, i) =>
    h("li", {class: "line" + (line.series ?? i)}, h("span", {class: "key"}), line.name, " ", values[i])));
  const when = h("span", {class: "when"}, "now");
  const grid = h("g", {class: "grid"});
  const paths = lines.map((line, i) => h("path", {class: "line line" + (line.series ?? i), fill: "none"}));
  const cross = h("line", {class: "cross", y1: TOP, y2: HEIGHT - BOTTOM});
  const svg = h("svg", {role: "img", height: HEIGHT, tabindex: "0"}, grid, paths, cross);
  const nothing = h("p", {class: "nothing", hidden: true}, none);
  const plot = h("div", {class: "plot"}, svg, nothing);
  const node = h("section", {class: "chart card"}, h("div", {class: "head"}, h("h2", {}, title), when), plot, legend);
  let samples = [];
  let top = 0;
  let width = 0;
  let chosen = null;
  let known = false;

  const x = i => LEFT + (width - LEFT - RIGHT) * (WINDOW - samples.length + i) / (WINDOW - 1);
  const y = value => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;

  function scale() {
    const most = Math.max(0, ...samples.flatMap(sample => lines.map(line => line.of(sample) ?? 0)));
    const wanted = nice(most);
    // A scale that shrinks with each dip would have the lines jump.
    if (wanted > top || most < top * 0.35) top = wanted;
  }

  function draw() {
    if (width === 0) return;
    svg.setAttribute("width", width);
    scale();
    grid.replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map(part => {
      const at = y(top * part);
      return h("g", {},
        h("line", {x1: LEFT, x2: width - RIGHT, y1: at, y2: at}),
        h("text", {x: LEFT - 8, y: at + 4, "text-anchor": "end"}, part === 0 ? "0" : format(top * part).replace(/\.0+(?= |$)/, "")));
    }), ...[[0, "−2 min"], [WINDOW / 2, "−1 min"], [WINDOW - 1, "now"]].map(([i, text], at) =>
      h("text", {
        x: LEFT + (width - LEFT - RIGHT) * i / (WINDOW - 1),
        y: HEIGHT - 6,
        "text-anchor": ["start", "middle", "end"][at],
      }, text)));
    lines.forEach((line, l) => paths[l].setAttribute("d", path(line)));
    show();
  }

  function path(line) {
    let drawn = "";
    let pen = false;
    samples.forEach((sample, i) => {
      const value = line.of(sample);
      if (value == null || line.quiet && !value) {
        pen = false;
        return;
      }
      // A lone point is a short stroke, or it would not be seen.
      const alone = !pen && line.of(samples[i + 1] ?? sample) == null || samples.length === 1;
      drawn += (pen ? "L" : "M") + x(i).toFixed(1) + " " + y(value).toFixed(1) + (alone ? "h.1" : "");
      pen = true;
    });
    return drawn;
  }

  function show() {
    const at = chosen == null ? samples.length - 1 : Math.min(chosen, samples.length - 1);
    const sample = samples[at];
    const any = samples.some(each => lines.some(line => (line.of(each) ?? 0) > 0));
    nothing.hidden = any || !known;
    lines.forEach((line, l) => say(values[l], sample == null || line.of(sample) == null ? "–" : format(line.of(sample))));
    say(when, chosen == null || sample == null ? "now" : new Date(sample.ts).toLocaleTimeString("en-GB"));
    cross.classList.toggle("on", chosen != null && sample != null);
    if (chosen != null && sample != null) {
      cross.setAttribute("x1", x(at));
      cross.setAttribute("x2", x(at));
    }
    svg.setAttribute("aria-label", title + ": " + lines.map((line, l) => line.name + " " + values[l].textContent).join(", "));
  }

  const choose = index => {
    chosen = index == null || samples.length === 0 ? null : Math.max(0, Math.min(samples.length - 1, index));
    show();
  };
  svg.addEventListener("pointermove", event => {
    const part = (event.offsetX - LEFT) / (width - LEFT - RIGHT);
    choose(Math.round(part * (WINDOW - 1)) - (WINDOW - samples.length));
  });
  svg.addEventListener("pointerleave", () => choose(null));
  svg.addEventListener("blur", () => choose(null));
  svg.addEventListener("keydown", event => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (step) {
      event.preventDefault();
      choose((chosen ?? samples.length - 1) + step);
    } else if (event.key === "Escape") choose(null);
  });
  new ResizeObserver(([entry]) => {
    width = Math.floor(entry.contentRect.width);
    draw();
  }).observe(plot);
  return {
    node,
    set(newer) {
      known = true;
      samples = newer;
      draw();
    },
  };
}

function nice(most) {
  if (most <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].map(step => step * size).find(step => step >= most);
}

/** Keeps the last two minutes of what `path` answers. */
export class Window120 {
  samples = [];

  constructor(path) {
    this.path = path;
    this.last = 0;
  }

  /** The address to ask: for what is new. */
  get address() {
    return this.path + "?after=" + this.last;
  }

  /** Takes an answer. Who has begun anew counts anew: then it is asked again. */
  take(answer) {
    if (answer.newest < this.last) {
      this.samples = [];
      this.last = 0;
      return false;
    }
    this.samples = [...this.samples, ...answer.samples].slice(-WINDOW);
    this.last = answer.newest;
    return true;
  }
}

/** The two charts that everything is looked at with. */
export function rateChart() {
  return chart("Messages per second", [
    {name: "published", of: sample => sample.published_per_sec},
    {name: "delivered", of: sample => sample.delivered_per_sec},
    {name: "dropped", of: sample => sample.dropped_per_sec, quiet: true},
  ], value => value === 0 ? "0" : value >= 1e6 ? value / 1e6 + " M" : value >= 1e4 ? +(value / 1e3).toFixed(1) + " k" : String(+value.toFixed(value < 10 ? 2 : 0)),
  "Nothing was published in the last two minutes.");
}

export function latencyChart(format) {
  return chart("Latency", [
    {name: "average", of: sample => sample.latency_ms?.avg ?? null},
    {name: "p95", of: sample => sample.latency_ms?.p95 ?? null},
    {name: "p99", of: sample => sample.latency_ms?.p99 ?? null},
  ], format, "No latency was measured in the last two minutes: that is of live deliveries by a topic’s name.");
}
