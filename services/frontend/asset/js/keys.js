// The keyboard. Nothing here is the only way to do something.
import { anyOpen, showKeys } from "./dialogs.js";
import { move, press } from "./list.js";

const rooms = { a: "/tasks", t: "/today", u: "/upcoming", d: "/done" };

const focus = (id) => {
  const field = document.getElementById(id);
  field?.focus();
  field?.select?.();
  return Boolean(field);
};

const actions = {
  n: () => focus("new-title"),
  "/": () => focus("search"),
  j: () => { move(1); return true; },
  k: () => { move(-1); return true; },
  ArrowDown: () => inRow() && (move(1), true),
  ArrowUp: () => inRow() && (move(-1), true),
  x: () => press("[data-toggle]"),
  o: () => press("[data-open]"),
  e: () => press("[data-rename]"),
  Delete: () => press("[data-delete]"),
  Backspace: () => press("[data-delete]"),
  z: () => { const undo = [...document.querySelectorAll("#toasts [data-undo]")].pop(); undo?.click(); return Boolean(undo); },
  "?": () => { showKeys(); return true; },
};

const inRow = () => Boolean(document.activeElement?.closest(".task"));

const typing = (element) =>
  element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

let going = 0; // until when a letter after g is a room

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape" && !anyOpen()) event.target.blur();
      return;
    }
    if (anyOpen()) return;
    if (event.key === "g") {
      going = event.timeStamp + 1500;
      return;
    }
    if (event.timeStamp < going && rooms[event.key]) {
      going = 0;
      event.preventDefault();
      document.querySelector(`#rooms a[href="${rooms[event.key]}"]`)?.click();
      return;
    }
    if (Object.hasOwn(actions, event.key) && actions[event.key]()) event.preventDefault();
  });
}
