// A text that is kept while it is typed: sent two seconds after the last key, its state said beside it, never lost silently.
import { fresh } from "./dom.js";

const REST_MS = 2000;
const RETRY_MS = 10000;

function clock() {
  return new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}

async function send(area) {
  const body = new URLSearchParams({ [area.name]: area.value });
  const token = area.form?.querySelector("[name=csrf_token]")?.value;
  if (token) body.set("csrf_token", token);
  const answer = await fetch(area.dataset.tbAutosave, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
}

export function start(root) {
  for (const area of fresh(root, "[data-tb-autosave]", "autosave")) {
    const state = document.querySelector(`[data-tb-autosave-state="${area.name}"]`);
    let saved = area.value;
    let timer = 0;
    const save = async () => {
      const text = area.value;
      if (text === saved) return;
      try {
        await send(area);
        saved = text;
        state.textContent = area.dataset.tbSaved.replace("{time}", clock());
      } catch {
        state.textContent = area.dataset.tbUnsaved;
        timer = setTimeout(save, RETRY_MS);
      }
    };
    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, REST_MS);
    });
    area.addEventListener("blur", save);
  }
}
