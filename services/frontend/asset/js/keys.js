// The keyboard. Nothing here is the only way to do something.
import { act, all, ask, clear, extend, picking, toggle } from "./act.js";
import { enter } from "./chat.js";
import { anyOpen, showKeys } from "./dialogs.js";
import { nudge } from "./drag.js";
import { afterChanges, move, press } from "./list.js";

const rooms = {
  a: "/tasks", t: "/today", u: "/upcoming", c: "/calendar", d: "/done", s: "/settings",
};

const focus = (id) => {
  const field = document.getElementById(id);
  field?.focus();
  field?.select?.();
  return Boolean(field);
};

// Undoes the last change, also one that is still on its way.
const undo = () => {
  afterChanges(() => [...document.querySelectorAll("#toasts [data-undo]")].pop()?.click());
  return true;
};

// Each says whether it did something.
const actions = {
  n: () => focus("new-title"),
  c: enter,
  "/": () => focus("search"),
  j: () => { move(1); return true; },
  k: () => { move(-1); return true; },
  ArrowDown: () => inRow() && (move(1), true),
  ArrowUp: () => inRow() && (move(-1), true),
  x: () => (picking() ? act("complete") : press("[data-toggle]") || act("complete")),
  o: () => press("[data-open]"),
  e: () => press("[data-rename]"),
  s: () => ask("when"),
  t: () => ask("tagging"),
  1: () => act("priority:high"),
  2: () => act("priority:medium"),
  3: () => act("priority:low"),
  v: () => toggle(),
  Delete: () => (picking() ? act("delete") : press("[data-delete]") || act("delete")),
  Backspace: () => (picking() ? act("delete") : press("[data-delete]") || act("delete")),
  z: undo,
  Escape: clear,
  "?": () => { showKeys(); return true; },
};

const withShift = { ArrowDown: () => extend(1), ArrowUp: () => extend(-1), J: () => extend(1), K: () => extend(-1) };
const withAlt = {
  ArrowDown: () => nudge(1, false), ArrowUp: () => nudge(-1, false),
  ArrowRight: () => nudge(1, true), ArrowLeft: () => nudge(-1, true),
};
const withControl = { a: () => inRow() && all(), z: undo };

const inRow = () => Boolean(document.activeElement?.closest("[data-task]"));

const typing = (element) =>
  element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

let going = 0; // until when a letter after g is a room

function go(path) {
  const link = document.querySelector(`#rooms a[href="${path}"]`);
  if (link) link.click();
  else location.assign(path);
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape" && !anyOpen()) event.target.blur();
      return;
    }
    const open = document.querySelector("dialog[open]");
    if (open) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const choice = open.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (choice) {
        event.preventDefault();
        choice.click();
      }
      return;
    }
    let table = actions;
    if (event.ctrlKey || event.metaKey) table = withControl;
    else if (event.altKey) table = withAlt;
    else if (event.shiftKey && Object.hasOwn(withShift, event.key)) table = withShift;
    else if (event.key === "g") {
      going = event.timeStamp + 1500;
      return;
    } else if (event.timeStamp < going && rooms[event.key]) {
      going = 0;
      event.preventDefault();
      go(rooms[event.key]);
      return;
    }
    if (Object.hasOwn(table, event.key) && table[event.key]()) event.preventDefault();
  });
}
