// The call's page beyond what the core's call.js offers: the pictures, the list of keys, single keys.

import { announce, button } from "../../static/js/call.js";

export const remote = () => document.getElementById("call-remote");
export const self = () => document.getElementById("call-self");

const caption = () => remote().closest("figure").querySelector("figcaption");
const name = caption()?.textContent ?? "";

// The other person's name as the page writes it.
export function remoteName() {
  return name;
}

// A camera that is off leaves its last picture standing: hide it, and say so where the name is. Sound goes on.
export function showRemote(on, words) {
  remote().hidden = !on;
  caption().textContent = on ? name : `${name} · ${words}`;
}

export function onPress(key, act) {
  button(key)?.addEventListener("click", act);
}

export function toggleKeys() {
  const keys = document.querySelector("[data-tb-keys]");
  if (!keys) return;
  keys.open = !keys.open;
  keys.querySelector("summary").focus();
  const lines = [...keys.querySelectorAll("dl > div")].map((line) => [...line.children].map((part) => part.textContent.trim()).join(": "));
  if (keys.open) announce(lines.join(". "));
}

// Single keys: never while typing, never with a modifier, never while a key is held down.
export function listenToKeys(acts) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
