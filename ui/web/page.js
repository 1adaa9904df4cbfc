// What the browser does by itself: keep conversations, move between citations, and pass events on to the
// server. No HTML is made here: elements come from the server's templates, text goes in as text.

import * as store from "./store.js";

const parts = {};
let busy = false;
let shown = null; // the citation in the panel: {key, number, total, near, before, after}
let opener = null; // what had the focus before the panel opened

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const body = () => document.body;
const root = document.documentElement;

function ready(name, element, trigger, watch) {
  parts[name] = { element, trigger };
  element.addEventListener("click", onClick);
  if (name === "live") watch("value", onLive);
  if (name === "past") watch("value", onPast);
  if (name === "panel") watch("value", onPanel);
  if (name === "composer") bindComposer(element);
  if (name === "rail") drawRail();
  if (parts.live && parts.past && !parts.restored) {
    parts.restored = true;
    $("#first-paint")?.remove();
    open(store.current());
  }
}

// ---- asking ---------------------------------------------------------------------------------------------

function bindComposer(element) {
  const form = $("form", element);
  const box = $("textarea", element);
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
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
}

function send() {
  const box = $("#question");
  const question = box.value.trim();
  if (!question || busy) return;
  box.value = "";
  grow(box);
  ask(question);
}

function ask(question) {
  if (busy) return;
  settle();
  setBusy(true);
  body().classList.add("talking");
  parts.live.trigger("submit", { question, history: kept().slice(-6), ...store.bounds() });
}

/** Moves the last turn up to the finished ones, so that the server only ever draws the newest. */
function settle() {
  for (const node of [...parts.live.element.childNodes]) {
    if (node.nodeType === Node.ELEMENT_NODE && node.classList.contains("turn")) parts.past.element.append(node);
    else node.remove();
  }
}

const exchangeOf = (turn) => (turn?.dataset.exchange ? JSON.parse(turn.dataset.exchange) : null);
const turns = () => all("#past .turn, #live .turn");
const kept = () => turns().map(exchangeOf).filter(Boolean);
const turnOf = (key) => document.getElementById(`turn-${key}`);

function onLive() {
  const turn = $("#live .turn");
  if (turn?.dataset.exchange) {
    store.save(kept());
    drawRail();
    announce($(".prose, .refusal", turn)?.textContent ?? "");
  }
  follow();
}

function onPast() {
  requestAnimationFrame(() => scrollTo({ top: document.body.scrollHeight }));
  mark();
}

function finished() {
  setBusy(false);
  const turn = $("#live .turn.pending");
  if (turn) stopTurn(turn);
  follow();
}

function stop() {
  if (!busy) return;
  parts.composer.trigger("stop");
  const turn = $("#live .turn.pending");
  if (turn) stopTurn(turn);
  setBusy(false);
}

function stopTurn(turn) {
  turn.classList.replace("pending", "stopped");
  turn.dataset.stopped = $("#composer form").dataset.stopped;
}

function setBusy(now) {
  busy = now;
  body().classList.toggle("busy", now);
}

function follow() {
  const turn = $("#live .turn");
  const thread = $("#thread");
  if (!turn || !thread) return;
  const top = turn.offsetTop - 24;
  const bottom = turn.offsetTop + turn.offsetHeight - thread.clientHeight + 32;
  thread.scrollTo({ top: Math.max(thread.scrollTop, Math.min(top, bottom)), behavior: "smooth" });
}

