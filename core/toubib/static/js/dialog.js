// A link to a page that does the same opens a dialog instead.
import { fresh } from "./dom.js";

export function start(root) {
  for (const opener of fresh(root, "[data-tb-dialog]", "dialog")) {
    opener.setAttribute("role", "button");
    opener.addEventListener("click", (event) => {
      const dialog = document.getElementById(opener.dataset.tbDialog);
      if (!dialog?.showModal) return;
      event.preventDefault();
      dialog.showModal();
      dialog.querySelector("h2")?.focus();
      dialog.addEventListener("close", () => opener.focus(), { once: true });
    });
    opener.addEventListener("keydown", (event) => {
      if (event.key === " ") { event.preventDefault(); opener.click(); }
    });
  }
}
