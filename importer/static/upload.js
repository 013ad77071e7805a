// The upload page: sends one file, shows how far it is, and goes to the import's page.

import { duration, size } from "./words.js";

const form = document.getElementById("upload");
const input = form.querySelector("input[type=file]");
const drop = document.getElementById("drop");
const part = (name) => form.querySelector(`[data-${name}]`);
const token = document.querySelector("meta[name=csrf-token]").content;
const limit = Number(form.dataset.limit);

// The same key makes the same import, however often the form is sent. Where an answer got lost it is kept,
// for the server may have the file; where the server refused, the next try is a new one.
let key = newKey();
let request = null;

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function onChosen() {
  key = newKey();
  const file = input.files[0];
  drop.classList.toggle("has-file", Boolean(file));
  part("chosen").textContent = file ? file.name : "Choose a CSV file";
  part("chosen-size").textContent = file ? size(file.size) : "or drop it here";
  fail(problemOf(file));
}

function problemOf(file) {
  if (file && file.size > limit) {
    return `The file has ${size(file.size)}; the limit here is ${form.dataset.limitWords}. Split it and upload the parts.`;
  }
  return file && file.size === 0 ? "The file is empty." : "";
}

function fail(words) {
  part("error").textContent = words;
  part("error").hidden = !words;
}

function setBusy(busy) {
  part("submit").disabled = busy;
  part("cancel").hidden = !busy;
  part("progress").hidden = !busy;
  for (const field of form.querySelectorAll("fieldset")) field.disabled = busy;
}

function onSubmit(event) {
  event.preventDefault();
  if (request) return;
  const file = input.files[0];
  const problem = file ? problemOf(file) : "Choose a file first.";
  if (problem) return fail(problem);
  fail("");
  send(file, form.querySelector("[name=record_type]:checked").value);
}

function send(file, recordType) {
  const body = new FormData();
  body.append("file", file);
  request = new XMLHttpRequest();
  request.open("POST", `${form.action}?record_type=${encodeURIComponent(recordType)}`);
  request.setRequestHeader("X-CSRFToken", token);
  request.setRequestHeader("Idempotency-Key", key);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  const begun = performance.now();
  request.upload.onprogress = (event) => show(event.loaded, event.total, (performance.now() - begun) / 1000);
  request.onload = onAnswer;
  request.onerror = () => end("The connection broke off. Send it again: it makes no second import.");
  request.onabort = () => { key = newKey(); end("The upload was cancelled. Nothing was imported."); };
  setBusy(true);
  show(0, file.size, 0);
  request.send(body);
}

function show(loaded, total, seconds) {
  const rate = seconds > 0.3 ? loaded / seconds : 0;
  const share = total ? loaded / total : 0;
  part("percent").textContent = `${Math.floor(share * 100)}%`;
  form.querySelector("progress").value = Math.floor(share * 1000);
  part("speed").textContent = rate ? `${(rate / 1024 / 1024).toFixed(1)} MB/s` : "";
  part("left").textContent = rate && share < 1 ? `${duration((total - loaded) / rate)} left` : "";
  part("words").textContent = share < 1 ? "" : "The file has arrived. Its header is being checked…";
}

function onAnswer() {
  const told = request.response;
  if (request.status < 300 && told?.url) {
    part("words").textContent = "The import has begun.";
    window.location.assign(told.url);
    return;
  }
  key = newKey();
  const loggedOut = request.status === 401 ? "You are logged out. Reload the page to log in again." : "";
  end(loggedOut || told?.error?.message || `The server answered ${request.status}. Try again.`);
}

function end(words) {
  request = null;
  setBusy(false);
  fail(words);
}

function onDrop(event) {
  event.preventDefault();
  drop.classList.remove("over");
  if (request || !event.dataTransfer.files.length) return;
  if (event.dataTransfer.files.length > 1) return fail("Drop one file at a time.");
  input.files = event.dataTransfer.files;
  onChosen();
}

function onDragOver(event) {
  event.preventDefault();
  drop.classList.toggle("over", !request);
}

input.addEventListener("change", onChosen);
form.addEventListener("submit", onSubmit);
part("cancel").addEventListener("click", () => request?.abort());
window.addEventListener("dragover", onDragOver);
window.addEventListener("dragleave", () => drop.classList.remove("over"));
window.addEventListener("drop", onDrop);
window.addEventListener("beforeunload", (event) => { if (request && request.readyState < 4) event.preventDefault(); });
// A page that the browser shows again from its memory would otherwise still be busy.
window.addEventListener("pageshow", (event) => { if (event.persisted) { request = null; key = newKey(); setBusy(false); } });
for (const radio of form.querySelectorAll("[name=record_type]")) radio.addEventListener("change", () => { key = newKey(); });
if (input.files.length) onChosen();
