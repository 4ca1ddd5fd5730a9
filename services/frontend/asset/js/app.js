// Starts the parts, and does what is common to all pages.
import * as act from "./act.js";
import * as chat from "./chat.js";
import * as dialogs from "./dialogs.js";
import * as drag from "./drag.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as notices from "./notices.js";
import * as offline from "./offline.js";
import * as push from "./push.js";
import * as quickadd from "./quickadd.js";
import { toast } from "./say.js";
import * as said from "./say.js";
import * as stream from "./stream.js";

// An answer that the application did not write, from something in between, must
// not be taken for a part of the page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.getResponseHeader("Rondo-Part")) return;
  event.detail.shouldSwap = false;
  if (!event.target.closest("[data-quiet]")) toast(xhr.status >= 500 ? "offline" : "unknown");
});
offline.start(); // before others hear of a request that was not sent
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!event.target.closest("[data-quiet], #list") || event.target.matches("form, button, a")) toast("offline");
  });
}

// A line at the top while a request of the person's takes long.
let busy = 0;
const mark = (step) => {
  busy += step;
  document.documentElement.classList.toggle("is-busy", busy > 0);
};
document.addEventListener("htmx:beforeSend", ({ target, detail: { xhr } }) => {
  if (target.id === "list" || target.closest("[data-quiet]")) return;
  mark(1);
  // htmx would tell the element that asked, which may be gone by then.
  xhr.addEventListener("loadend", () => mark(-1));
});

// A new room begins at its top, for eyes and for screen readers.
document.addEventListener("htmx:afterSettle", (event) => {
  const { requestConfig } = event.detail;
  if (event.target.id !== "main" || requestConfig?.verb !== "get" || requestConfig.elt === document.body) return; // it only changed
  if (!document.activeElement || document.activeElement === document.body) event.target.focus({ preventScroll: true });
  said.say(document.title);
});

// Proposes the browser's time zone, by either of its names.
const zone = document.querySelector("select[data-guess=true]");
if (zone) {
  const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (guess && ![...zone.options].some((option) => option.value === guess)) zone.add(new Option(guess, guess));
  if (guess) zone.value = guess;
}

for (const part of [said, list, act, drag, dialogs, chat, keys, quickadd, notices, push, stream]) part.start();
document.documentElement.dataset.ready = "yes";
