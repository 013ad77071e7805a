// The list of imports: what is selected, and days of the reader's own zone.

const root = document.querySelector("[data-live-url]");
const filter = document.getElementById("filter");
const boxes = () => [...document.querySelectorAll("#selection input[name=id]")];

function show() {
  const all = document.getElementById("pick-all");
  const button = document.getElementById("delete-selected");
  if (!all) return;
  const picked = boxes().filter((box) => box.checked).length;
  all.hidden = false;
  all.checked = picked > 0 && picked === boxes().length;
  all.indeterminate = picked > 0 && !all.checked;
  button.disabled = picked === 0;
  button.textContent = picked === 0 ? "Delete the selected…" : `Delete ${picked} selected…`;
}

function onChange(event) {
  if (event.target.id === "pick-all") for (const box of boxes()) box.checked = event.target.checked;
  show();
}

// Fields that are empty are left out of the address.
function onSubmit() {
  const fields = [...filter.querySelectorAll("[name]")];
  const isEmpty = (field) => field.value === "";
  const hasDays = fields.some((field) => field.type === "date" && !isEmpty(field));
  for (const field of fields) field.disabled = isEmpty(field) || (field.name === "zone" && !hasDays);
  setTimeout(() => fields.forEach((field) => (field.disabled = false)), 0);
}

function takeZone() {
  const zone = filter.querySelector("[data-zone]");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !own) return;
  zone.value = own;
  filter.querySelector("[data-zone-name]").textContent = own;
}

takeZone();
show();
root.addEventListener("change", onChange);
root.addEventListener("refreshed", show);
filter.addEventListener("submit", onSubmit);
window.addEventListener("pageshow", show);
