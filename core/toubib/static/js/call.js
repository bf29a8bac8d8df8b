// Lets a media plugin speak through the call page: state in words, spoken events, buttons that keep their words.

/** Show the state of the call in words ("Weak connection: sound kept, picture reduced"). */
export function setCallState(text) {
  const state = document.getElementById("call-state");
  if (state && state.textContent !== text) state.textContent = text;
}

/** Speak an event (entered, muted, reconnecting); kept as a log of the call. */
export function announce(text) {
  const log = document.getElementById("call-events");
  if (!log) return;
  const line = document.createElement("p");
  line.textContent = text;
  log.append(line);
}

/** The button of a key (microphone, camera, share, chat, leave), or null. */
export function button(key) {
  return document.querySelector(`[data-tb-call="${key}"]`);
}

/** Press or release a button: aria-pressed, word and symbol change together. */
export function setPressed(key, on) {
  const element = button(key);
  if (!element) return;
  element.setAttribute("aria-pressed", String(on));
  element.querySelector("span").textContent = (on && element.dataset.labelOn) || element.dataset.label;
  const use = element.querySelector("use");
  const symbol = on ? element.dataset.iconOn : element.dataset.icon;
  if (use && symbol) use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${symbol}`));
}

/** Move the own picture to the next corner. */
export function moveSelf() {
  const corners = ["end-bottom", "end-top", "start-top", "start-bottom"];
  const self = document.querySelector(".tb-call-self");
  if (self) self.dataset.corner = corners[(corners.indexOf(self.dataset.corner) + 1) % corners.length];
}
