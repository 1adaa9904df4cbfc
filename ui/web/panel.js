// The source beside the chat: one list of citations at a time, one of them open.

import { $, all, parts, setState, state } from "./tools.js";
import * as store from "./store.js";

let shown = null; // {marks, place, key, near, total, number, mark, before, after}
let opener = null; // what had the focus before the panel opened

let waiting = ""; // what the panel holds until a source comes

export function bind() {
  waiting = parts.panel.props.value;
}

export const isOpen = () => shown !== null;

/** Opens the citation at `place` of a list; `place` counts from 0. */
export function open(marks, place, { key = "", near = false } = {}) {
  if (!marks[place]) return;
  if (!$("#panel").contains(document.activeElement)) opener = document.activeElement;
  if (!state("panel-open")) parts.panel.props.value = waiting; // what was open before is not shown again
  const mark = marks[place];
  shown = { marks, place, key, near, total: marks.length, number: mark.number, mark, before: 0, after: 0 };
  setState("panel-open", true);
  request();
}

/** Another copy of the open evidence; the first one becomes one of its family. */
export function openAlso(place) {
  const first = shown.mark;
  const other = first.also[place];
  if (!other) return;
  const family = [{ ...first, also: [] }, ...first.also.filter((_, index) => index !== place)];
  shown = { ...shown, mark: { ...other, number: first.number, also: family }, before: 0, after: 0 };
  request();
}

function request() {
  const { mark, key, near, total, before, after } = shown;
  parts.panel.trigger("select", { mark, key, near, total, before, after });
  point();
}

export function drawn() {
  const panel = $("#panel .source");
  if (!panel || !shown) return;
  setView(store.setting("view") || "original");
  for (const name of ["previous", "next"]) {
    const button = $(`[data-do="${name}"]`, panel);
    if (button) button.disabled = shown.total < 2;
  }
  pressed();
  const here = document.activeElement; // elsewhere only when the reader has gone on in the meantime
  if (here === document.body || here === opener) $("h2", panel)?.focus({ preventScroll: true });
}


export function setView(wanted) {
  const panel = $("#panel .source");
  if (!panel) return;
  const view = $(`.view-${wanted}`, panel)?.childElementCount ? wanted : "original";
  panel.dataset.view = view;
  for (const button of all('[data-do="view"]', panel)) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  const pages = $(".pages", panel);
  const cited = $(`.view-${view} .cited`, panel);
  if (pages && cited) pages.scrollTop += cited.getBoundingClientRect().top - pages.getBoundingClientRect().top - 120;
}

/** Closes the panel; who opened it has the focus again, unless it is to stay where it is. */
export function close({ stay = false } = {}) {
  if (!state("panel-open")) return;
  setState("panel-open", false);
  shown = null;
  point();
  if (!stay && opener?.isConnected) opener.focus({ preventScroll: true });
}

export function step(by) {
  if (!shown || shown.total < 2) return;
  const { marks, place, key, near } = shown;
  open(marks, (place + by + marks.length) % marks.length, { key, near });
}

export function more(name) {
  shown[name] += 1;
  request();
}

export const quotation = () => all("#panel .view-original .cited").map((item) => item.textContent).join("");
export const openMark = () => shown?.mark;

/** Shows which citation of the thread the panel belongs to. */
export function point() {
  for (const button of all(".cite, .card, .line")) {
    const same =
      shown &&
      button.dataset.key === shown.key &&
      (button.dataset.do === "near") === shown.near &&
      button.dataset.numbers.split(" ").includes(String(shown.number));
    if (same) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** Shows which judgements this browser has given. */
export function pressed() {
  for (const button of all("[data-do][aria-pressed][data-key]")) {
    const given = store.judgement(button.dataset.key, button.dataset.passage ?? "");
    button.setAttribute("aria-pressed", String(given === button.dataset.do));
  }
}
