// The list: what it sends along, what survives when it is replaced, and where the
// focus goes.

const list = () => document.getElementById("list");
/** The rows that hold a task, in a list or a month. */
export const rows = () => [...document.querySelectorAll("#list [data-task]")];

// Versions that this tab has seen in an answer, by task: an event of the same
// version tells it nothing new.
const seen = new Map();

/** Whether the event's version of a task is shown already. */
export function knows(task, version) {
  if (!task || !version) return false;
  const shown = Number(document.getElementById(`task-${task}`)?.dataset.version ?? 0);
  return Math.max(shown, seen.get(task) ?? 0) >= version;
}

// Whether the next request is to look at the account anew: its zone, its saved lists.
let fresh = false;

/** Fetches the list again; when the account changed, also what surrounds it. */
export function refresh(account = false) {
  fresh ||= account;
  const element = list();
  if (element) htmx.trigger(element, "rondo:refresh");
  else if (account) refreshAround();
}

// A page without a list keeps its main part, where somebody may be typing. The
// settings show the change when nobody is at them.
function refreshAround() {
  const main = document.getElementById("main");
  const idle = location.pathname === "/settings" && !main.querySelector(":focus, .secret") &&
    [...main.querySelectorAll("input, select, textarea")].every(unchanged);
  if (idle) htmx.ajax("GET", "/settings", { target: "#main", swap: "morph:outerHTML" });
  else htmx.ajax("GET", "/around", { target: "#live", swap: "none" });
}

function unchanged(field) {
  if (field.options) return field.selectedIndex === Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  return field.value === field.defaultValue && field.checked === field.defaultChecked;
}

/** Moves the focus to the next row in a direction, from the focused one. */
export function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement?.closest("[data-task]"));
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  focusRow(all[next]);
}

/** Presses a control of the focused row. */
export function press(selector) {
  const control = document.activeElement?.closest("[data-task]")?.querySelector(selector);
  control?.click();
  return Boolean(control);
}

