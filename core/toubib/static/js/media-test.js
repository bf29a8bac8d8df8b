// Lets a media plugin write its verdicts into the three lines of the test.

/** Set one line: key camera|microphone|network, state ok|weak|failed|running|todo, a sentence and the cure. */
export function setTest(key, state, verdict, cure = "") {
  const line = document.querySelector(`[data-tb-test="${key}"]`);
  if (!line) return;
  const words = JSON.parse(line.closest("[data-tb-words]").dataset.tbWords);
  line.dataset.state = state;
  line.querySelector("[data-tb-word]").textContent = words[state];
  line.querySelector("[data-tb-verdict]").textContent = verdict;
  line.querySelector("[data-tb-cure]").textContent = cure;
}
