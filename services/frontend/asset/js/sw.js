// The service worker. It keeps the files of the application and the last copy of each
// room, so that both are there without a connection, and shows what is pushed.
// The server puts the files' hashed paths in.
const files = /* files */ [];
const shell = `shell-${files.join().length}-${files.at(-1)}`;
const pages = "pages";
const kept = 40; // pages at most

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(shell).then((cache) => cache.addAll([...files, "/offline"])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== shell && name !== pages) await caches.delete(name);
    await self.clients.claim();
  })());
});

async function keep(request, answer) {
  const cache = await caches.open(pages);
  await cache.put(request.url, answer);
  const all = await cache.keys();
  for (const old of all.slice(0, Math.max(0, all.length - kept))) await cache.delete(old);
}

// A page comes from the network, and without one from what is kept.
async function page(event) {
  const { request } = event;
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected && answer.headers.get("Content-Type")?.startsWith("text/html")) {
      event.waitUntil(keep(request, answer.clone()));
    }
    return answer;
  } catch {
    // What a page depends on (Vary) does not matter where there is no other.
    return await caches.match(request.url, { ignoreVary: true }) ?? await caches.match("/offline", { ignoreVary: true }) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((found) => found ?? fetch(request)));
  } else if (request.mode === "navigate" && url.pathname !== "/export") {
    event.respondWith(page(event));
  }
});

self.addEventListener("push", (event) => {
  const { id, task_id: task, title, body } = event.data?.json() ?? {};
  event.waitUntil(self.registration.showNotification(title ?? "Rondo", { body, tag: id, data: { task }, icon: files.find((file) => file.endsWith(".svg")) }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = event.notification.data?.task ? `/tasks/${event.notification.data.task}` : "/notifications";
  event.waitUntil(self.clients.openWindow(path));
});
