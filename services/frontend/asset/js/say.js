// What the page says: to screen readers through the live region, and to
// everybody through toasts.

const shown = 8000; // milliseconds

/** Announces politely. */
export function say(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

/** Shows one of the toasts that the page holds as templates, with more to say. */
export function toast(name, more = "") {
  const template = document.getElementById(`toast-${name}`);
  const toasts = document.getElementById("toasts");
  if (!template || !toasts) return;
  const copy = template.content.cloneNode(true);
  if (more) copy.querySelector(".toast-text").append(` ${more}`);
  const text = copy.textContent.trim();
  const same = [...toasts.children].find((other) => other.textContent.trim() === text);
  if (!same) toasts.append(copy);
}

/** Lets a toast go. */
export function leave(element) {
  element.classList.add("toast-leaving");
  setTimeout(() => element.remove(), 250);
}

// A toast goes by itself, unless somebody is at it or it reports an error.
function watch(element) {
  if (element.dataset.watched || element.hasAttribute("data-stay")) return;
  element.dataset.watched = "yes";
  let timer = 0;
  const start = () => { timer = setTimeout(() => leave(element), shown); };
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, start);
  start();
}

export function start() {
  const toasts = document.getElementById("toasts");
  if (!toasts) return;
  const adopt = () => {
    toasts.querySelectorAll(":scope > [data-toast]").forEach(watch);
    const all = toasts.querySelectorAll(":scope > [data-toast]:not(.toast-leaving, [data-notice])");
    for (const old of [...all].slice(0, -3)) leave(old);
  };
  new MutationObserver(adopt).observe(toasts, { childList: true });
  adopt();
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
    copy.textContent = copy.dataset.copied;
    say(copy.dataset.copied);
  });
  toasts.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) leave(event.target.closest("[data-toast]"));
  });
  toasts.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) event.target.closest("[data-toast]")?.remove();
  });
}
