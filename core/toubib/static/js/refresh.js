// A region that is fetched again: waiting room, worklist, chat. Only the lines that differ change, so nothing is said twice;
// it rests while the page is hidden (unless somebody waits there) or the caret is inside; without an answer the last data stay.
// An answer without content means "as before"; one without the region, that this page has become another: it is loaded.
import { announce } from "./announce.js";
import { fresh, words } from "./dom.js";

const LEAST_SECONDS = 5;

// Keep the children that are the same at the beginning; lists are compared line by line.
function replace(old, next) {
  const before = [...old.childNodes];
  const after = [...next.childNodes];
  let same = 0;
  while (same < before.length && same < after.length && before[same].isEqualNode(after[same])) same += 1;
  const [ours, theirs] = [before[same], after[same]];
  if (ours?.nodeName === "OL" && theirs?.nodeName === "OL") {
    replace(ours, theirs);
    same += 1;
  }
  for (const node of before.slice(same)) node.remove();
  old.append(...after.slice(same));
}

async function renew(region) {
  const hidden = document.hidden && !("tbAlways" in region.dataset);
  if (hidden || region.contains(document.activeElement)) return;
  try {
    const answer = await fetch(region.dataset.tbRefresh, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    region.tbLost = false;
    if (answer.status === 204) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(region.id);
    if (!next) return location.reload();
    if (next.dataset.tbRefresh) region.dataset.tbRefresh = next.dataset.tbRefresh;
    if (next.innerHTML === region.tbSource) return;
    region.tbSource = next.innerHTML;
    replace(region, document.importNode(next, true));
    region.dispatchEvent(new CustomEvent("tb:refreshed", { bubbles: true }));
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
