// What the first bytes of a file say of it, asked of the server before the file is sent.

import { currentToken, expire } from "./token.js";

const FIRST_BYTES = 262144;
const PATIENCE = 10000;
const MOST_NAMES = 12;

// Returns what the server says, or {problem, isLoggedOut} where it cannot say anything.
export async function look(address, file, recordType) {
  let told = await ask(address, file, recordType);
  if (told.error?.code === "csrf") {
    expire();
    told = await ask(address, file, recordType);
  }
  if (told.error?.code === "unauthorized") expire();
  if (!told.error) return told;
  return { problem: told.error.message, isLoggedOut: told.error.code === "unauthorized" };
}

async function ask(address, file, recordType) {
  const query = new URLSearchParams({ size: file.size, ...(recordType && { record_type: recordType }) });
  try {
    const answer = await fetch(`${address}?${query}`, {
      method: "POST",
      body: await file.slice(0, FIRST_BYTES).arrayBuffer(),
      headers: { "X-CSRFToken": await currentToken(), "Content-Type": "application/octet-stream", Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await answer.json();
  } catch {
    return { error: { message: "The file could not be looked at yet: it cannot be opened, or the server does not answer." } };
  }
}

// The record type that fits better than the chosen one; null where that one fits.
export function betterType(told, chosen) {
  const fit = told.types?.find((type) => type.name === chosen);
  if (!fit || fit.is_complete || !told.best || told.best === chosen) return null;
  return told.types.find((type) => type.name === told.best);
}

// The parts of the page that say it.
export function* shown(told) {
  if (told.reads_as && !told.refused) yield line("Read as: ", `${told.reads_as}.`);
  const imported = told.columns.filter((column) => column.field).length;
  if (told.columns.length) yield line("Columns: ", `${imported} of ${told.columns.length} are imported.`, ignored(told.ignored));
  if (told.layouts.length) yield line("Layouts for such files: ", `${told.layouts.map((name) => `“${name}”`).join(", ")}.`);
  if (told.questions.length) yield questions(told.questions);
}

function ignored(names) {
  if (!names.length) return "";
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return ` Not imported: ${names.slice(0, MOST_NAMES).map((name) => name.trim() ? `“${name}”` : "one without a name").join(", ")}${more}.`;
}

function line(title, ...words) {
  const paragraph = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = title;
  paragraph.append(strong, ...words);
  return paragraph;
}

function questions(asked) {
  const box = document.createElement("div");
  const list = document.createElement("ul");
  for (const question of asked) {
    const item = document.createElement("li");
    item.textContent = question.text;
    list.append(item);
  }
  box.append("Before its rows are read, you will be asked:", list);
  return box;
}
