// Elements, figures and texts.

/** An element. Attributes that are functions are listeners; false and null leave an attribute out. */
export function h(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "text", "g", "circle", "rect"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter(child => child != null && child !== false));
  return node;
}

/** Sets a text only when it is another, so that nothing is selected away or announced again. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const whole = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});
const tenth = new Intl.NumberFormat("en-US", {minimumFractionDigits: 1, maximumFractionDigits: 1});

/** A count: exact up to a million, short above. */
export function count(n) {
  if (n == null) return "–";
  if (Math.abs(n) < 1e6) return whole.format(n);
  const [size, unit] = n < 1e9 ? [1e6, "M"] : [1e9, "G"];
  return (n / size).toFixed(2) + " " + unit;
}

/** How many in a second. */
export function rate(n) {
  if (n == null) return "–";
  return n === 0 ? "0" : n < 100 ? tenth.format(n) : count(Math.round(n));
}

/** Milliseconds, with the digits that matter. */
export function millis(n) {
  if (n == null) return "–";
  if (n === 0) return "0 ms";
  const [value, unit] = n < 1 ? [n * 1000, "µs"] : n < 1000 ? [n, "ms"] : [n / 1000, "s"];
  return (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : whole.format(value)) + " " + unit;
}

export function bytes(n) {
  if (n == null) return "–";
  let value = n;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (value < 1024 || unit === "GiB") return (unit === "B" ? whole.format(value) : tenth.format(value)) + " " + unit;
    value /= 1024;
  }
  return "";
}

/** Seconds as days, hours, minutes and seconds; the two largest. */
export function duration(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  let rest = Math.floor(seconds);
  const said = [];
  for (const [size, unit] of parts) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 || said.length > 0 || unit === "s") said.push(n + " " + unit);
  }
  return said.slice(0, 2).join(" ");
}

export function clock(time = new Date()) {
  return time.toLocaleTimeString("en-GB");
}

/** What tells somebody who sees nothing what to do. */
export function empty(title, ...what) {
  return h("div", {class: "empty"}, h("h2", {}, title), what);
}

/** Something to be copied into a terminal. */
export function command(text) {
  const button = h("button", {
    type: "button",
    class: "quiet",
    click: () => navigator.clipboard?.writeText(text).then(() => say(button, "Copied"), () => say(button, "Select it")),
  }, "Copy");
  return h("div", {class: "command"}, h("pre", {tabindex: "0"}, h("code", {}, text)), button);
}

/** A figure with its name: the returned function sets it. */
export function tile(name, hint) {
  const value = h("dd", {}, "–");
  const note = h("dd", {class: "note"}, hint ?? "");
  const node = h("div", {class: "tile"}, h("dt", {}, name), value, note);
  return {
    node,
    set(text, under, alarm = false) {
      say(value, text);
      if (under != null) say(note, under);
      node.classList.toggle("alarm", alarm);
    },
  };
}

export function tiles(...each) {
  return h("dl", {class: each.length === 8 ? "tiles eight" : "tiles"}, each.map(one => one.node));
}

/**
 * A table whose rows stay where they are: a row is found again by its key and only its texts change.
 * Columns: {name, text(row), number?, minor?, node?(row, cell), width?}. A column that is minor is left out on a phone.
 */
export function table(label, columns, {key, href, none} = {}) {
  const head = h("tr", {}, columns.map(column =>
    h("th", {scope: "col", class: classes(column), title: column.hint}, column.name)));
  const body = h("tbody");
  const group = h("colgroup", {}, columns.map(column => h("col", {class: classes(column) + " " + (column.width ?? "")})));
  const node = h("div", {class: "scroll"}, h("table", {"aria-label": label}, group, h("thead", {}, head), body));
  const known = new Map();
  return {
    node,
    set(rows) {
      const wanted = rows.map(row => {
        const id = key(row);
        let made = known.get(id);
        if (!made) {
          const cells = columns.map((column, i) => h(i === 0 ? "th" : "td", {scope: i === 0 ? "row" : null, class: classes(column)}));
          made = {cells, tr: h("tr", {}, cells)};
          if (href) {
            made.link = h("a", {href: href(row)});
            cells[0].append(made.link);
          }
          known.set(id, made);
        }
        columns.forEach((column, i) => {
          const cell = made.cells[i];
          if (column.node) column.node(row, cell);
          else {
            const text = column.text(row);
            say(i === 0 && made.link ? made.link : cell, text);
            if (!column.number) cell.title = text;
          }
          if (column.alarm) cell.classList.toggle("alarm", column.alarm(row));
        });
        return made.tr;
      });
      const shown = new Set(rows.map(key));
      for (const id of [...known.keys()]) if (!shown.has(id)) known.delete(id);
      if (wanted.length === 0 && none) {
        body.replaceChildren(h("tr", {class: "none"}, h("td", {colspan: columns.length}, none)));
      } else if (wanted.length !== body.children.length || wanted.some((tr, i) => body.children[i] !== tr)) {
        const focused = document.activeElement;
        body.replaceChildren(...wanted);
        if (body.contains(focused)) focused.focus({preventScroll: true});
      }
    },
  };
}

function classes(column) {
  return [column.number ? "number" : "", column.minor ? "minor" : "", column.wide ? "wide" : ""].filter(Boolean).join(" ");
}

/** The same rows; in the order they had before as long as they are the same: rows that swap places can't be read. */
export function steady(rows, before, key) {
  const known = new Map(before.map((row, i) => [key(row), i]));
  return rows.length === before.length && rows.every(row => known.has(key(row)))
    ? [...rows].sort((a, b) => known.get(key(a)) - known.get(key(b)))
    : rows;
}

/** Up and down go from row to row. */
export function arrows(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...document.querySelectorAll("main tbody a, main tbody summary")];
  const at = links.indexOf(document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
}

/** Asks before something that can't be undone. Resolves to whether it is to be done. */
export function confirmed(title, text, action) {
  return new Promise(resolve => {
    const dialog = h("dialog", {"aria-labelledby": "ask", close: () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    }},
      h("form", {method: "dialog"},
        h("h2", {id: "ask"}, title), h("p", {}, text),
        h("div", {class: "row end"},
          h("button", {value: "no", autofocus: true}, "Cancel"),
          h("button", {value: "yes", class: "danger"}, action))));
    document.body.append(dialog);
    dialog.showModal();
  });
}
