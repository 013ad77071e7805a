// Failed rows: their cells are edited where they stand, checked as one types, and tried again without the page jumping.
// Without this script the same forms are pages of their own.

const WAIT = 300;
const root = document.querySelector("[data-live-url]");
const KEYS = new Set(["Enter", "Escape"]);

let editor = null; // one row at a time

// The live page puts in what has changed, except where something is edited.
const refresh = () => document.dispatchEvent(new Event("live:refresh"));

const json = (form) => ({ method: "POST", body: new URLSearchParams(form), headers: { Accept: "application/json" } });

async function said(answer) {
  const told = await answer.json().catch(() => null);
  if (answer.ok) return told;
  if (answer.status === 401) throw new Error("You are logged out. Reload the page to log in again.");
  throw Object.assign(new Error(told?.error?.message ?? `The server answered ${answer.status}.`), told?.error);
}

class Editor {
  constructor(row, form) {
    this.row = row;
    this.form = form; // of the row's own page: its hidden fields, and where it is sent
    this.cells = new Map();
    this.timer = null;
    this.asked = 0;
    this.isSending = false;
  }

  get status() {
    return this.row.querySelector("[data-row-status]");
  }

  open(places, focused) {
    this.row.dataset.editing = "";
    for (const place of places) this.openCell(place);
    this.showButtons();
    const field = (this.cells.get(focused) ?? [...this.cells.values()][0])?.field;
    field?.focus();
    field?.select();
  }

  openCell(place) {
    const cell = this.row.querySelector(`[data-place="${place}"]`);
    const field = this.form.querySelector(`[data-cell="${place}"]`);
    if (!cell || !field) return;
    field.id = `input-${this.row.dataset.row}-${place}`;
    field.setAttribute("aria-label", `${cell.dataset.label} of row ${this.row.dataset.row}`);
    const faults = document.createElement("div");
    faults.id = `${field.id}-faults`;
    faults.setAttribute("role", "status");
    faults.append(...[...cell.querySelectorAll(".fault")].map((fault) => fault.cloneNode(true)));
    field.setAttribute("aria-describedby", faults.id);
    field.rows = 2;
    const hidden = [...cell.children];
    for (const child of hidden) child.hidden = true;
    cell.append(field, faults);
    cell.classList.add("editing");
    this.cells.set(place, { cell, field, faults, hidden, text: field.value });
    field.addEventListener("input", () => this.checkLater());
    field.addEventListener("keydown", (event) => this.onKey(event));
  }

  showButtons() {
    const actions = this.row.querySelector("[data-actions]");
    for (const child of actions.children) child.hidden = true;
    const make = (words, kind, act) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: `button small ${kind}`, textContent: words });
      button.addEventListener("click", act);
      actions.append(button);
      return button;
    };
    this.buttons = [
      make("Save and try", "primary", () => this.save()),
      make("Leave", "", () => this.close()),
    ];
  }

  onKey(event) {
    const isLine = event.target.tagName === "TEXTAREA" && event.shiftKey;
    if (!KEYS.has(event.key) || event.isComposing || isLine) return;
    event.preventDefault();
    if (event.key === "Enter") this.save();
    else this.close();
  }

  get isChanged() {
    return [...this.cells.values()].some(({ field, text }) => field.value !== text);
  }

  fields() {
    const data = new FormData();
    for (const hidden of this.form.querySelectorAll("input[type=hidden]")) data.append(hidden.name, hidden.value);
    for (const { field } of this.cells.values()) data.append(field.name, field.value);
    return data;
  }

  checkLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), WAIT);
  }

  async check() {
    const mine = ++this.asked;
    try {
      const { faults } = await said(await fetch(`${this.address}check`, json(this.fields())));
      if (mine === this.asked && editor === this) this.showFaults(faults);
    } catch (error) {
      if (mine === this.asked && editor === this) this.tell(error);
    }
  }

  get address() {
    return `${this.row.closest("[data-rows]").dataset.rows}${this.row.dataset.row}/`;
  }

  showFaults(faults) {
    for (const [place, { field, faults: box }] of this.cells) {
      const mine = faults.filter((fault) => fault.places.includes(place));
      field.setAttribute("aria-invalid", String(mine.length > 0));
      box.replaceChildren(...mine.map(({ message }) => this.sentence("fault", message)));
    }
    const others = faults.filter((fault) => !fault.places.some((place) => this.cells.has(place)));
    const left = others.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join("; ");
    const isWell = faults.length === 0;
    this.status.className = `row-status ${isWell ? "done" : "muted"}`;
    this.status.textContent = isWell ? "✓ Passes the checks" : left && `Still wrong: ${left}`;
  }

  sentence(kind, words) {
    const line = document.createElement("p");
    line.className = kind;
    line.textContent = words;
    return line;
  }

  tell(error) {
    const at = error.column ? this.cells.get(error.column - 1) : null;
    if (at) at.faults.replaceChildren(this.sentence("fault", error.message));
    this.status.className = "row-status bad";
    this.status.textContent = at ? "" : error.message;
  }

  async save() {
    if (this.isSending) return;
    if (!this.isChanged) return this.close();
    clearTimeout(this.timer);
    this.asked += 1;
    this.isSending = true;
    for (const button of this.buttons) button.disabled = true;
    try {
      await said(await fetch(`${this.address}corrections`, json(this.fields())));
      this.close();
      this.status.textContent = "Saved. The row is being tried…";
    } catch (error) {
      this.tell(error);
      for (const button of this.buttons) button.disabled = false;
    }
    this.isSending = false;
  }

  close() {
    clearTimeout(this.timer);
    for (const { cell, field, faults, hidden } of this.cells.values()) {
      field.remove();
      faults.remove();
      cell.classList.remove("editing");
      for (const child of hidden) child.hidden = false;
    }
    for (const button of this.buttons) button.remove();
    for (const child of this.row.querySelector("[data-actions]").children) child.hidden = false;
    this.status.textContent = "";
    delete this.row.dataset.editing;
    editor = null;
    this.row.focus({ preventScroll: true });
    refresh();
  }
}

