// What every page does: times in the reader's own zone, questions before what cannot be undone, and copying.

const written = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    if (time.hasAttribute("data-relative")) {
      time.title = written.format(moment);
      continue;
    }
    time.title = time.textContent;
    time.textContent = written.format(moment);
  }
}

function showCopying() {
  if (!navigator.clipboard) return; // browsers have none where a page came without encryption
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  } catch {
    field.select(); // it was refused: one key is left to press
  }
}

function onClick(event) {
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    event.preventDefault();
    dialog.showModal();
    dialog.querySelector("[data-close]").focus(); // by itself a dialog focuses its first button, which does harm
    return;
  }
  const closer = event.target.closest("dialog [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.more[open]")) {
    const isLeft = event.type === "click" && (!menu.contains(event.target) || event.target.closest(".menu"));
    if (isLeft || event.key === "Escape") menu.open = false;
    if (event.key === "Escape") menu.querySelector("summary").focus();
  }
}

localise(document);
showCopying();
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("click", onClick);