function again(question, upTo) {
  for (const turn of turns()) {
    if (upTo && turn.compareDocumentPosition(upTo) & Node.DOCUMENT_POSITION_FOLLOWING) continue;
    if (upTo && turn !== upTo && !(upTo.compareDocumentPosition(turn) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
    turn.remove();
  }
  closePanel();
  ask(question);
}

// ---- conversations --------------------------------------------------------------------------------------

function open(id) {
  if (busy) stop();
  closePanel();
  const exchanges = store.open(id);
  body().classList.toggle("talking", exchanges.length > 0);
  body().classList.remove("rail-open");
  parts.past.trigger("select", { exchanges });
  drawRail();
}

function drawRail() {
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

// ---- the source beside the chat -------------------------------------------------------------------------

function show(key, number, options = {}) {
  const exchange = exchangeOf(turnOf(key));
  const near = Boolean(options.near);
  const list = (near ? exchange?.nearest : exchange?.marks) ?? [];
  let mark = list.find((item) => item.number === number);
  if (!mark) return;
  if (options.place !== undefined) mark = { ...mark.also[options.place], number, also: family(mark, options.place) };
  if (!body().classList.contains("panel-open")) opener = document.activeElement;
  shown = { key, number, near, mark, total: list.length, before: 0, after: 0 };
  body().classList.add("panel-open");
  requestSource();
}

/** The other members of a family when one of them is opened: the first one, and its other copies. */
function family(mark, place) {
  const first = { ...mark, also: [] };
  return [first, ...mark.also.filter((_, index) => index !== place)];
}

function requestSource() {
  parts.panel.element.classList.add("loading");
  parts.panel.trigger("select", shown);
  mark();
}

function onPanel() {
  parts.panel.element.classList.remove("loading");
  const panel = $("#panel .source");
  if (!panel) return;
  setView(store.setting("view") || "original");
  for (const name of ["previous", "next"]) {
    const button = $(`[data-do="${name}"]`, panel);
    if (button) button.disabled = shown.total < 2;
  }
  markJudgements();
  $("h2", panel)?.focus({ preventScroll: true });
}

function setView(view) {
  const panel = $("#panel .source");
  if (!panel) return;
  if (!$(`.view-${view}`, panel)?.childElementCount && view === "reading") view = "original";
  panel.dataset.view = view;
  for (const button of all('[data-do="view"]', panel)) button.setAttribute("aria-pressed", button.dataset.view === view);
  const cited = $(`.view-${view} .cited`, panel);
  const pages = $(".pages", panel);
  if (cited && pages) pages.scrollTop = cited.offsetTop - pages.offsetTop - pages.clientHeight / 4;
}

function closePanel() {
  if (!body().classList.contains("panel-open")) return;
  body().classList.remove("panel-open");
  shown = null;
  mark();
  opener?.focus?.({ preventScroll: true });
}

function step(by) {
  if (!shown) return;
  const next = ((shown.number - 1 + by + shown.total) % shown.total) + 1;
  show(shown.key, next, { near: shown.near });
}

/** Shows which citation the panel belongs to. */
function mark() {
  for (const button of all(".cite, .card")) {
    const same = shown && button.dataset.key === shown.key && Number(button.dataset.number) === shown.number;
    if (same) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

// ---- judgements -----------------------------------------------------------------------------------------

function judge(button, verdict) {
  const { key, number } = button.dataset;
  const turn = turnOf(key);
  const exchange = exchangeOf(turn);
  if (!exchange) return;
  const pressed = button.getAttribute("aria-pressed") !== "true";
  const value = pressed ? verdict : "withdrawn";
  store.judged(key, number ?? "", value);
  parts.composer.trigger("like", { exchange, number: number ? Number(number) : 0, verdict: value });
  markJudgements();
  announce($("#composer form").dataset.thanks);
}

function markJudgements() {
  for (const button of all("[data-do][aria-pressed][data-key]")) {
    const given = store.judgement(button.dataset.key, button.dataset.number ?? "");
    button.setAttribute("aria-pressed", String(given === button.dataset.do));
  }
}

// ---- everything that can be pressed ---------------------------------------------------------------------

const doing = {
  example: (button) => ask(button.textContent),
  cite: (button) => show(button.dataset.key, Number(button.dataset.number)),
  near: (button) => show(button.dataset.key, Number(button.dataset.number), { near: true }),
  also: (button) =>
    show(button.dataset.key, Number(button.dataset.number), { place: Number(button.dataset.place), near: shown?.near }),
  close: closePanel,
  previous: () => step(-1),
  next: () => step(1),
  earlier: () => {
    shown.before += 1;
    requestSource();
  },
  later: () => {
    shown.after += 1;
    requestSource();
  },
  view: (button) => {
    store.setSetting("view", button.dataset.view);
    setView(button.dataset.view);
  },
  stop,
  retry: (button) => {
    const turn = button.closest(".turn");
    again(exchangeOf(turn)?.question ?? turn.dataset.question, turn);
  },
  edit: (button) => {
    const box = $("#question");
    box.value = exchangeOf(button.closest(".turn")).question;
    grow(box);
    box.focus();
  },
  copy: (button) => copy(exchangeOf(button.closest(".turn")).text),
  "copy-quote": () => copy(all("#panel .view-original .cited").map((item) => item.textContent).join("")),
  evidence: (button) => {
    const exchange = exchangeOf(button.closest(".turn"));
    save(`youju-${exchange.key}.json`, "application/json", JSON.stringify(exchange, null, 2));
  },
  useful: (button) => judge(button, "useful"),
  useless: (button) => judge(button, "useless"),
  right: (button) => judge(button, "right"),
  wrong: (button) => judge(button, "wrong"),
  new: () => {
    open(store.create());
    $("#question")?.focus();
  },
  "open-conversation": (button) => open(button.closest("li").dataset.id),
  rename: (button) => {
    const id = button.closest("li").dataset.id;
    const title = prompt($("#rail nav").dataset.rename, store.title(id));
    if (title?.trim()) store.rename(id, title.trim());
    drawRail();
  },
  forget: (button) => {
    if (!confirm($("#rail nav").dataset.forget)) return;
    const id = button.closest("li").dataset.id;
    const current = id === store.current();
    store.forget(id);
    if (current) open(store.create());
    else drawRail();
  },
  menu: () => body().classList.toggle("rail-open"),
  theme: () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    store.setSetting("theme", next);
    root.dataset.theme = next;
  },
};

function onClick(event) {
  const button = event.target.closest("[data-do]");
  if (button && !button.disabled) doing[button.dataset.do]?.(button);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (body().classList.contains("rail-open")) body().classList.remove("rail-open");
    else if (shown) closePanel();
    else if (busy) stop();
    return;
  }
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (writing || event.ctrlKey || event.metaKey || event.altKey || !shown) return;
  if (event.key === "[") step(-1);
  if (event.key === "]") step(1);
});

async function copy(value) {
  await navigator.clipboard?.writeText(value);
  announce($("#composer form").dataset.copied);
}

function save(name, type, value) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([value], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function announce(words) {
  const place = $("#composer .announce");
  if (place) place.textContent = words;
}

window.youju = { ready, finished };
