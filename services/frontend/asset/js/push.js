// Lets this browser get pushes, from the settings.

const bytes = (key) => Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

async function subscribe(form) {
  const permission = await Notification.requestPermission();
  form.querySelector("[data-denied]").hidden = permission === "granted";
  if (permission !== "granted") return;
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
  const { endpoint, keys } = subscription.toJSON();
  form.elements.endpoint.value = endpoint;
  form.elements.p256dh.value = keys.p256dh;
  form.elements.auth.value = keys.auth;
  form.submit();
}

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-push]");
    if (!form) return;
    event.preventDefault();
    subscribe(form).catch(() => { form.querySelector("[data-denied]").hidden = false; });
  });
}
