// Acting on tasks: on those that are selected, else on the one with the focus.
// The selection is the boxes that are ticked; they belong to the form #bulk.
import { say } from "./say.js";
import { focusRow, rows } from "./list.js";

const bulk = () => document.getElementById("bulk");
const boxes = () => [...document.querySelectorAll("#list .pick")];
const picked = () => boxes().filter((box) => box.checked);
const idOf = (row) => row?.dataset.task;

const focused = () => document.activeElement?.closest("[data-task]");

/** The ids of the tasks to act on. */
export function chosen() {
  const ids = picked().map((box) => box.value);
  if (ids.length > 0) return ids;
  const id = idOf(focused());
  return id ? [id] : [];
}

/** Whether several tasks are selected rather than one focused. */
export const picking = () => picked().length > 0;

/** Sends an action for the chosen tasks, such as "priority:high". */
export function act(action, ids = chosen()) {
  if (ids.length === 0) return false;
  post("/tasks/batch", { action, ids });
  return true;
}

/** Sends a change and shows the list that it answers. */
export function post(path, values) {
  // htmx lets one element wait with one request only; each change has its own.
  const source = document.createElement("i");
  source.hidden = true;
  document.body.append(source);
  const list = document.getElementById("list"); // not every room has one
  htmx.ajax("POST", path, { source, target: list ?? source, swap: list ? "morph:outerHTML" : "none", values })
    .catch(() => {}) // a request that is not sent is told of by its event
    .finally(() => source.remove());
}

/** Opens a dialog about the chosen tasks. */
export function ask(id, ids = chosen()) {
  const dialog = document.getElementById(id);
  if (!dialog || ids.length === 0) return false;
  for (const place of dialog.querySelectorAll("[data-ids]")) {
    place.replaceChildren(...ids.map((task) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "ids", value: task });
      return input;
    }));
  }
  dialog.querySelectorAll("input:not([type=hidden])").forEach((input) => { input.value = ""; });
  dialog.showModal();
  if (!dialog.querySelector("[autofocus]")) dialog.focus();
  return true;
}

// Shows how many are selected, and hides the bar when none is.
function show() {
  const bar = bulk();
  if (!bar) return;
  const n = picked().length;
  const count = bar.querySelector(".bulk-count");
  const forms = JSON.parse(count.dataset.forms);
  const text = (forms[new Intl.PluralRules(document.documentElement.lang).select(n)] ?? forms.other).replace("#", n);
  if (n > 0 && count.textContent !== text) say(text);
  count.textContent = n > 0 ? text : "";
  bar.hidden = n === 0;
  document.body.toggleAttribute("data-picking", n > 0 || document.body.dataset.picking === "on");
}

/** Ends selecting. Says whether there was anything to end. */
export function clear() {
  const was = document.body.hasAttribute("data-picking");
  boxes().forEach((box) => { box.checked = false; });
  document.body.removeAttribute("data-picking");
  show();
  return was;
}

let anchor = null; // where a range of selected tasks begins

function set(row, on) {
  const box = row?.querySelector(".pick");
  if (!box) return false;
  box.checked = on;
  show();
  return true;
}

/** Selects the focused task, or no longer. */
export function toggle(row = focused()) {
  const box = row?.querySelector(".pick");
  if (!box) return false;
  anchor = row.id;
  return set(row, !box.checked);
}

/** Selects the focused task and the next one in a direction. */
export function extend(step) {
  const row = focused();
  if (!row) return false;
  set(row, true);
  const all = rows();
  const next = all[all.indexOf(row) + step];
  if (next) {
    set(next, true);
    focusRow(next);
  }
  return true;
}

/** Selects all tasks that are shown. */
export function all() {
  boxes().forEach((box) => { box.checked = true; });
  show();
  return boxes().length > 0;
}

function range(row) {
  const list = rows();
  const from = Math.max(list.findIndex((other) => other.id === anchor), 0);
  const to = list.indexOf(row);
  for (const other of list.slice(Math.min(from, to), Math.max(from, to) + 1)) set(other, true);
}

// A click with Ctrl or Shift selects; while there is a selection, any click does.
function click(event) {
  const { target } = event;
  const row = target.closest("#list .task");
  if (target.closest("[data-pick]")) {
    if (document.body.hasAttribute("data-picking")) clear();
    else document.body.dataset.picking = "on";
    return;
  }
  if (target.closest("[data-unpick]")) {
    clear();
    return;
  }
  const when = target.closest("[data-when]");
  if (when) ask("when", when.closest("#bulk") ? chosen() : [idOf(row)]);
  if (target.closest("[data-tagging]")) ask("tagging");
  if (!row || target.closest("button, input, .task-meta a")) return;
  if (!(event.ctrlKey || event.metaKey || event.shiftKey || document.body.hasAttribute("data-picking"))) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.shiftKey) range(row);
  else toggle(row);
}

const held = 450; // milliseconds that a finger rests on a row to select it

function press(event) {
  const row = event.target.closest("#list .task");
  if (!row || event.pointerType === "mouse" || event.target.closest("button, input, [data-grip]")) return;
  const timer = setTimeout(() => {
    toggle(row);
    // The click that ends the touch would open the task or take it back.
    row.addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
  }, held);
  for (const name of ["pointerup", "pointermove", "pointercancel"]) {
    document.addEventListener(name, () => clearTimeout(timer), { once: true });
  }
}

export function start() {
  document.addEventListener("click", click, { capture: true });
  document.addEventListener("pointerdown", press);
  document.addEventListener("change", (event) => {
    if (event.target.matches(".pick")) {
      anchor = event.target.closest(".task").id;
      show();
    }
  });
  document.addEventListener("htmx:afterSwap", show);
  // What was done to a selection is done.
  document.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.requestConfig.path === "/tasks/batch") setTimeout(clear);
  });
}
