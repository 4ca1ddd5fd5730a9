// Dialogs and menus: native elements, with what they leave out.

const detail = () => document.getElementById("detail");

export const anyOpen = () => Boolean(document.querySelector("dialog[open]"));

function closeMenus(except) {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

/** Shows the keyboard shortcuts. */
export function showKeys() {
  closeMenus();
  const keys = document.getElementById("keys");
  if (!keys || keys.open) return;
  keys.showModal();
  keys.focus();
}

// Opens the details with the caret behind the title; on a touch screen, the
// keyboard would come up and hide what is to be read.
function showDetail() {
  const dialog = detail();
  dialog.showModal();
  const title = dialog.querySelector("[autofocus]");
  if (matchMedia("(pointer: coarse)").matches) dialog.focus();
  else title?.setSelectionRange(title.value.length, title.value.length);
}

export function start() {
  // The details arrive in the dialog; it opens when they are there, and when htmx
  // has done with the focus.
  document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
    if (target?.id === "detail-body" && target.firstElementChild && !detail().open) showDetail();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const { target } = event.detail;
    if (target?.id === "main" || event.target.id === "main") {
      document.getElementById("sidebar")?.hidePopover?.();
    }
  });
  document.addEventListener("rondo:close", () => document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close()));
  document.addEventListener("click", (event) => {
    const { target } = event;
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    if (target.closest("[data-keys]")) showKeys();
    if (target instanceof HTMLDialogElement) target.close(); // the veil belongs to the dialog
    closeMenus(target.closest("details[data-menu]"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  detail()?.addEventListener("close", () => { document.getElementById("detail-body").replaceChildren(); });
}
