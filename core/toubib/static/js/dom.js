// Small helpers that several modules share.

/** Every element that matches and was not prepared under this name before, the root included. */
export function fresh(root, selector, name) {
  const found = [...root.querySelectorAll(selector)];
  if (root instanceof Element && root.matches(selector)) found.unshift(root);
  return found.filter((element) => {
    const known = (element.tbReady ??= new Set());
    if (known.has(name)) return false;
    known.add(name);
    return true;
  });
}

/** A short text of the page's language, kept on the announcer so that no text stands in a script. */
export function words(name) {
  return document.getElementById("announcer")?.dataset[name] ?? "";
}
