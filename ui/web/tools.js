// Small things that every part of the page uses.

export const $ = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The server's components by name: the element, and how to send an event to it. */
export const parts = {};

export const state = (name) => document.body.classList.contains(name);
export const setState = (name, on) => document.body.classList.toggle(name, on);

/** Words for a screen reader, and for the short notice below. */
export function announce(words) {
  const place = $("#composer .announce");
  if (place) place.textContent = words;
}

let noticeTimer = 0;

/** A short notice that everybody sees. */
export function notice(words) {
  announce(words);
  const place = $("#notice");
  if (!place) return;
  place.textContent = words;
  place.classList.add("shown");
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => place.classList.remove("shown"), 1600);
}

export const phrase = (name) => $("#composer form")?.dataset[name] ?? "";

export async function copy(value) {
  await navigator.clipboard?.writeText(value);
  notice(phrase("copied"));
}

export function download(name, type, value) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([value], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function tab(name) {
  $(`#tabs button[role="tab"][aria-controls="tab-${name}"]`)?.click();
}
