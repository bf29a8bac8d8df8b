// htmx: after 300 ms the old content dims and says what is going on, after 3 s how long; the new part's heading takes focus.
import { announce } from "./announce.js";
import { words } from "./dom.js";

const waits = new WeakMap();

function say(target, text) {
  let word = target.querySelector(":scope > .tb-busy");
  if (!word) {
    word = document.createElement("p");
    word.className = "tb-busy";
    target.prepend(word);
  }
  word.textContent = text;
  announce(text);
}

function begin(target) {
  const slow = setTimeout(() => {
    target.classList.add("tb-dim");
    target.setAttribute("aria-busy", "true");
    say(target, words("tbWait"));
  }, 300);
  const slower = setTimeout(() => say(target, words("tbWaitLong")), 3000);
  waits.set(target, [slow, slower]);
}

function end(target) {
  for (const timer of waits.get(target) ?? []) clearTimeout(timer);
  target.classList.remove("tb-dim");
  target.removeAttribute("aria-busy");
  target.querySelector(":scope > .tb-busy")?.remove();
}

function focusHeading(part) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return;
  const heading = part.matches("h1, h2, h3") ? part : part.querySelector("h1, h2, h3");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

export function start() {
  document.addEventListener("htmx:beforeRequest", (event) => begin(event.detail.target));
  document.addEventListener("htmx:afterRequest", (event) => end(event.detail.target));
  document.addEventListener("htmx:afterSettle", (event) => focusHeading(event.detail.elt));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => say(event.detail.target, words("tbLost")));
  }
}