/** Puts the focus on a row. */
export function focusRow(row) {
  const title = row.querySelector("[data-open]");
  title?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

// Where the focus was before the list was replaced, and on which task.
let focusedAt = -1;
let focusedRow = "";

function rememberFocus() {
  const row = document.activeElement?.closest("[data-task]");
  if (row) remember(row);
}

function remember(row) {
  focusedAt = rows().indexOf(row);
  focusedRow = row.id;
}

function restoreFocus() {
  if (focusedAt < 0 || (document.activeElement && document.activeElement !== document.body)) return;
  const all = rows();
  const same = document.getElementById(focusedRow);
  if (same) focusRow(same); // it has moved
  else if (all.length > 0) focusRow(all[Math.min(focusedAt, all.length - 1)]);
  else document.getElementById("main")?.focus({ preventScroll: true }); // in a field, the next shortcut would be typed
  focusedAt = -1;
}

// A date or a time that is not set shows what it is for, in place of a pattern to
// fill in.
const markUnset = (field) => field.toggleAttribute("data-unset", !field.value);

function pickDate(event) {
  const { target } = event;
  const field = target.closest(".chip-field")?.querySelector("[type=date], [type=time]");
  if (!event.isTrusted || !field?.showPicker || (target === field && field.value)) return;
  if (target !== field) event.preventDefault(); // the label would press the field once more
  field.focus();
  field.showPicker();
}

// The form is emptied when it is sent, so that the next task can be typed at
// once. What was in it comes back if it does not arrive.
let sent = null;

function emptyComposer(form) {
  sent = new FormData(form);
  form.reset();
  for (const field of form.querySelectorAll("input:not([type=hidden])")) {
    if (field.name === "title") field.value = "";
    field.setAttribute("aria-invalid", "false");
    if (field.matches("[type=date], [type=time]")) markUnset(field);
  }
  form.querySelectorAll(".field-error").forEach((error) => error.remove());
  htmx.trigger("#new-title", "htmx:abort"); // what is asked about the old text
  document.getElementById("understood").replaceChildren();
}

function refillComposer(form) {
  if (!sent || form.elements.title.value) return;
  for (const [name, value] of sent) {
    const field = form.elements[name];
    if (!field || field.type === "hidden") continue;
    field.value = value;
    if (field.matches("[type=date], [type=time]")) markUnset(field);
  }
  sent = null;
}

// Counts the changes that this tab sends and their answers, and what the filters
// were asked for. A list that was asked for before the last of them may not know of
// it, and must not take the place of one that does.
let changes = 0;
let choices = 0;
const underWay = new Set(); // requests of changes that are not answered yet
const waiting = []; // for their answers
const askedAt = new WeakMap(); // by request

/** Does something when every change that was sent is answered. */
export function afterChanges(then) {
  if (underWay.size === 0) then();
  else waiting.push(then);
}

// The request itself tells its end, after htmx has shown the answer. htmx tells the
// element that asked, which may be gone by then.
function noteAnswer(xhr) {
  underWay.delete(xhr);
  if (underWay.size === 0) waiting.splice(0).forEach((then) => then());
}

function noteRequest({ xhr, requestConfig }) {
  if (requestConfig.verb !== "get") {
    changes += 1;
    underWay.add(xhr);
    xhr.addEventListener("loadend", () => noteAnswer(xhr));
  }
  if (requestConfig.elt.id === "filters") choices += 1;
  askedAt.set(xhr, { changes, choices });
}

function dropOlderList({ detail }) {
  const { verb, elt } = detail.requestConfig;
  const asked = askedAt.get(detail.xhr);
  if (verb !== "get") changes += 1;
  if (asked.choices !== choices) {
    detail.swapOverride = "none"; // what comes beside the list is still true
    if (verb !== "get") setTimeout(() => htmx.trigger("#filters", "submit"));
  } else if (verb === "get" && asked.changes !== changes) {
    if (elt.id === "list") detail.shouldSwap = false;
    setTimeout(refresh);
  }
}

export function start() {
  const { callbacks } = Idiomorph.defaults;
  // Whoever is renaming a task keeps the field while the list changes around it.
  callbacks.beforeNodeMorphed = (old) => !(old instanceof Element && old.matches("[data-renaming]"));
  // What somebody has opened stays open, what is selected stays selected, what is being
  // typed stays typed, and what is being dragged goes on.
  callbacks.beforeAttributeUpdated = (name, node) => !["open", "data-over"].includes(name) &&
    !(name === "checked" && node.matches(".pick")) && !(name === "value" && node.matches("#list input:not([type=hidden])")) &&
    !(name === "class" && node.matches(".is-dragged"));
  callbacks.afterNodeAdded = (node) => {
    if (node instanceof Element && node.matches(".task")) node.classList.add("task-arrived");
  };

  document.addEventListener("click", pickDate);
  document.addEventListener("input", (event) => {
    if (event.target.matches(".chip-field :is([type=date], [type=time])")) markUnset(event.target);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    // A list that was scrolled down must come back as long as it was.
    event.detail.headers["Rondo-Loaded"] = String(rows().length);
    if (fresh) event.detail.headers["Rondo-Fresh"] = "1";
    fresh = false;
  });
  document.addEventListener("htmx:beforeSend", (event) => {
    noteRequest(event.detail);
    if (event.target.id === "composer") emptyComposer(event.target);
    if (event.target.matches("[data-rename-form]")) event.target.parentElement.removeAttribute("data-renaming");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.target.id === "composer") refillComposer(event.target);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "list") return;
    rememberFocus();
    dropOlderList(event);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target ?? event.target;
    // At once: a list that arrives in the next moment must know.
    if (target.classList?.contains("task-name") && target.querySelector("[data-rename-form]")) {
      target.setAttribute("data-renaming", "");
      target.querySelector("input[name=title]").select();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if ((event.detail.target ?? event.target).id === "list") restoreFocus();
  });
  document.addEventListener("rondo:changed", (event) => {
    for (const { task, version } of event.detail.tasks) seen.set(task, Math.max(seen.get(task) ?? 0, version));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !event.target.closest?.("[data-rename-form]")) return;
    const slot = event.target.closest("[data-renaming]");
    slot?.removeAttribute("data-renaming");
    if (slot) remember(slot.closest("[data-task]"));
    event.target.blur();
    refresh();
  });
}
