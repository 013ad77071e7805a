// The page “Check the file”: each choice shows at once what it does.

import { localise } from "./page.js";

const form = document.getElementById("check");
const parts = document.getElementById("check-parts");
const WAIT = 150;

let timer = null;
let asked = 0;

function later() {
  clearTimeout(timer);
  timer = setTimeout(update, WAIT);
}

async function update() {
  const mine = ++asked;
  form.setAttribute("aria-busy", "true");
  let text;
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.redirected || answer.status === 409) return window.location.reload();
    text = answer.ok ? await answer.text() : null;
  } catch {
    text = null;
  }
  if (mine !== asked) return; // a later choice is on its way
  form.removeAttribute("aria-busy");
  if (text === null) return tell("The preview could not be updated. Try again.");
  show(text);
}

function show(text) {
  const focused = document.activeElement?.id;
  const scrolled = document.getElementById("preview")?.scrollLeft ?? 0;
  const isOpen = parts.querySelector("details")?.open ?? false;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  localise(fresh);
  parts.replaceChildren(...fresh.body.childNodes);
  prepare();
  if (isOpen) parts.querySelector("details").open = true;
  document.getElementById("preview")?.scrollTo({ left: scrolled });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice notice-bad";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  parts.prepend(notice);
}

// Each choice updates the page by itself: the button for it is for browsers without scripts.
function prepare() {
  for (const button of parts.querySelectorAll("[data-update]")) button.hidden = true;
}

if (form.dataset.preview) form.addEventListener("change", (event) => event.target.id !== "save-layout" && later());
prepare();
