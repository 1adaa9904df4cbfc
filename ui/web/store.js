// Conversations and settings, kept in this browser only. Which conversation is open is known per tab.

const LIST = "youju.conversations";
const ONE = "youju.conversation.";
const SETTINGS = "youju.settings";
const CURRENT = "youju.current";
const JUDGED = "youju.judged";
const MOST = 200;

function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Writes; when the browser's room is full, the oldest conversations make way. */
function write(key, value) {
  for (;;) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      return;
    } catch {
      const entries = list();
      const oldest = entries.at(-1);
      if (!oldest || oldest.id === current()) return;
      localStorage.removeItem(ONE + oldest.id);
      localStorage.setItem(LIST, JSON.stringify(entries.slice(0, -1)));
    }
  }
}

export function list() {
  const found = read(LIST, []);
  return Array.isArray(found) ? found.filter((entry) => entry && typeof entry.id === "string") : [];
}

export function current() {
  let id = sessionStorage.getItem(CURRENT);
  if (!id) id = list()[0]?.id ?? create();
  sessionStorage.setItem(CURRENT, id);
  return id;
}

export function create() {
  const id = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  sessionStorage.setItem(CURRENT, id);
  return id;
}

export function open(id) {
  sessionStorage.setItem(CURRENT, id);
  const found = read(ONE + id, []);
  return Array.isArray(found) ? found : [];
}

export function save(exchanges) {
  const id = current();
  const entries = list();
  const old = entries.find((entry) => entry.id === id);
  const title = old?.title ?? exchanges[0]?.question.slice(0, 60) ?? "";
  const rest = entries.filter((entry) => entry.id !== id);
  for (const entry of rest.slice(MOST - 1)) localStorage.removeItem(ONE + entry.id);
  write(ONE + id, exchanges);
  write(LIST, [{ id, title, changed: Date.now() }, ...rest.slice(0, MOST - 1)]);
}

export const title = (id) => list().find((entry) => entry.id === id)?.title ?? "";

export function rename(id, name) {
  write(
    LIST,
    list().map((entry) => (entry.id === id ? { ...entry, title: name.slice(0, 120) } : entry)),
  );
}

export function forget(id) {
  localStorage.removeItem(ONE + id);
  write(
    LIST,
    list().filter((entry) => entry.id !== id),
  );
}

export const setting = (name) => read(SETTINGS, {})[name];

export function setSetting(name, value) {
  write(SETTINGS, { ...read(SETTINGS, {}), [name]: value });
}

/** Which documents and dates, and how many passages, the next question is asked of. */
export function bounds() {
  const { docs = [], since = "", until = "" } = setting("where") ?? {};
  return { where: { docs, since, until }, k: setting("k") ?? 0, plain: setting("plain") ?? false };
}

const judgementKey = (key, passage) => `${key}/${passage}`;

export function judged(key, passage, verdict) {
  write(JUDGED, { ...read(JUDGED, {}), [judgementKey(key, passage)]: verdict });
}

export const judgement = (key, passage) => read(JUDGED, {})[judgementKey(key, passage)];
