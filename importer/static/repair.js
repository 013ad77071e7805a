// The page that repairs rows: the preview goes on, one part after the other, until every row is counted.

import { number } from "./words.js";

const form = document.getElementById("repair");
const place = document.getElementById("repair-preview");
const COUNTS = ["lookedAt", "rows", "wouldPass", "wouldFail", "unchanged"];

let asked = 0;

async function fetchPart(after) {
  const body = new URLSearchParams(new FormData(form));
  body.set("after", after);
  const answer = await fetch(form.dataset.preview, { method: "POST", body });
  if (answer.redirected) return window.location.reload();
  if (!answer.ok && answer.status !== 422) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html").body;
}

async function preview() {
  const mine = ++asked;
  form.setAttribute("aria-busy", "true");
  try {
    const body = await fetchPart(0);
    if (mine !== asked || !body) return;
    place.replaceChildren(...body.childNodes);
    place.scrollIntoView({ block: "nearest" });
    await goOn(mine);
  } catch {
    if (mine === asked) tell("The preview could not be made. Try again.");
  } finally {
    if (mine === asked) form.removeAttribute("aria-busy");
  }
}

async function goOn(mine) {
  const shown = document.getElementById("preview-part");
  if (!shown) return;
  let next = shown.dataset.next;
  const counts = Object.fromEntries(COUNTS.map((name) => [name, Number(shown.dataset[name])]));
  while (next) {
    const part = (await fetchPart(next))?.querySelector("#preview-part");
    if (mine !== asked || !part) return;
    for (const name of COUNTS) counts[name] += Number(part.dataset[name]);
    next = part.dataset.next;
    const rows = shown.querySelector("tbody");
    if (rows && rows.rows.length < 10) rows.append(...[...(part.querySelector("tbody")?.rows ?? [])].slice(0, 10 - rows.rows.length));
    show(shown, counts, Number(shown.dataset.total), next);
  }
}

function show(shown, counts, total, next) {
  for (const cell of shown.querySelectorAll("[data-count]")) cell.textContent = number(counts[cell.dataset.count]);
  const bar = shown.querySelector("progress");
  const words = shown.querySelector("[data-so-far]");
  bar.value = counts.lookedAt;
  bar.hidden = words.hidden = !next;
  words.textContent = `Counted over the first ${number(counts.lookedAt)} of ${number(total)} rows.`;
  if (next) return;
  const button = shown.querySelector("#apply");
  const rows = shown.querySelector("[data-count=rows]") ? counts.rows : counts.wouldPass + counts.wouldFail;
  button.textContent = `${button.dataset.verb} ${number(rows)} ${rows === 1 ? "row" : "rows"}`;
  button.disabled = rows === 0;
}

function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice notice-bad";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  place.replaceChildren(notice);
}

// Another rule than the one that was previewed must not be applied by mistake.
function forget(event) {
  if (place.contains(event.target)) return;
  asked += 1;
  form.removeAttribute("aria-busy");
  place.replaceChildren();
}

function onSubmit(event) {
  if (event.submitter?.value === "apply") return;
  event.preventDefault();
  preview();
}

if (form) {
  form.addEventListener("submit", onSubmit);
  form.addEventListener("input", forget);
  goOn(asked);
}
