// The conversation: ask, stop, ask again, and keep what was said in this browser.

import { $, all, announce, notice, parts, phrase, setState } from "./tools.js";
import * as panel from "./panel.js";
import * as store from "./store.js";

let busy = false;
let way = "submit"; // the event by which questions are asked; a stopped one may still end what comes by the same

export const isBusy = () => busy;
export const exchangeOf = (turn) => (turn?.dataset.exchange ? JSON.parse(turn.dataset.exchange) : null);
export const turnOf = (key) => document.getElementById(`turn-${key}`);
const turns = () => all("#past .turn, #live .turn");
export const kept = () => turns().map(exchangeOf).filter(Boolean);

// ---- asking ---------------------------------------------------------------------------------------------

export function bind(element) {
  const form = $("form", element);
  const box = $("#question", element);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener("keydown", (event) => {
    // An Enter that ends the choice of a character belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  box.addEventListener("input", () => grow(box));
  if (matchMedia("(hover: hover)").matches) box.focus();
  drawScope();
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
}

export function write(question) {
  const box = $("#question");
  box.value = question;
  grow(box);
  box.focus();
}

function send() {
  const box = $("#question");
  const question = box.value.trim();
  if (!question || busy) return;
  const editing = turnOf(box.dataset.editing ?? "");
  delete box.dataset.editing;
  box.value = "";
  grow(box);
  if (editing) again(question, editing);
  else ask(question);
}

export function ask(question, undo = []) {
  if (busy) return;
  settle();
  setBusy(true);
  setState("talking", true);
  parts.live.trigger(way, { question, history: kept().slice(-6), undo, ...bounds() });
}

/** Moves the last turn up to the finished ones, so that the server only ever draws the newest. */
function settle() {
  for (const node of [...parts.live.element.childNodes]) {
    if (node.nodeType === Node.ELEMENT_NODE && node.classList.contains("turn")) parts.past.element.append(node);
    else node.remove();
  }
}

/** Asks again from a turn on: it and what came after it make way. */
export function again(question, from, undo = []) {
  if (busy) return;
  let gone = false;
  for (const turn of turns()) {
    gone ||= turn === from;
    if (gone) turn.remove();
  }
  panel.close();
  ask(question, undo);
}

/** Asks again as it was asked, with one reading of the question taken back or made again. */
export function reread(turn, key, taken) {
  const { question, undone = [] } = exchangeOf(turn);
  const others = undone.filter((other) => other !== key);
  again(question, turn, taken ? [...others, key] : others);
}

export function edit(turn) {
  write(exchangeOf(turn)?.question ?? turn.dataset.question);
  $("#question").dataset.editing = turn.dataset.key;
}

// ---- what comes back ------------------------------------------------------------------------------------

export function drawn() {
  const turn = $("#live .turn");
  if (turn?.dataset.exchange) {
    store.save(kept());
    drawRail();
    panel.pressed();
    announce($(".prose, .refusal", turn)?.textContent ?? "");
  }
  follow();
}

export function restored() {
  const thread = $("#thread");
  requestAnimationFrame(() => {
    thread.scrollTop = thread.scrollHeight;
    panel.pressed();
  });
}

export function finished(asked) {
  if (asked !== way) return; // of a question that was stopped
  if (busy) stopped($("#live .turn.pending"), "broke"); // it ended without an answer, and nobody stopped it
  setBusy(false);
  follow();
}

export function stop() {
  if (!busy) return;
  parts.composer.trigger(way === "submit" ? "stop" : "end");
  way = way === "submit" ? "retry" : "submit";
  stopped($("#live .turn.pending"), "stopped");
  setBusy(false);
}

function stopped(turn, why) {
  if (!turn) return;
  turn.classList.replace("pending", "stopped");
  turn.dataset.stopped = phrase(why);
}

function setBusy(now) {
  busy = now;
  setState("busy", now);
}

/** Keeps the newest turn in sight without running away from its beginning. */
function follow() {
  const turn = $("#live .turn");
  const thread = $("#thread");
  if (!turn || !thread) return;
  const top = turn.offsetTop - 12;
  const bottom = turn.offsetTop + turn.offsetHeight - thread.clientHeight + 32;
  thread.scrollTo({ top: Math.max(thread.scrollTop, Math.min(top, bottom)), behavior: "smooth" });
}

// ---- conversations --------------------------------------------------------------------------------------

export function open(id) {
  if (busy) stop();
  panel.close();
  const exchanges = store.open(id);
  setState("talking", exchanges.length > 0);
  setState("rail-open", false);
  parts.past.trigger("select", { exchanges });
  drawRail();
}

export function drawRail() {
  const rail = parts.rail?.element;
  if (!rail) return;
  const list = $(".conversations", rail);
  const template = $("template", rail);
  list.replaceChildren(
    ...store.list().map((entry) => {
      const item = template.content.cloneNode(true);
      const row = item.firstElementChild;
      row.dataset.id = entry.id;
      const button = $(".conversation", row);
      button.textContent = entry.title;
      button.title = entry.title;
      if (entry.id === store.current()) button.setAttribute("aria-current", "true");
      return item;
    }),
  );
  $(".empty", rail).hidden = list.childElementCount > 0;
}

export function rename(id) {
  const title = prompt($("#rail nav").dataset.rename, store.title(id));
  if (title?.trim()) store.rename(id, title.trim());
  drawRail();
}

export function forget(id) {
  if (!confirm($("#rail nav").dataset.forget)) return;
  const current = id === store.current();
  store.forget(id);
  if (current) open(store.create());
  else drawRail();
}

export function exported(form, exchanges) {
  if (exchanges.length) parts.outbox.trigger("download", { form, exchanges, title: store.title(store.current()) });
}

// ---- which documents and dates are asked ----------------------------------------------------------------

/** Which archives, documents and dates the next question is asked of; names of archives that are gone are left out. */
export function bounds() {
  const found = store.bounds();
  return { ...found, where: { ...found.where, archives: archives() } };
}

const switches = () => all("#composer .switch");

/** The chosen archives; none means all of them. */
function archives() {
  const known = switches().map((button) => button.dataset.name);
  const chosen = (store.setting("where")?.archives ?? []).filter((name) => known.includes(name));
  return chosen.length === known.length ? [] : chosen;
}

/** Asks an archive or leaves it out; the last one cannot be left out. */
export function toggleArchive(name) {
  const known = switches().map((button) => button.dataset.name);
  const now = archives().length ? archives() : known;
  const next = now.includes(name) ? now.filter((other) => other !== name) : known.filter((other) => now.includes(other) || other === name);
  scope({ archives: next.length === known.length ? [] : next });
}

export function drawScope() {
  const form = $("#composer form");
  const where = store.setting("where") ?? {};
  const asked = archives();
  for (const button of switches()) {
    button.setAttribute("aria-pressed", String(!asked.length || asked.includes(button.dataset.name)));
  }
  const chips = (where.docs ?? []).map((doc) => chip(where.titles?.[doc] ?? doc, "unscope-doc", doc));
  const period = [where.since, where.until].some(Boolean) ? `${where.since || "…"} – ${where.until || "…"}` : "";
  if (period) chips.push(chip(period, "unscope-period", ""));
  $(".chips", form).replaceChildren(...chips);
  $('[data-do="since"]', form).value = where.since ?? "";
  $('[data-do="until"]', form).value = where.until ?? "";
}

function chip(words, action, value) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.dataset.do = action;
  button.dataset.doc = value;
  button.textContent = words;
  return button;
}

export function scope(change) {
  const where = { ...(store.setting("where") ?? {}), ...change };
  store.setSetting("where", where);
  drawScope();
}

export function setPeriod(name, input) {
  const value = input.value.trim();
  const right = value === "" || /^\d{4}(-\d{2}(-\d{2})?)?$/.test(value);
  input.setAttribute("aria-invalid", String(!right));
  if (right) scope({ [name]: value });
}

// ---- judgements -----------------------------------------------------------------------------------------

export function judge(button, verdict) {
  const { key, passage } = button.dataset;
  const exchange = exchangeOf(turnOf(key));
  if (!exchange) return;
  const value = button.getAttribute("aria-pressed") === "true" ? "withdrawn" : verdict;
  store.judged(key, passage ?? "", value);
  parts.outbox.trigger("like", { exchange, passage: passage ?? "", verdict: value });
  panel.pressed();
  notice(phrase("thanks"));
}
