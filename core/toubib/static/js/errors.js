// The error summary takes focus; its links put the caret into the field.
import { fresh } from "./dom.js";

export function start(root) {
  for (const summary of fresh(root, "[data-tb-focus]", "errors")) {
    summary.focus();
    summary.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      const field = link && document.getElementById(link.getAttribute("href").slice(1));
      if (!field) return;
      event.preventDefault();
      field.focus();
      (field.closest(".tb-field") ?? field).scrollIntoView({ block: "center" });
    });
  }
}
