// Says a sentence in the page's polite live region.
let region = null;

/** Announce a text to assistive technology; the same text twice is said twice. */
export function announce(text) {
  if (!region || !text) return;
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

export function start() {
  region = document.getElementById("announcer");
}
