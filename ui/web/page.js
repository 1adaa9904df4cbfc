// What the browser does by itself: keep conversations, move between citations, and pass events on to the
// server. No HTML is made here: elements come from the server's templates, text goes in as text.

import { $, all, copy, download, parts, setState, state } from "./tools.js";
import * as chat from "./chat.js";
import * as library from "./library.js";
import * as panel from "./panel.js";
import * as store from "./store.js";

const root = document.documentElement;

/** Called by each of the server's components when it is on the page. */
function ready(name, element, trigger, watch, upload, props) {
  parts[name] = { element, trigger, props };
  element.addEventListener("click", onClick);
  element.addEventListener("change", onChange);
  (setUp[name] ?? (() => {}))(element, watch, upload);
  if (parts.live && parts.past && parts.composer && !parts.started) {
    parts.started = true;
    chat.open(store.current());
  }
}

const setUp = {
  live: (_, watch) =>
    watch("value", () => {
      $("#first-paint")?.remove();
      chat.drawn();
    }),
  past: (_, watch) =>
    watch("value", () => {
      $("#first-paint")?.remove();
      chat.restored();
    }),
  panel: (_, watch) => {
    panel.bind();
    watch("value", panel.drawn);
  },
  composer: chat.bind,
  rail: chat.drawRail,
  outbox: (element, watch) => watch("value", () => outbox(element)),
  "library-tools": (element, _, upload) => library.bind(element, upload),
  documents: (_, watch) => {
    watch("value", library.drawn);
    library.refresh();
  },
  understood: (_, watch) => watch("value", library.understood),
  "concordance-form": (element) =>
    $("form", element).addEventListener("submit", (event) => {
      event.preventDefault();
      parts.concordance.trigger("submit", { words: $("input", element).value, ...chat.bounds() });
    }),
  settings,
};

/** A file that the server wrote for the reader. */
function outbox(element) {
  const file = $("[data-name]", element);
  if (file) download(file.dataset.name, file.dataset.type, file.textContent);
}

/** Shows what this browser has chosen, wherever it was chosen. */
function settings() {
  for (const input of all("#settings [data-setting]")) {
    const value = store.setting(input.dataset.setting);
    if (value === undefined || value === null) continue;
    if (input.type === "checkbox") input.checked = Boolean(value);
    else input.value = value;
    if (input.type === "range") input.nextElementSibling.textContent = input.value;
  }
}

const turn = (button) => button.closest(".turn");
const near = (button) => ({ key: button.dataset.key, near: true });

function show(button, list, options) {
  const number = Number(button.dataset.numbers.split(" ")[0]);
  panel.open(list, list.findIndex((mark) => mark.number === number), options);
}

const doing = {
  example: (button) => chat.ask(button.textContent),
  cite: (button) => show(button, chat.exchangeOf(turn(button)).marks, { key: button.dataset.key }),
  near: (button) => show(button, chat.exchangeOf(turn(button)).nearest, near(button)),
  line: (button) => {
    const list = JSON.parse(button.closest("[data-marks]").dataset.marks);
    show(button, list, near(button));
  },
  also: (button) => panel.openAlso(Number(button.dataset.place)),
  close: () => panel.close(),
  previous: () => panel.step(-1),
  next: () => panel.step(1),
  earlier: () => panel.more("before"),
  later: () => panel.more("after"),
  view: (button) => {
    store.setSetting("view", button.dataset.view);
    settings();
    panel.setView(button.dataset.view);
  },
  stop: chat.stop,
  retry: (button) => {
    const { question, undone } = chat.exchangeOf(turn(button)) ?? turn(button).dataset;
    chat.again(question, turn(button), undone);
  },
  undo: (button) => chat.reread(turn(button), button.dataset.reading, true),
  redo: (button) => chat.reread(turn(button), button.dataset.reading, false),
  edit: (button) => chat.edit(turn(button)),
  copy: (button) => copy(chat.exchangeOf(turn(button)).text),
  "copy-quote": () => copy(panel.quotation()),
  evidence: (button) => chat.exported("evidence", [chat.exchangeOf(turn(button))]),
  markdown: () => chat.exported("markdown", chat.kept()),
  useful: (button) => chat.judge(button, "useful"),
  useless: (button) => chat.judge(button, "useless"),
  right: (button) => chat.judge(button, "right"),
  wrong: (button) => chat.judge(button, "wrong"),
  missing: (button) => chat.judge(button, "missing"),
  new: () => {
    chat.open(store.create());
    $("#question")?.focus();
  },
  "open-conversation": (button) => chat.open(button.closest("li").dataset.id),
  rename: (button) => chat.rename(button.closest("li").dataset.id),
  forget: (button) => chat.forget(button.closest("li").dataset.id),
  menu: () => setState("rail-open", !state("rail-open")),
  archive: (button) => chat.toggleArchive(button.dataset.name),
  scope: (button) => {
    const form = $("#scope-form");
    form.hidden = !form.hidden;
    button.setAttribute("aria-expanded", String(!form.hidden));
  },
  "unscope-doc": (button) => {
    const docs = store.setting("where").docs.filter((doc) => doc !== button.dataset.doc);
    chat.scope({ docs });
  },
  "unscope-period": () => chat.scope({ since: "", until: "" }),
  understood: (button) => parts.understood.trigger("select", { doc: button.dataset.doc }),
  "delete-document": library.remove,
  reread: library.reread,
  "ask-selected": library.askChosen,
  evaluate: () => parts.evaluation.trigger("apply"),
  theme: () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"),
};

const changed = {
  choose: library.choose,
  since: (input) => chat.setPeriod("since", input),
  until: (input) => chat.setPeriod("until", input),
};

function setTheme(theme) {
  store.setSetting("theme", theme);
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  settings();
}

function onClick(event) {
  const button = event.target.closest("button[data-do]");
  if (button && !button.disabled) doing[button.dataset.do]?.(button);
}

function onChange(event) {
  const input = event.target;
  changed[input.dataset.do]?.(input);
  const name = input.dataset.setting;
  if (!name) return;
  const value = input.type === "checkbox" ? input.checked : input.type === "range" ? Number(input.value) : input.value;
  if (name === "theme") setTheme(value);
  else if (name === "language") location.assign(`/${value}/`);
  else store.setSetting(name, value);
  if (input.type === "range") input.nextElementSibling.textContent = input.value;
}

document.addEventListener("click", (event) => {
  if (event.target.closest('#tabs button[role="tab"]')) panel.close({ stay: true });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (state("rail-open")) setState("rail-open", false);
    else if (panel.isOpen()) panel.close();
    else chat.stop();
    return;
  }
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (writing || event.ctrlKey || event.metaKey || event.altKey || !panel.isOpen()) return;
  if (event.key === "[") panel.step(-1);
  if (event.key === "]") panel.step(1);
});

window.youju = { ready, finished: chat.finished, settled: library.settled };
