// A region that is fetched again: waiting room, worklist. It changes only when its content did, so nothing is said twice;
// it rests while the page is hidden or the caret is inside; without an answer the last data stay.
import { announce } from "./announce.js";
import { fresh, words } from "./dom.js";

const LEAST_SECONDS = 5;

async function renew(region) {
  if (document.hidden || region.contains(document.activeElement)) return;
  try {
    const answer = await fetch(region.dataset.tbRefresh, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(region.id);
    if (next && next.innerHTML !== region.tbSource) {
      region.tbSource = next.innerHTML;
      region.replaceChildren(...document.importNode(next, true).childNodes);
      region.dispatchEvent(new CustomEvent("tb:refreshed", { bubbles: true }));
    }
    region.tbLost = false;
  } catch {
    if (!region.tbLost) announce(words("tbLost"));
    region.tbLost = true;
  }
}

export function start(root) {
  for (const region of fresh(root, "[data-tb-refresh]", "refresh")) {
    region.tbSource = region.innerHTML;
    const seconds = Math.max(Number(region.dataset.tbEvery) || 10, LEAST_SECONDS);
    const timer = setInterval(() => (region.isConnected ? renew(region) : clearInterval(timer)), seconds * 1000);
    document.addEventListener("visibilitychange", () => renew(region));
  }
}
