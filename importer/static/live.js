// Keeps a page up to date: fetches its live part each second and puts in what has changed.

import { localise } from "./page.js";
import { duration, number } from "./words.js";

const LEAST = 1000;
const SLOW_EACH = 5000;
const HIDDEN_EACH = 10000;
const WINDOW = 10000;
const PATIENCE = 15000;

// Tells this page from others that look at the same import: the more they are, the less often each asks.
const viewer = crypto.getRandomValues(new Uint32Array(2)).join("");
const root = document.querySelector("[data-live-url]");
const lost = root.querySelector("[data-lost]");
const announcer = document.querySelector("[data-announce]");

// The server's own text of each part: what scripts have changed since must not look like news.
const shown = new Map();
let samples = [];
let status = null;
let timer = null;
let isAsking = false;
let hasActed = false; // so that what others were shown a moment ago is old
let asksAgain = false; // somebody did something while an answer was on its way

// Form tokens carry the time, so that they differ from one second to the next.
const plain = (part) => part.outerHTML.replace(/name="csrf_token" value="[^"]*"/g, "");

function remember(container) {
  for (const part of container.querySelectorAll("[data-part]")) shown.set(part.id, plain(part));
}

function swap(fresh) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const text = plain(part);
    if (shown.get(part.id) === text) continue;
    const old = root.querySelector(`#${part.id}`);
    if (old.querySelector("[data-editing]")) continue; // somebody is typing there
    shown.set(part.id, text);
    replace(old, part);
  }
}

function replace(old, part) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const focused = active ? [active.id, active.closest("tr")?.id].filter(Boolean) : [];
  const opened = [...old.querySelectorAll("details[open]")].map((one) => one.id);
  const checked = [...old.querySelectorAll("input[type=checkbox]:checked")].map((one) => one.id);
  const scrolled = [...old.querySelectorAll(".scroll")].map((box) => [box.id, box.scrollLeft]);
  localise(part);
  old.replaceWith(part);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const id of checked) check(document.getElementById(id));
  for (const [id, left] of scrolled) document.getElementById(id)?.scrollTo({ left });
  // What had the focus may be gone, such as the button of a row that is being tried: then its row has it.
  const next = focused.map((id) => document.getElementById(id)).find((element) => element);
  next?.focus({ preventScroll: true });
}

function check(box) {
  if (box) box.checked = true;
}

function sample() {
  const at = root.querySelector("#sample");
  if (!at) return;
  document.title = at.dataset.title;
  announce(at.dataset.status, at.dataset.summary);
  // The server's clock: an answer may be late, and the browser's own one stands still while the machine sleeps.
  const now = Number(at.dataset.now) * 1000;
  const ended = Number(at.dataset.ended);
  samples.push({ now, ended });
  const span = Math.max(WINDOW, 3 * every());
  samples = samples.filter((one) => now - one.now <= span);
  const rate = (ended - samples[0].ended) / ((now - samples[0].now) / 1000);
  if (now - samples[0].now >= 2000) showRate(rate, at.dataset.estimated, ended);
}

function showRate(rate, estimated, ended) {
  const speed = root.querySelector("[data-rate]");
  const left = root.querySelector("[data-left]");
  if (speed) speed.textContent = `${number(Math.max(rate, 0))} rows/s`;
  if (left) left.textContent = rate > 0 && estimated ? `${duration(Math.max(Number(estimated) - ended, 0) / rate)} left` : "";
}

function announce(now, summary) {
  if (now === "waiting") return window.location.reload(); // it is the page with the questions then
  if (status !== null && status !== now) {
    announcer.textContent = `The import: ${summary}.`;
    // What was measured before a pause says nothing about the time after it.
    samples = [];
  }
  status = now;
}

async function refresh() {
  const url = new URL(root.dataset.liveUrl, window.location.href);
  url.searchParams.set("viewer", viewer);
  if (hasActed) url.searchParams.set("anew", "1");
  hasActed = false;
  const answer = await fetch(url, {
    headers: { Accept: "application/json, text/html;q=0.9" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) {
    await explain(answer);
    return answer.status >= 500 || answer.status === 429;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  lost.hidden = true;
  swap(fresh);
  root.dispatchEvent(new Event("refreshed"));
  sample();
  return isLive();
}

async function explain(answer) {
  const told = await answer.json().catch(() => null);
  const words = told?.error?.message ?? `The server answered ${answer.status}.`;
  tell(answer.status === 401 ? "You are logged out. Reload the page to log in again." : words);
}

function tell(words) {
  lost.textContent = words;
  lost.hidden = false;
}

// The server says how often it is to be asked.
const every = () => Math.max(Number(root.querySelector("#sample")?.dataset.every) || LEAST, LEAST);
const isLive = () => root.querySelector("[data-live]")?.dataset.live === "true";
// Where nothing moves by itself, only what is new is to be seen.
const pause = () =>
  Math.max(every(), document.hidden ? HIDDEN_EACH : root.querySelector("[data-slow]") ? SLOW_EACH : 0);

async function tick() {
  if (isAsking) {
    asksAgain = true;
    return;
  }
  isAsking = true;
  let goesOn = true;
  try {
    goesOn = await refresh();
  } catch {
    tell("Connection lost, trying again…");
  }
  isAsking = false;
  const wait = asksAgain ? 0 : pause();
  timer = goesOn || asksAgain ? setTimeout(tick, wait) : null;
  asksAgain = false;
}

function onVisible() {
  if (document.hidden || timer === null) return;
  clearTimeout(timer);
  timer = setTimeout(tick, 0);
}

remember(root);
sample();
if (isLive()) timer = setTimeout(tick, pause());
document.addEventListener("visibilitychange", onVisible);
document.addEventListener("live:refresh", () => {
  hasActed = true;
  clearTimeout(timer);
  timer = setTimeout(tick, 0);
});
