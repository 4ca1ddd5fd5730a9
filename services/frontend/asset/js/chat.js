// The conversation with the assistant: a panel beside the room where there is place,
// and over it elsewhere. An answer comes as parts by server-sent events; each replaces the
// part with its id, so that hearing one twice changes nothing.
import { post } from "./act.js";
import { say } from "./say.js";

const byId = (id) => document.getElementById(id);
const panel = () => byId("chat");
const field = () => byId("chat-text");
const log = () => byId("chat-log");
const turns = () => [...(log()?.children ?? [])];
const beside = matchMedia("(min-width: 72rem)"); // as in chat.css
const kept = (name) => `rondo-chat-${name}-${document.body.dataset.user}`;

// Where the room is scrolled to stays as it is.
const focus = (element) => element?.focus({ preventScroll: true });

const app = () => document.querySelector(".app");
const shown = () => (beside.matches ? app().dataset.chat === "open" : panel().matches(":popover-open"));

let from = null; // where the focus was before it came into the panel

/** Opens the panel where it is closed, and puts the focus into it. */
export function enter() {
  if (!panel()) return false;
  if (!panel().contains(document.activeElement)) from = document.activeElement;
  open();
  focus(field());
  return true;
}

function open() {
  if (beside.matches) remember("open");
  else if (!shown()) {
    panel().showPopover();
    cover(true);
  }
  if (byId("chat-view").hasAttribute("data-empty")) load({ resume: "1" });
  else refreshCards(all());
  toEnd();
}

function close() {
  if (beside.matches) remember("closed");
  else {
    panel().hidePopover();
    cover(false);
  }
  leave();
}

// On a wide screen the server has to know, so that the page comes as it was left; a sheet
// comes back only with a reload of the same tab.
function remember(state) {
  app().dataset.chat = state;
  document.cookie = `rondo_chat=${state}; path=/; max-age=31536000; samesite=lax`;
}

function cover(covered) {
  for (const part of [...app().children, document.querySelector(".skip")]) if (part !== panel()) part.inert = covered;
  sessionStorage.setItem(kept("sheet"), covered ? "open" : "");
}

function leave() {
  const back = from?.isConnected && from !== document.body && !from.closest("[inert]") ? from : byId("main");
  from = null;
  focus(back);
}

// The window has become wide or narrow.
function fit() {
  if (beside.matches && panel().matches(":popover-open")) {
    panel().hidePopover();
    cover(false);
    remember("open");
  }
}

function load(values = {}) {
  const named = localStorage.getItem(kept("session"));
  byId("chat-view").removeAttribute("data-empty"); // once is enough
  htmx.ajax("GET", "/chat", {
    source: panel(), target: "#chat-view", swap: "outerHTML", values: { ...(named ? { session: named } : {}), ...values },
  }).catch(() => byId("chat-view").toggleAttribute("data-empty", !log())); // until the connection is back
}

// Whatever has come into the panel: remembers which conversation it is, and listens to
// an answer that is still being made.
function adopt() {
  const view = byId("chat-view");
  if (view?.dataset.session) localStorage.setItem(kept("session"), view.dataset.session);
  const running = turns().findLast((turn) => turn.dataset.status === "running");
  if (running && running.dataset.turn !== heard) listen(running);
  if (!running && source) hush();
}

// What had the focus is gone. On a touch screen the field would bring up the keyboard.
function refocus() {
  const place = panel().querySelector("[data-chat-back]") ?? (beside.matches ? field() : log());
  focus(place);
}

const near = 96; // pixels from the end within which the log follows what comes

const atEnd = () => !log() || log().scrollHeight - log().scrollTop - log().clientHeight < near;
const toEnd = () => log()?.scrollTo({ top: log().scrollHeight });

let source = null;
let heard = ""; // the turn whose answer is listened to

function busy(is) {
  panel().toggleAttribute("data-busy", is);
  log()?.setAttribute("aria-busy", String(is));
}

function hush() {
  source?.close();
  source = null;
  heard = "";
  busy(false);
}

