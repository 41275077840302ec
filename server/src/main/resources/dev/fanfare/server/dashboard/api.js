// The way to the server: credentials, calls, whether it is there.

const KEY = "fanfare.credentials";
const RETRY_MILLIS = 1000;
const PATIENCE_MILLIS = 10000;

/** The server did not do what it was asked. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** The server is not there. */
export class Gone extends Error {}

/** Who hears what happens: "up", "down", "login", "who". */
export const events = new EventTarget();
const tell = name => events.dispatchEvent(new Event(name));

/** {kind: "api_key" | "token", value}, of this tab only; null for nobody. */
export let credentials = JSON.parse(sessionStorage.getItem(KEY) ?? "null");

/** Who the server takes us for, as /whoami says it; null until it has. */
export let who = null;

/** Since when the server is gone; null while it is there. */
export let goneSince = null;

export function headers() {
  if (!credentials) return {};
  return credentials.kind === "api_key"
    ? {"X-API-Key": credentials.value}
    : {"Authorization": "Bearer " + credentials.value};
}

/** A call; the answer's JSON. Paths are relative to this page, so that a prefix before it is theirs too. */
export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? headers() : {...headers(), "Content-Type": "application/json"},
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE_MILLIS),
    });
  } catch (failed) {
    down();
    throw new Gone(failed.message);
  }
  const text = await answer.text();
  let json = null;
  try {
    json = text === "" ? null : JSON.parse(text);
  } catch {
    // An answer of something before the server.
  }
  if (answer.ok) return json;
  // What the server itself refuses has a code.
  if ([502, 503, 504].includes(answer.status) && (json?.error?.code ?? "SHUTTING_DOWN") === "SHUTTING_DOWN") {
    down();
    throw new Gone("the server answers " + answer.status);
  }
  if (answer.status === 401) {
    who = null;
    tell("login");
  }
  throw new Refused(answer.status, json?.detail ?? json?.error?.message ?? "the server answered " + answer.status);
}

export const get = path => call("GET", path);

/** The path of a topic. */
export const topicPath = name => "topics/" + encodeURIComponent(name);

function down() {
  if (goneSince) return;
  goneSince = new Date();
  tell("down");
  setTimeout(look, RETRY_MILLIS);
}

async function look() {
  try {
    const answer = await fetch("health", {cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(5000)});
    if (!answer.ok) throw new Error();
    await answer.json();
    goneSince = null;
    tell("up");
  } catch {
    setTimeout(look, RETRY_MILLIS);
  }
}

/** Finds out who we are. */
export async function introduce() {
  who = await get("whoami");
  tell("who");
  return who;
}

/** Comes in with these; throws what the server says against it. */
export async function signIn(kind, value) {
  const before = credentials;
  credentials = {kind, value};
  try {
    who = await get("whoami");
  } catch (refused) {
    credentials = before;
    throw refused;
  }
  sessionStorage.setItem(KEY, JSON.stringify(credentials));
  tell("who");
}

export function signOut() {
  credentials = null;
  who = null;
  sessionStorage.removeItem(KEY);
  tell("login");
}

/** What may be done with a topic: {subscribe, publish, manage}. */
export async function mayOn(topic) {
  return topic === ""
    ? {subscribe: false, publish: false, manage: false}
    : (await get("whoami?topic=" + encodeURIComponent(topic))).topic;
}

/**
 * Runs `turn` again and again, a while after it has finished, as long as the page is seen and the server is there.
 * Returns what ends it; calling `soon` of that runs it at once.
 */
export function every(ms, turn) {
  let timer = 0;
  let ended = false;
  let running = false;
  let again = false;
  const run = async () => {
    clearTimeout(timer);
    if (ended || document.hidden || goneSince) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await turn(() => ended);
    } catch (failed) {
      if (!(failed instanceof Gone) && !(failed instanceof Refused)) throw failed;
    } finally {
      running = false;
      if (!ended) timer = setTimeout(run, again ? 0 : ms);
      again = false;
    }
  };
  document.addEventListener("visibilitychange", run);
  events.addEventListener("up", run);
  run();
  const stop = () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", run);
    events.removeEventListener("up", run);
  };
  stop.soon = run;
  return stop;
}

/**
 * A subscription to a topic or pattern over a WebSocket, which comes back by itself.
 * @param request what is subscribed with, beside the type
 * @param on {event(event), state(text, isLive), lost(count), refused(text)}
 */
export function listen(request, on) {
  let socket = null;
  let ended = false;
  let timer = 0;
  let last = request;
  const open = () => {
    if (ended) return;
    const address = new URL(credentials ? "ws?auth=message" : "ws", document.baseURI);
    address.hash = "";
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    on.state("Connecting", false);
    socket = new WebSocket(address);
    socket.onopen = () => {
      if (credentials) {
        socket.send(JSON.stringify({type: "auth", request_id: "auth", [credentials.kind]: credentials.value}));
      }
      socket.send(JSON.stringify({type: "subscribe", client_id: "dashboard", request_id: "subscribe", ...last}));
    };
    socket.onmessage = frame => {
      const said = JSON.parse(frame.data);
      if (said.type === "event") on.event(said);
      else if (said.type === "ack" && said.request_id === "subscribe") {
        on.state("Live", true);
        // After a new beginning, what was replayed before is not wanted again.
        last = {...request, last_n: undefined};
      } else if (said.msg === "messages_dropped") on.lost(said.dropped);
      else if (said.msg === "topic_deleted") refuse("The topic was deleted.");
      else if (said.type === "error") refuse(said.error.message);
    };
    socket.onclose = () => {
      if (ended) return;
      on.state("Not connected: trying again", false);
      timer = setTimeout(open, RETRY_MILLIS);
    };
  };
  const refuse = text => {
    stop();
    on.state("Stopped", false);
    on.refused(text);
  };
  const stop = () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
  open();
  return stop;
}

/** The broker's own events, one after the other, until the returned function is called. */
export function hear(on) {
  const ending = new AbortController();
  const run = async () => {
    while (!ending.signal.aborted) {
      try {
        const answer = await fetch("events", {headers: headers(), credentials: "omit", cache: "no-store", signal: ending.signal});
        if (!answer.ok) return;
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          rest += part.value;
          const whole = rest.split("\n\n");
          rest = whole.pop();
          for (const event of whole) {
            const data = event.split("\n").find(line => line.startsWith("data: "));
            if (data) on(JSON.parse(data.slice(6)));
          }
        }
      } catch {
        // Over, or gone: both are seen elsewhere.
      }
      await new Promise(resolve => setTimeout(resolve, RETRY_MILLIS));
    }
  };
  run();
  return () => ending.abort();
}
