// The Documents tab: files in, documents chosen, found and deleted.

import { $, all, parts, tab } from "./tools.js";
import * as chat from "./chat.js";

let filterTimer = 0;

export function bind(element, upload) {
  const zone = $(".dropzone", element);
  const input = $('input[type="file"]', element);
  input.addEventListener("change", () => send(input.files, upload));
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    send(event.dataTransfer.files, upload);
  });
  const filter = $(".filter", element);
  filter.addEventListener("input", () => {
    clearTimeout(filterTimer);
    filterTimer = setTimeout(refresh, 200);
  });
}

/** Uploads the files, a few at a time, and has them indexed together. */
async function send(list, upload) {
  const waiting = [...list];
  if (!waiting.length || document.body.classList.contains("writing")) return;
  document.body.classList.add("writing");
  const zone = $(".dropzone");
  const files = [];
  const total = waiting.length;
  async function carry() {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      try {
        const { path } = await upload(file);
        files.push({ name: file.name, path });
      } catch (error) {
        console.warn(`${file.name} was not uploaded`, error);
      }
      zone.dataset.progress = zone.dataset.uploading.replace("{}", files.length).replace("{}", total);
    }
  }
  await Promise.all([carry(), carry(), carry()]);
  delete zone.dataset.progress;
  $('input[type="file"]', zone).value = "";
  if (files.length) parts["library-tools"].trigger("upload", { files, into: $('#library-tools [data-do="into"]')?.value ?? "" });
  else settled();
}

export function settled() {
  document.body.classList.remove("writing");
}

export function refresh() {
  parts.documents?.trigger("input", { filter: $("#library-tools .filter")?.value ?? "" });
}

export function reread(button) {
  if (!confirm(button.dataset.confirm)) return;
  document.body.classList.add("writing");
  parts["library-tools"].trigger("apply");
}

export function remove(button) {
  if (!confirm(button.dataset.confirm)) return;
  document.body.classList.add("writing");
  parts.documents.trigger("delete", { docs: [button.dataset.doc] });
}

/** What was understood of a document is in the page and takes the focus. */
export function understood() {
  $("#understood .understood")?.focus();
  point();
}

/** The list is in the page, anew or for the first time. */
export function drawn() {
  choose();
  point();
}

/** Shows of which document it is told what was understood. */
function point() {
  const section = $("#understood .understood");
  for (const button of all("#documents .document")) {
    if (button.dataset.doc === section?.dataset.doc) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

const chosen = () => all('#documents [data-do="choose"]:checked');

export function choose() {
  const button = $('[data-do="ask-selected"]');
  if (button) button.hidden = chosen().length === 0;
}

export function askChosen() {
  const docs = chosen().map((box) => box.dataset.doc);
  const titles = Object.fromEntries(chosen().map((box) => [box.dataset.doc, box.dataset.title]));
  chat.scope({ docs, titles });
  tab("ask");
  $("#question")?.focus();
}
