// A time limit in words: the page says once, two minutes ahead, that it ends, and once when it has ended. Nothing ticks.
import { announce } from "./announce.js";
import { fresh } from "./dom.js";

const WARN_AHEAD_SECONDS = 120;

export function start(root) {
  for (const box of fresh(root, "[data-tb-hold]", "hold")) {
    const end = performance.now() + Number(box.dataset.tbHold) * 1000;
    const warning = box.querySelector("[data-tb-hold-warning]");
    const ended = box.querySelector("[data-tb-hold-ended]");
    let stage = "held";
    const look = () => {
      if (!box.isConnected) return clearInterval(timer);
      const left = (end - performance.now()) / 1000;
      if (left <= 0 && stage !== "ended") {
        stage = "ended";
        clearInterval(timer);
        warning.textContent = "";
        box.querySelector(".tb-hold-text").hidden = true;
        box.querySelector("[data-tb-hold-prolong]").hidden = true;
        ended.hidden = false;
        announce(ended.querySelector("p").textContent);
      } else if (left <= WARN_AHEAD_SECONDS && stage === "held") {
        stage = "warned";
        warning.textContent = box.dataset.tbWarn;
      }
    };
    const timer = setInterval(look, 1000);
    look();
  }
}
