// Everything here makes a working page quicker; nothing here is needed for it to work.
import { start as announcements } from "./announce.js";
import { start as autosave } from "./autosave.js";
import { start as chats } from "./chat.js";
import { start as codes } from "./code.js";
import { start as copies } from "./copy.js";
import { start as dialogs } from "./dialog.js";
import { start as errors } from "./errors.js";
import { start as groups } from "./groups.js";
import { start as holds } from "./hold.js";
import { start as refreshes } from "./refresh.js";
import { start as slots } from "./slots.js";
import { start as swaps } from "./swap.js";

const parts = [autosave, chats, codes, copies, dialogs, errors, groups, holds, refreshes, slots];

announcements();
swaps();
for (const part of parts) part(document);
document.addEventListener("htmx:load", (event) => {
  for (const part of parts) part(event.detail.elt);
});
