// Live updates. One tab of a browser holds the stream and tells the others, since
// a browser opens only six connections to a host over HTTP/1.1. When that tab
// goes, the next one takes over.
import { knows, refresh } from "./list.js";
import { look } from "./notices.js";

// What may be about notifications, which are told besides.
const told = ["notification.created", "account.changed"];

const settle = 80; // milliseconds in which events are collected into one fetch
const asleep = 60_000; // hidden for longer than this, a tab fetches when it is seen again

let timer = 0;
let due = false;
let account = false; // the account is part of what is to be fetched

function fetchSoon() {
  if (document.hidden) {
    due = true; // nobody looks; once is enough when somebody does
    return;
  }
  clearTimeout(timer);
  timer = setTimeout(() => {
    refresh(account);
    account = false;
  }, settle);
}

function receive({ kind, data }) {
  document.documentElement.dataset.live = kind === "lost" ? "lost" : "on";
  switch (kind) {
    case "change":
      document.dispatchEvent(new CustomEvent("rondo:change", { detail: data }));
      account ||= data.part === "settings";
      if (!knows(data.task, data.version)) fetchSoon();
      if (told.includes(data.type)) look();
      break;
    case "open": // what happened between the page and the stream is nowhere else
    case "gap":
      document.dispatchEvent(new Event("rondo:connected"));
      account ||= kind === "gap";
      look();
      fetchSoon();
      break;
    case "signed-out":
      location.reload();
      break;
  }
}

// hold keeps the stream open: tell passes a message to the other tabs, and greet
// calls back when one of them has just been opened.
function hold(tell, greet) {
  let lost = false;
  const source = new EventSource("/stream");
  const pass = (kind) => (event) => {
    const message = { kind, data: JSON.parse(event.data) };
    receive(message);
    tell(message);
  };
  for (const kind of ["change", "gap", "signed-out"]) source.addEventListener(kind, pass(kind));
  source.addEventListener("open", () => {
    const message = { kind: lost ? "gap" : "open", data: {} };
    lost = false;
    receive(message);
    tell(message);
  });
  greet(() => {
    if (source.readyState === EventSource.OPEN) tell({ kind: "open", data: {} });
  });
  source.addEventListener("error", () => {
    lost = true;
    const message = { kind: "lost", data: {} };
    receive(message);
    tell(message);
    // A browser gives up after an answer that is no stream, such as 503.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => hold(tell, greet), 3000);
  });
}

export function start() {
  const { user } = document.body.dataset;
  if (!user) return;
  let hiddenAt = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hiddenAt = Date.now();
    } else if (due || Date.now() - hiddenAt > asleep) {
      due = false;
      fetchSoon();
    }
  });
  const name = `rondo-stream-${user}`;
  if (!navigator.locks || !window.BroadcastChannel) {
    hold(() => {}, () => {});
    return;
  }
  const channel = new BroadcastChannel(name);
  let welcome = () => {};
  channel.addEventListener("message", ({ data }) => (data.kind === "hello" ? welcome() : receive(data)));
  channel.postMessage({ kind: "hello", data: {} });
  navigator.locks.request(name, () => {
    hold((message) => channel.postMessage(message), (answer) => { welcome = answer; });
    return new Promise(() => {}); // held until the tab goes
  });
}
