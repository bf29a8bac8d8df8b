// The chat beside a call: its key in the bar leads to the field, new messages are said, and after sending one may go on writing.
import { announce } from "./announce.js";
import { fresh } from "./dom.js";

const field = () => document.getElementById("f-message");

function said(log) {
  return [...log.querySelectorAll(".tb-chat-line:not(.tb-chat-mine) .tb-chat-text")];
}

export function start(root) {
  for (const key of fresh(root, '[data-tb-call="chat"]', "chat")) {
    key.addEventListener("click", () => field()?.focus());
  }
  for (const log of fresh(root, "[data-tb-chat-new]", "chat")) {
    let heard = said(log).length;
    log.addEventListener("tb:refreshed", () => {
      const lines = said(log);
      const words = lines.slice(heard).map((line) => line.textContent).join(" ");
      heard = lines.length;
      if (words) announce(`${log.dataset.tbChatNew} ${words}`);
    });
  }
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id === "chat") setTimeout(() => field()?.focus());
});

document.addEventListener("htmx:responseError", (event) => {
  const form = event.detail.elt;
  if (form.id === "chat-file" && event.detail.xhr.status === 413) form.querySelector("[role=status]").textContent = form.dataset.tbTooLarge;
});
