// The service worker: keeps the site, all files of one version together, so that it opens without a network and an open page
// never meets another version's files; lets nothing out but requests for the site's own files.
importScripts("./engines.js");

// tools/offline.sh fills these in: each file's SHA-256, and the weights, which only the engines read.
const FILES = {};
const WEIGHTS = [];
const VERSION = "";

const SITE = `camscope-site-${VERSION}`;
// The engines' own (src/engine/weights.rs).
const MODELS = "camscope-models";
const ENGINE = /^engine-(.+?)(_bg)?\.(js|wasm)$/;
const address = (name) => new URL(name, registration.scope).href;

const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

// A file as this version has it, with the page's policy for the workers it starts: they do not take it from the page itself.
async function fetched(name, policy) {
  const response = await fetch(address(name), { cache: "no-cache" });
  if (!response.ok) throw new Error(`the server answered ${response.status} for ${name}`);
  const bytes = await response.arrayBuffer();
  const found = hex(await crypto.subtle.digest("SHA-256", bytes));
  if (found !== FILES[name]) throw new Error(`${name} is not of version ${VERSION}`);
  const headers = new Headers({ "Content-Type": response.headers.get("Content-Type") ?? "" });
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()");
  const page = name === "index.html" ? new TextDecoder().decode(bytes) : "";
  policy ??= page.match(/http-equiv="Content-Security-Policy"\s+content="([^"]+)"/)?.[1];
  if (!policy) throw new Error("index.html has no policy");
  headers.set("Content-Security-Policy", policy);
  return new Response(bytes, { headers });
}

async function keep(cache, name, policy) {
  const response = await fetched(name, policy);
  await cache.put(address(name), response.clone());
  return response;
}

async function install() {
  const cache = await caches.open(SITE);
  const page = await keep(cache, "index.html");
  const policy = page.headers.get("Content-Security-Policy");
  const engines = [cpuEngine(), ...((await hasAdapter()) ? ["webgpu"] : [])];
  const wanted = Object.keys(FILES).filter((name) => !ENGINE.test(name) || engines.includes(name.match(ENGINE)[1]));
  await Promise.all(wanted.filter((name) => name !== "index.html").map((name) => keep(cache, name, policy)));
}

// What older versions left. It runs when no page of theirs is open any more.
async function tidy() {
  const others = (await caches.keys()).filter((name) => name.startsWith("camscope-site-") && name !== SITE);
  await Promise.all(others.map((name) => caches.delete(name)));
  const models = await caches.open(MODELS);
  const known = WEIGHTS.map(address);
  for (const { url } of await models.keys()) if (!known.includes(url)) await models.delete(url);
  await clients.claim();
}

async function answer(request, name) {
  const cache = await caches.open(SITE);
  const kept = await cache.match(address(name));
  if (kept) return kept;
  // An engine that did not seem to be needed.
  const page = await cache.match(address("index.html"));
  return keep(cache, name, page?.headers.get("Content-Security-Policy"));
}

// The weights of every model, one by one: an engine checks them when it reads them.
async function keepWeights() {
  const models = await caches.open(MODELS);
  for (const name of WEIGHTS) {
    if (await models.match(address(name))) continue;
    const response = await fetch(address(name));
    if (response.ok) await models.put(address(name), response);
  }
}

// Posts to every page of the site: the request may have come from a worker.
async function broadcast(message) {
  for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage(message);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" && request.method !== "HEAD") {
    const body = request.clone().arrayBuffer().then((bytes) => bytes.byteLength, () => 0);
    event.waitUntil(body.then((bytes) => broadcast({ refused: request.url, bytes })));
    event.respondWith(Response.error());
    return;
  }
  const url = new URL(request.url);
  const scope = new URL(registration.scope);
  if (url.origin !== scope.origin) {
    event.waitUntil(broadcast({ refused: request.url, bytes: 0 }));
    event.respondWith(Response.error());
    return;
  }
  const name = url.pathname.slice(scope.pathname.length) || "index.html";
  if (url.pathname.startsWith(scope.pathname) && Object.hasOwn(FILES, name)) event.respondWith(answer(request, name));
});

self.addEventListener("message", (event) => {
  const { source, data } = event;
  if (data === "keep-weights") event.waitUntil(keepWeights().then(() => source.postMessage("kept"), () => {}));
  if (data === "take-over") {
    // Another tab still uses the files of the version before.
    const pages = clients.matchAll({ type: "window", includeUncontrolled: true });
    event.waitUntil(pages.then((all) => (all.length > 1 ? source.postMessage("others") : self.skipWaiting())));
  }
});
