// Copy buttons: shown only where the clipboard may be written.
import { announce } from "./announce.js";
import { fresh } from "./dom.js";

export function start(root) {
  for (const button of fresh(root, "[data-tb-copy]", "copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    const label = button.querySelector("span");
    const before = label.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.tbCopy);
      label.textContent = button.dataset.tbCopied;
      announce(button.dataset.tbCopied);
      setTimeout(() => { label.textContent = before; }, 3000);
    });
  }
}