async function edit(row, places, focused, address) {
  if (editor && editor.row === row) return;
  if (editor?.isChanged) {
    const [first] = editor.cells.values();
    first.field.focus();
    editor.status.textContent = "Save this row, or leave it, before you edit another one.";
    return;
  }
  editor?.close();
  const status = row.querySelector("[data-row-status]");
  row.dataset.editing = ""; // from here on the live page leaves it alone
  try {
    const answer = await fetch(address);
    if (answer.redirected || !answer.ok) return window.location.assign(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page.querySelector("form[data-correct]");
    if (!form?.querySelector("button[type=submit]")) return window.location.assign(address);
    editor = new Editor(row, form);
    editor.open(places, focused);
  } catch {
    delete row.dataset.editing;
    status.textContent = "Connection lost. Try again.";
  }
}

const placesOf = (cells) => [...cells].map((cell) => Number(cell.dataset.place));

function onClick(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = event.target.closest("a[data-edit], a[data-edit-row]");
  const row = link?.closest("tr[data-row]");
  if (!row) return;
  event.preventDefault();
  const cell = link.closest("[data-place]");
  const places = placesOf(cell ? [cell] : row.querySelectorAll("[data-place]"));
  const first = cell ?? row.querySelector(".at-fault") ?? row.querySelector("[data-place]");
  edit(row, places, Number(first?.dataset.place), link.href);
}

function onDoubleClick(event) {
  const cell = event.target.closest("tr[data-state=failed] td[data-place]");
  const link = cell?.closest("tr").querySelector("a[data-edit-row]");
  if (!link || cell.classList.contains("editing")) return;
  edit(cell.closest("tr"), placesOf([cell]), Number(cell.dataset.place), link.href);
}

// A retry is sent in place: the page stays where it is, and so does the focus.
async function onSubmit(event) {
  const form = event.target.closest("#failed-rows form[data-in-place]");
  if (!form) return;
  event.preventDefault();
  const row = form.closest("tr");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const live = page.querySelector("[data-live-url]");
    if (!answer.ok || !live) return window.location.reload();
    history.replaceState(null, "", answer.url);
    root.dataset.liveUrl = live.dataset.liveUrl;
    (row ?? document.getElementById("failed-rows-table"))?.focus({ preventScroll: true });
    refresh();
  } catch {
    const status = row?.querySelector("[data-row-status]");
    if (status) status.textContent = "Connection lost. Try again.";
  }
}

root.addEventListener("click", onClick);
root.addEventListener("dblclick", onDoubleClick);
root.addEventListener("submit", onSubmit);