function listen(turn) {
  hush();
  heard = turn.dataset.turn;
  busy(true);
  const stream = new EventSource(`/chat/turns/${heard}/stream?after=${turn.dataset.last}`);
  source = stream;
  stream.addEventListener("part", (event) => put(turn, event));
  stream.addEventListener("rest", ({ data }) => rest(turn, data));
  stream.addEventListener("error", () => {
    // A browser comes back by itself with the last number, but not after an answer that is
    // no stream; then the conversation tells how things are.
    if (stream.readyState !== EventSource.CLOSED || source !== stream) return;
    hush();
    setTimeout(load, 2000);
  });
}

function put(turn, { data, lastEventId }) {
  const follow = atEnd();
  const parts = document.createElement("template");
  parts.innerHTML = data;
  const answer = turn.querySelector("[data-answer]");
  for (const part of [...parts.content.children]) {
    const old = byId(part.id);
    if (old) Idiomorph.morph(old, part);
    else answer.append(part);
    htmx.process(old ?? part);
  }
  turn.dataset.last = lastEventId;
  if (follow) toEnd();
}

function rest(turn, status) {
  const follow = atEnd();
  turn.dataset.status = status;
  hush();
  if (follow) toEnd();
  // Once and as a whole: word by word nobody could listen to it.
  say(turn.querySelector("[data-answer]").innerText.trim().slice(0, 1000));
  // A question can be answered in words, too.
  if (turns().some((other) => other !== turn && other.querySelector("[data-chat-consent]"))) load();
}

const ready = () => field().value.trim() !== "" && !panel().hasAttribute("data-busy") && log();

function send() {
  if (ready()) byId("chat-form").requestSubmit();
}

function fill(text) {
  field().value = text;
  focus(field());
  field().setSelectionRange(text.length, text.length);
}

let recalled = -1; // how far back, of what was said

function recall(step) {
  const said = turns().map((turn) => turn.querySelector("[data-said]").textContent).reverse();
  const next = recalled + step;
  if (next >= said.length || next < -1) return false;
  recalled = next;
  fill(said[next] ?? "");
  return true;
}

function typed(event) {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === "ArrowUp" && (field().value === "" || recalled >= 0)) {
    if (recall(1)) event.preventDefault();
  } else if (event.key === "ArrowDown" && recalled >= 0) {
    if (recall(-1)) event.preventDefault();
  }
}

function click({ target }) {
  if (target.closest("[data-chat-open]")) {
    enter();
    return;
  }
  if (!panel().contains(target)) {
    if (!beside.matches && shown() && !target.closest("dialog, .toasts")) close();
    return;
  }
  const on = (name) => target.closest(`[data-chat-${name}]`);
  const act = on("act");
  if (on("close")) close();
  else if (on("fill")) fill(on("fill").textContent);
  else if (on("say")) {
    fill(on("say").textContent);
    send();
  } else if (on("again")) {
    fill(on("again").closest(".chat-turn").querySelector("[data-said]").textContent);
    send();
  } else if (on("stop")) {
    htmx.ajax("POST", `/chat/turns/${heard}/stop`, { source: panel(), swap: "none" }).catch(() => {});
  } else if (on("speak")) speak(on("speak"));
  else if (act) post(act.dataset.chatAct, { was: act.dataset.was });
}

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
let recognition = null;

function speak(button) {
  if (recognition) {
    recognition.stop();
    return;
  }
  const before = field().value && `${field().value.trimEnd()} `;
  recognition = new Recognition();
  Object.assign(recognition, { lang: document.documentElement.lang, interimResults: true });
  recognition.addEventListener("result", ({ results }) => {
    field().value = before + [...results].map((result) => result[0].transcript).join("");
  });
  recognition.addEventListener("error", ({ error }) => {
    if (error === "not-allowed") say(button.dataset.denied);
  });
  recognition.addEventListener("end", () => {
    recognition = null;
    button.setAttribute("aria-pressed", "false");
    focus(field());
  });
  button.setAttribute("aria-pressed", "true");
  recognition.start();
}

