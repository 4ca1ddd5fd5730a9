// Without a connection: changes are kept on this device, in their order, and sent once
// when there is one again. Sending one twice does no harm: a new task carries its
// Idempotency-Key, and every other change says what is to be, not by how much.
import { refresh } from "./list.js";
import { say, toast } from "./say.js";

const name = () => `rondo-queue-${document.body.dataset.user}`;
const read = () => JSON.parse(localStorage.getItem(name()) ?? "[]");
const write = (queue) => localStorage.setItem(name(), JSON.stringify(queue));

// What may wait. Others, such as signing out, have to be answered.
const queued = /^\/(tasks|undo)(\/|$)/;

const again = 5000; // milliseconds between tries while there is something to send

function show() {
  const waiting = read();
  const bar = document.getElementById("waiting");
  if (!bar) return;
  bar.hidden = waiting.length === 0;
  const forms = JSON.parse(bar.dataset.forms);
  const form = forms[new Intl.PluralRules(document.documentElement.lang).select(waiting.length)] ?? forms.other;
  bar.querySelector("span").textContent = waiting.length > 0 ? form.replace("#", waiting.length) : "";
  mark(waiting);
}

// Shows in the list what waits: tasks that were added, and those that were changed.
function mark(waiting) {
  document.querySelectorAll(".is-waiting-new").forEach((row) => row.remove());
  document.querySelectorAll("#list .is-waiting").forEach((row) => row.classList.remove("is-waiting"));
  for (const { path, body } of waiting) {
    const form = new URLSearchParams(body);
    if (path === "/tasks") {
      const row = document.createElement("li");
      row.className = "task is-waiting is-waiting-new";
      row.textContent = form.get("title");
      document.querySelector("#list .tasks")?.prepend(row);
      continue;
    }
    for (const id of [...form.getAll("ids"), path.split("/")[2]]) {
      document.getElementById(`task-${id}`)?.classList.add("is-waiting");
    }
  }
}

function keep({ path, formData }) {
  const body = new URLSearchParams();
  for (const [field, value] of formData) if (field !== "csrf") body.append(field, value);
  write([...read(), { path, body: body.toString(), at: location.pathname + location.search }]);
  toast("kept");
  show();
}

// Sends what waits, oldest first. What is refused is said, and not tried again.
async function send() {
  for (let queue = read(); queue.length > 0; queue = read()) {
    const [{ path, body, at }] = queue;
    const answer = await fetch(path, {
      method: "POST", redirect: "error",
      headers: {
        ...JSON.parse(document.body.getAttribute("hx-headers")), "Content-Type": "application/x-www-form-urlencoded",
        "HX-Request": "true", "HX-Target": "list", "HX-Current-URL": new URL(at, location.href).href,
      },
      body,
    });
    if (answer.status >= 500 || answer.headers.has("HX-Redirect") || !answer.headers.has("Rondo-Part")) return;
    write(read().slice(1));
    if (!answer.ok) conflict(await answer.text(), new URLSearchParams(body).get("title"));
  }
}

function conflict(html, title) {
  const place = document.createElement("div");
  htmx.swap(place, html, { swapStyle: "innerHTML" });
  const text = [...place.querySelectorAll(".toast-text, .field-error")].map((e) => e.textContent.trim()).join(" ");
  toast("conflict", [title && `“${title}”`, text].filter(Boolean).join(": "));
}

let timer = 0;

async function replay() {
  clearTimeout(timer);
  const had = read().length;
  if (had === 0) return;
  try {
    await navigator.locks.request(`${name()}-sending`, { ifAvailable: true }, (lock) => lock && send());
  } catch {
    // Still no connection.
  }
  show();
  if (read().length > 0) timer = setTimeout(replay, again);
  if (read().length < had) refresh();
}

export function start() {
  if (!document.body.dataset.user) return;
  navigator.serviceWorker?.register("/sw.js").catch(() => {}); // without one, there is only no copy to look at
  document.addEventListener("htmx:sendError", (event) => {
    const { requestConfig } = event.detail;
    if (requestConfig.verb === "post" && queued.test(requestConfig.path)) {
      event.stopImmediatePropagation(); // what is kept needs no other word
      keep(requestConfig);
      timer = setTimeout(replay, again);
    } else if (requestConfig.verb === "get" && event.detail.target?.id === "main") {
      location.assign(requestConfig.path); // the service worker may have a copy
    }
  }, { capture: true });
  document.addEventListener("htmx:afterSettle", (event) => { if ((event.detail.target ?? event.target).id === "list") show(); });
  addEventListener("online", replay);
  addEventListener("storage", (event) => { if (event.key === name()) show(); });
  document.addEventListener("rondo:connected", replay);
  document.getElementById("waiting")?.addEventListener("click", () => { say(""); replay(); });
  show();
  replay();
}
