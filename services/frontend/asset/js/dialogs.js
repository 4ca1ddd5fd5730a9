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
  if (keys && !keys.open) keys.showModal();
}

export function start() {
  // The details arrive in the dialog; it opens when they are there.
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target?.id === "detail-body" && target.firstElementChild && !detail().open) detail().showModal();
    if (target?.id === "main" || event.target.id === "main") {
      document.getElementById("sidebar")?.hidePopover?.();
    }
  });
  document.addEventListener("rondo:close", () => detail()?.close());
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