const most = 40; // cards of one request

const cards = (selector = "[data-card]") => [...panel().querySelectorAll(selector)].map((card) => card.dataset.card);
const all = () => cards().slice(-most);

let waiting = new Set();
let timer = 0;

function refreshCards(keys) {
  keys.forEach((key) => waiting.add(key));
  clearTimeout(timer);
  if (waiting.size > 0) timer = setTimeout(fetchCards, 80);
}

async function fetchCards() {
  if (document.hidden || !shown()) return; // once is enough, when somebody looks
  const keys = [...waiting].slice(-most);
  waiting = new Set();
  try {
    const answer = await fetch(`/chat/cards?${new URLSearchParams(keys.map((key) => ["card", key]))}`, {
      headers: { "HX-Request": "true" }, redirect: "error",
    });
    if (!answer.ok || !answer.headers.has("Rondo-Part")) return;
    const parts = document.createElement("template");
    parts.innerHTML = await answer.text();
    for (const card of parts.content.children) {
      for (const old of panel().querySelectorAll(`[data-card="${card.dataset.card}"]`)) {
        Idiomorph.morph(old, card.cloneNode(true));
        htmx.process(old);
      }
    }
  } catch {
    // The next event, or the next page, shows it.
  }
}

function changed({ detail: { type = "", task } }) {
  if (type.startsWith("task.") && task) refreshCards(cards(`[data-card="task:${task}"], [data-task-of="${task}"]`));
  if (type.startsWith("recurring.") || type === "task.instance_created") refreshCards(cards('[data-card^="series:"]'));
  if (type.startsWith("reminder.") || type.startsWith("notification.")) refreshCards(cards('[data-card^="reminder:"]'));
}

export function start() {
  if (!panel()) return;
  document.addEventListener("click", click);
  panel().addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    if (beside.matches) leave();
    else close();
  });
  field().addEventListener("keydown", typed);
  field().addEventListener("input", () => { recalled = -1; });
  beside.addEventListener("change", fit);

  panel().addEventListener("submit", (event) => {
    if (event.target.id !== "chat-form") return;
    recalled = -1;
    if (ready()) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
    if (target.id !== "chat-form") return;
    if (detail.successful) {
      field().value = "";
      toEnd();
      localStorage.setItem(kept("said"), String(Date.now())); // other tabs show it, too
    } else if (detail.xhr.status >= 400) load(); // it may be another answer that runs
  });
  document.addEventListener("rondo:answered", ({ detail }) => {
    const turn = byId(`turn-${detail.turn}`);
    turn.dataset.status = "running";
    turn.querySelector("[data-chat-consent]")?.remove(); // the answer is on its way
    setTimeout(adopt);
    refocus();
  });
  // Of what the panel was asked to show, the last counts.
  let asked = null;
  let within = false;
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (detail.target?.id === "chat-view") asked = detail.xhr;
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id !== "chat-view") return;
    if (detail.xhr !== asked) detail.shouldSwap = false;
    within = panel().contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", ({ detail, target }) => {
    const id = (detail.target ?? target).id;
    if (id === "chat-view") {
      hush(); // its elements are others now
      if (within && document.activeElement === document.body) refocus();
    }
    if (id === "chat-view" || id === "chat-log") {
      adopt();
      toEnd();
    }
    // A room was chosen on the sheet.
    if (id === "main" && !beside.matches && shown()) close();
  });
  addEventListener("storage", ({ key }) => { if (key === kept("said") && shown()) load(); });

  document.addEventListener("rondo:change", changed);
  document.addEventListener("rondo:connected", () => {
    const due = byId("chat-view").hasAttribute("data-empty") || turns().some((turn) => turn.dataset.status === "running");
    if (!source && due && shown()) load();
    else refreshCards(all());
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refreshCards([]); });

  const mic = panel().querySelector("[data-chat-speak]");
  mic.hidden = !Recognition;
  if (shown() || (!beside.matches && sessionStorage.getItem(kept("sheet")))) open();
}
