// Long numbers are shown in groups once they are typed or pasted; the server ignores the spaces.
import { fresh } from "./dom.js";

/** "1850578006084" with groups 1 2 2 2 3 3 becomes "1 85 05 78 006 084". */
export function grouped(text, sizes) {
  const compact = text.replace(/\s/g, "");
  const parts = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= compact.length) break;
    parts.push(compact.slice(at, at + size));
    at += size;
  }
  if (at < compact.length) parts.push(compact.slice(at));
  return parts.join(" ");
}

export function start(root) {
  for (const input of fresh(root, "[data-tb-groups]", "groups")) {
    const sizes = input.dataset.tbGroups.split(" ").map(Number);
    const show = () => { input.value = grouped(input.value, sizes); };
    show();
    input.addEventListener("change", show);
    input.addEventListener("paste", () => setTimeout(show));
  }
}
