// The upload page: looks at the first bytes of a file, sends it, shows how far it is, and goes to the import's page.

import { betterType, look, shown } from "./first_look.js";
import { currentToken, expire } from "./token.js";
import { duration, size } from "./words.js";

const form = document.getElementById("upload");
const input = form.querySelector("input[type=file]");
const drop = document.getElementById("drop");
const part = (name) => form.querySelector(`[data-${name}]`);
const radios = [...form.querySelectorAll("[name=record_type]")];
const limit = Number(form.dataset.limit);

// The same key makes the same import, however often the form is sent. Where an answer got lost it is kept,
// for the server may have the file; where the server refused, the next try is a new one.
let key = newKey();
let request = null;
let isSubmitting = false;
let isRetry = false;

// The record type that is checked because the file says it, until a person chooses one.
let typeOfFile = null;
// The look that is under way or was the last, and what it told.
let looking = Promise.resolve();
let turn = 0;
let refusal = "";

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What the file is

const checked = () => radios.find((radio) => radio.checked);
const chosenByPerson = () => checked() && checked().value !== typeOfFile ? checked().value : null;

function onChosen() {
  key = newKey();
  const file = input.files[0];
  drop.classList.toggle("has-file", Boolean(file));
  part("chosen").textContent = file ? file.name : "Choose a file";
  part("chosen-size").textContent = file ? size(file.size) : "or drop it here";
  lookAgain();
}

function onTypeChosen() {
  key = newKey();
  typeOfFile = null;
  lookAgain();
}

function lookAgain() {
  const file = input.files[0];
  turn += 1;
  refusal = problemOf(file);
  fail(refusal);
  part("found").replaceChildren(...(file && !refusal ? [paragraph("Looking at the file…")] : []));
  if (file && !refusal) looking = lookAt(file, turn);
}

async function lookAt(file, ofTurn) {
  const told = await look(form.dataset.firstLook, file, chosenByPerson());
  if (ofTurn !== turn) return;
  if (told.problem) {
    part("found").replaceChildren(...(told.isLoggedOut ? [] : [paragraph(told.problem)]));
    if (told.isLoggedOut) failLoggedOut();
    return;
  }
  if (!chosenByPerson()) takeTypeOfFile(told.best);
  show(told);
}

function takeTypeOfFile(name) {
  if (checked()) checked().checked = false;
  typeOfFile = name;
  const radio = radios.find((one) => one.value === name);
  if (radio) radio.checked = true;
}

function show(told) {
  const better = betterType(told, checked()?.value);
  refusal = told.refused && !better ? told.refused.message : "";
  fail(refusal);
  const type = told.types.find((one) => one.name === typeOfFile);
  const parts = better ? [offer(better)] : [...shown(told)];
  if (type && !refusal) parts.unshift(paragraph(`This looks like ${type.label}, which is chosen now.`));
  if (!checked() && !refusal) parts.push(paragraph("What its rows are cannot be told: choose it above."));
  part("found").replaceChildren(...parts);
}

function paragraph(words) {
  const made = document.createElement("p");
  made.textContent = words;
  return made;
}

function offer(type) {
  const box = document.createElement("div");
  box.className = "notice notice-warn";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = `Use ${type.label}`;
  button.addEventListener("click", () => use(type.name));
  box.append(`This looks like ${type.label}: the file has ${type.filled} of its columns.`, button);
  return box;
}

function use(name) {
  const radio = radios.find((one) => one.value === name);
  radio.checked = true;
  radio.focus();
  onTypeChosen();
}

function problemOf(file) {
  if (file && file.size > limit) {
    return `The file has ${size(file.size)}; the limit here is ${form.dataset.limitWords}. Split it and upload the parts.`;
  }
  return file && file.size === 0 ? "The file is empty." : "";
}

function fail(...words) {
  part("error").replaceChildren(...words);
  part("error").hidden = !words.join("");
}

