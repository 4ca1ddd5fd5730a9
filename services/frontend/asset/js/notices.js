// Reminders as they come up: a toast for each, in every tab that is looked at, until
// it is answered in one of them.
import { leave } from "./say.js";

const shown = () => [...document.querySelectorAll("#toasts [data-notice]")];

let asking = false;
let again = false;

/** Asks what has come up since this page was made, and what of it still waits. */
export async function look() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const query = new URLSearchParams({ since: document.body.dataset.now });
    const answer = await fetch(`/notifications/toasts?${query}`, {
      headers: { "HX-Request": "true", "HX-Current-URL": location.href }, redirect: "error",
    });
    if (answer.ok && answer.headers.has("Rondo-Part")) show(await answer.text());
  } catch {
    // The next event, or the badge, tells it.
  } finally {
    asking = false;
    if (again) {
      again = false;
      look();
    }
  }
}

function show(html) {
  const before = new Map(shown().map((toast) => [toast.dataset.notice, toast]));
  htmx.swap("#toasts", html, { swapStyle: "beforeend" });
  const waiting = new Set();
  for (const toast of shown()) {
    if (before.has(toast.dataset.notice) && before.get(toast.dataset.notice) !== toast) toast.remove();
    if (before.get(toast.dataset.notice) !== toast) waiting.add(toast.dataset.notice);
  }
  for (const [id, toast] of before) if (!waiting.has(id)) leave(toast);
}

export function start() {
  // Whoever opens the task has seen it.
  document.addEventListener("click", (event) => {
    const title = event.target.closest(".toast-notice .toast-title, .notice-unread [data-open]");
    const id = title?.closest("[data-notice]")?.dataset.notice ?? title?.dataset.notice;
    if (id) htmx.ajax("POST", `/notifications/${id}/read`, { source: document.body, swap: "none" }).catch(() => {});
  });
}
