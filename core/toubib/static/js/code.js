// The code of a mail: whatever is pasted, its digits stay; the form is never sent without the person.
import { fresh } from "./dom.js";

export function start(root) {
  for (const input of fresh(root, "[data-tb-code]", "code")) {
    const length = Number(input.dataset.tbCode);
    input.addEventListener("paste", (event) => {
      const digits = (event.clipboardData?.getData("text") ?? "").replace(/\D/g, "");
      if (digits.length < length) return;
      event.preventDefault();
      input.value = digits.slice(0, length);
      input.form?.querySelector("[type=submit]")?.focus();
    });
    input.addEventListener("input", () => {
      const digits = input.value.replace(/\D/g, "").slice(0, length);
      if (digits !== input.value) input.value = digits;
    });
  }
}