function failLoggedOut() {
  const link = document.createElement("a");
  link.href = window.location.href;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Log in in another tab";
  fail("You are logged out. ", link, ", then press “Start the import” again: the file stays chosen here.");
}

// Sending it

function setBusy(busy) {
  part("submit").disabled = busy;
  part("cancel").hidden = !busy;
  part("progress").hidden = !busy;
  for (const field of form.querySelectorAll("fieldset")) field.disabled = busy;
}

async function onSubmit(event) {
  event.preventDefault();
  if (request || isSubmitting) return;
  isSubmitting = true;
  isRetry = false;
  await looking;
  const problem = problemNow();
  if (problem) fail(problem);
  else await send(input.files[0], checked().value);
  isSubmitting = false;
}

function problemNow() {
  if (!input.files.length) return "Choose a file first.";
  if (refusal) return refusal;
  if (checked()) return "";
  radios[0].focus();
  return "Say what the rows are: choose one of the record types.";
}

async function send(file, recordType) {
  fail("");
  const token = await currentToken();
  const body = new FormData();
  const notify = form.querySelector("[name=notify]:checked") ?? form.querySelector("[name=notify]");
  if (notify) body.append("notify", notify.value);
  body.append("file", file);
  request = new XMLHttpRequest();
  request.open("POST", `${form.dataset.upload}?ask=repeats&record_type=${encodeURIComponent(recordType)}`);
  request.setRequestHeader("X-CSRFToken", token);
  request.setRequestHeader("Idempotency-Key", key);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  const begun = performance.now();
  request.upload.onprogress = (event) => showProgress(event.loaded, event.total, (performance.now() - begun) / 1000);
  request.onload = onAnswer;
  request.onerror = () => end("The connection broke off. Send it again: it makes no second import.");
  request.onabort = () => { key = newKey(); end("The upload was cancelled. Nothing was imported."); };
  setBusy(true);
  showProgress(0, file.size, 0);
  request.send(body);
}

function showProgress(loaded, total, seconds) {
  const rate = seconds > 0.3 ? loaded / seconds : 0;
  const share = total ? loaded / total : 0;
  part("percent").textContent = `${Math.floor(share * 100)}%`;
  form.querySelector("progress").value = Math.floor(share * 1000);
  part("speed").textContent = rate ? `${(rate / 1024 / 1024).toFixed(1)} MB/s` : "";
  part("left").textContent = rate && share < 1 ? `${duration((total - loaded) / rate)} left` : "";
  part("words").textContent = share < 1 ? "" : "The file has arrived. It is being checked…";
}

function onAnswer() {
  const { status, response: told } = request;
  if (status < 300 && told?.url) {
    part("words").textContent = told.status === "waiting" ? "Something about the file is to be answered." : "The import has begun.";
    window.location.assign(told.url);
    return;
  }
  key = newKey();
  const isOldPage = told?.error?.code === "csrf";
  if (status === 401 || isOldPage) expire();
  end(told?.error?.message || `The server answered ${status}. Try again.`);
  if (status === 401) failLoggedOut();
  if (isOldPage && !isRetry) sendOnceMore();
}

function sendOnceMore() {
  isRetry = true;
  send(input.files[0], checked().value);
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

// Its checks would speak before ours, which say more.
form.noValidate = true;
input.addEventListener("change", onChosen);
form.addEventListener("submit", onSubmit);
part("cancel").addEventListener("click", () => request?.abort());
window.addEventListener("dragover", onDragOver);
window.addEventListener("dragleave", () => drop.classList.remove("over"));
window.addEventListener("drop", onDrop);
window.addEventListener("beforeunload", (event) => { if (request && request.readyState < 4) event.preventDefault(); });
// A page that the browser shows again may hold a file, and would otherwise still be busy: what it holds is shown.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) { request = null; setBusy(false); }
  if (input.files.length || drop.classList.contains("has-file")) onChosen();
});
for (const radio of radios) radio.addEventListener("change", onTypeChosen);
form.classList.add("scripted");
