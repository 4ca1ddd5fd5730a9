// Dragging a task to another place, to another day, or into a room: with the mouse
// from anywhere in its row, with a finger by its grip. The keyboard does the same
// with Alt and an arrow.
import { act, post } from "./act.js";
import { focusRow, rows } from "./list.js";

const far = 6; // pixels from which a press is a drag
const order = () => document.getElementById("list")?.dataset.order ?? "";

let drag = null; // { row, ghost, startX, startY, target, place }

// What a task dropped at a point would do.
function targetAt(x, y, row) {
  const under = document.elementsFromPoint(x, y);
  const room = under.find((element) => element.closest("[data-drop]"))?.closest("[data-drop]");
  if (room) return { element: room, action: room.dataset.drop };
  if (order() === "hand") {
    const over = under.find((element) => element.closest("#list .task"))?.closest(".task");
    if (!over || over === row) return null;
    const box = over.getBoundingClientRect();
    const before = y < box.top + box.height / 2;
    return { element: over, before, hand: true };
  }
  const day = under.find((element) => element.closest("#list [data-day]"))?.closest("[data-day]");
  if (!day || day.dataset.day === row.dataset.day) return null;
  const head = document.getElementById(`group-${day.dataset.day}`) ?? document.getElementById(`day-${day.dataset.day}`);
  return { element: head ?? day, action: `due:${day.dataset.day}` };
}

function mark(target) {
  if (drag.target?.element === target?.element && drag.target?.before === target?.before) return;
  drag.target?.element.removeAttribute("data-over");
  drag.target = target;
  target?.element.setAttribute("data-over", target.hand ? (target.before ? "before" : "after") : "into");
}

function begin(event) {
  const { row } = drag;
  const box = row.getBoundingClientRect();
  const ghost = document.createElement("div");
  ghost.className = "drag-ghost";
  ghost.textContent = row.querySelector(".task-title").textContent;
  document.body.append(ghost);
  drag.ghost = ghost;
  drag.offset = { x: Math.min(drag.startX - box.left, 40), y: 16 };
  row.classList.add("is-dragged");
  document.documentElement.classList.add("is-dragging");
  follow(event);
}

function follow(event) {
  const { ghost, offset, row } = drag;
  ghost.style.translate = `${event.clientX - offset.x}px ${event.clientY - offset.y}px`;
  mark(targetAt(event.clientX, event.clientY, row));
  const edge = 60;
  if (event.clientY < edge) scrollBy(0, -12);
  else if (event.clientY > innerHeight - edge) scrollBy(0, 12);
}

function move(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (!drag.ghost && Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY) < far) return;
  event.preventDefault();
  if (drag.ghost) follow(event);
  else begin(event);
}

function end(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  const { row, target, ghost } = drag;
  if (ghost) {
    mark(null);
    ghost.remove();
    row.classList.remove("is-dragged");
    document.documentElement.classList.remove("is-dragging");
    // The click that follows belongs to the drag.
    const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
    document.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => document.removeEventListener("click", swallow, { capture: true }));
    if (event.type === "pointerup" && target) drop(row, target);
  }
  drag = null;
}

function drop(row, target) {
  if (!target.hand) {
    act(target.action, [row.dataset.task]);
    return;
  }
  const others = rows().filter((other) => other !== row);
  const at = others.indexOf(target.element) + (target.before ? 0 : 1);
  place(row, others[at - 1], others[at]);
}

function place(row, after, before) {
  post(`/tasks/${row.dataset.task}/move`, { after: after?.dataset.task ?? "", before: before?.dataset.task ?? "" });
}

// The day so many days after the row's, as yyyy-mm-dd.
function dayAfter(row, days) {
  const [year, month, day] = row.dataset.day.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, day + days)).toISOString().slice(0, 10);
}

/** Moves the focused task by one place or day; along is 1 or -1, across is for the month's rows. */
export function nudge(along, across) {
  const row = document.activeElement?.closest("[data-task]");
  if (!row) return false;
  switch (order()) {
    case "hand": {
      const all = rows();
      const at = all.indexOf(row);
      const next = all[at + along];
      if (!next) return true;
      if (along > 0) place(row, next, all[at + 2]);
      else place(row, all[at - 2], next);
      next[along > 0 ? "after" : "before"](row); // at once; the answer says the same
      focusRow(row);
      return true;
    }
    case "calendar":
      return act(`due:${dayAfter(row, across ? along : along * 7)}`, [row.dataset.task]);
    case "day":
      return act(`due:${dayAfter(row, along)}`, [row.dataset.task]);
  }
  return false;
}

export function start() {
  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("#list [data-task]");
    const byMouse = event.pointerType === "mouse" && event.button === 0;
    if (!row || drag || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("button, input") || !(byMouse || event.target.closest("[data-grip]"))) return;
    drag = { row, pointer: event.pointerId, startX: event.clientX, startY: event.clientY, target: null };
  });
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.("#list [data-task]")) event.preventDefault();
  });
}
