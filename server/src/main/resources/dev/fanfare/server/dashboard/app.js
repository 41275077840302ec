// The frame of the page: which view is shown, whether the server is there, who we are.
import {arrows, clock, h, say} from "./dom.js";
import {credentials, events, goneSince, introduce, Gone, signOut, who} from "./api.js";
import overview from "./overview.js";
import topics from "./topics.js";
import topic from "./topic.js";
import pressure from "./pressure.js";
import groups from "./groups.js";
import letters from "./letters.js";
import tail from "./tail.js";
import tryit from "./tryit.js";
import login from "./login.js";

const VIEWS = [
  ["", "Overview", overview],
  ["topics", "Topics", topics],
  ["pressure", "Back pressure", pressure],
  ["groups", "Groups", groups],
  ["dead-letters", "Dead letters", letters],
  ["tail", "Live tail", tail],
  ["try", "Try it", tryit],
];

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const link = document.getElementById("link");
const banner = document.getElementById("banner");
let stop = () => {};
let shown = null;
let asked = false;
let drawn = false;

const links = VIEWS.map(([path, name]) => h("a", {href: "#/" + path}, name));
nav.append(...links);

/** The view and what is said after it: #/topics/orders is topics and ["orders"]. */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/").map(decodeURIComponent);
  return {view, rest, query: new URLSearchParams(query ?? "")};
}

function show(moved) {
  drawn = true;
  const at = place();
  const index = Math.max(0, VIEWS.findIndex(([path]) => path === at.view));
  links.forEach((each, i) => each.toggleAttribute("aria-current", i === index && !asked));
  links.forEach((each, i) => i === index && !asked && each.setAttribute("aria-current", "page"));
  stop();
  main.replaceChildren();
  const single = VIEWS[index][0] === "topics" && at.rest[0];
  const open = asked ? login : single ? topic : VIEWS[index][2];
  document.title = (asked ? "Sign in" : single ? at.rest[0] : VIEWS[index][1]) + " – Fanfare";
  stop = open(main, at) ?? (() => {});
  if (moved) {
    main.focus({preventScroll: true});
    scrollTo(0, 0);
  }
}

function introduced() {
  const node = document.getElementById("who");
  if (!who?.guarded) {
    node.replaceChildren();
    return;
  }
  node.replaceChildren(
    h("span", {class: "name", title: who.role ? "role " + who.role : ""}, who.identity),
    h("button", {type: "button", class: "quiet", click: () => credentials ? signOut() : ask()}, credentials ? "Sign out" : "Sign in"));
}

function ask() {
  asked = true;
  document.getElementById("who").replaceChildren();
  show(false);
}

events.addEventListener("login", () => {
  if (!asked) ask();
});
events.addEventListener("who", () => {
  introduced();
  const here = JSON.stringify(who);
  if (asked || drawn && shown !== here) {
    asked = false;
    shown = here;
    show(false);
  }
  shown = here;
});

// ---- whether the server is there

function up() {
  say(link, "Connected");
  link.className = "link up";
  banner.hidden = true;
}

events.addEventListener("down", () => {
  say(link, "Server gone");
  link.className = "link down";
  banner.replaceChildren(
    h("b", {}, "The server does not answer since " + clock(goneSince) + "."),
    " What you see is from before. It is tried again every second; when it is back, this page goes on by itself.");
  banner.hidden = false;
});
events.addEventListener("up", () => {
  up();
  begin();
});

let introducing = 0;

async function begin() {
  clearTimeout(introducing);
  try {
    await introduce();
    up();
  } catch (failed) {
    if (failed instanceof Gone) return; // the way back begins here again
    up();
  }
  // Rights may change while we look.
  if (!goneSince) introducing = setTimeout(begin, 15000);
}

// ---- colours and keys

const SCHEMES = ["auto", "light", "dark"];
const theme = document.getElementById("theme");

function colours(next) {
  const root = document.documentElement;
  if (next) {
    root.dataset.theme = SCHEMES[(SCHEMES.indexOf(root.dataset.theme) + 1) % SCHEMES.length];
    localStorage.setItem("fanfare.theme", root.dataset.theme);
  }
  const name = root.dataset.theme;
  say(theme, name[0].toUpperCase() + name.slice(1));
  theme.setAttribute("aria-label", "Colours: " + name);
  theme.title = "Colours: " + name + " (t)";
}

theme.addEventListener("click", () => colours(true));
colours(false);

const KEYS = [
  ["1 – 7", "go to a view"],
  ["/", "search topics"],
  ["↑ ↓", "from row to row"],
  ["Enter", "open the row"],
  ["[ ]", "page back, page on"],
  ["← →", "through a chart that has the focus"],
  ["t", "other colours"],
  ["?", "this list"],
];

function help() {
  if (document.querySelector("dialog")) return;
  const dialog = h("dialog", {"aria-labelledby": "keys", close: () => dialog.remove()},
    h("form", {method: "dialog"}, h("h2", {id: "keys"}, "Keyboard"),
      h("dl", {class: "keys"}, KEYS.flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)])),
      h("div", {class: "row end"}, h("button", {autofocus: true}, "Close"))));
  document.body.append(dialog);
  dialog.showModal();
}

document.getElementById("help").addEventListener("click", help);
document.getElementById("skip").addEventListener("click", () => main.focus());

document.addEventListener("keydown", event => {
  arrows(event);
  const writing = event.target.closest("input, textarea, select, dialog");
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("main input[type=search]");
  if (event.key === "/") {
    event.preventDefault();
    if (search) search.focus();
    else location.hash = "#/topics?search";
  } else if (event.key >= "1" && event.key <= String(VIEWS.length)) {
    location.hash = "#/" + VIEWS[event.key - 1][0];
  } else if (event.key === "t") colours(true);
  else if (event.key === "?") help();
  else if (event.key === "[") document.querySelector("main [data-page=back]")?.click();
  else if (event.key === "]") document.querySelector("main [data-page=on]")?.click();
});

addEventListener("hashchange", () => show(true));
document.addEventListener("visibilitychange", () => document.hidden || goneSince || begin());

// What somebody may do decides what a view offers.
begin().then(() => drawn || show(false));
