// What every page does: times in the reader's own zone, and questions before what cannot be undone.

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

function onClick(event) {
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
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("click", onClick);
