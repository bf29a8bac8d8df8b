// Arrow keys walk the free times that are open to see: up and down inside a day, sideways to the same place of the next day.
// Tab works as always.
import { fresh } from "./dom.js";

const STEPS = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };

function move(picker, from, [across, along]) {
  const open = (day) => [...day.querySelectorAll(".tb-slot")].filter((slot) => slot.checkVisibility?.() ?? slot.offsetParent);
  const days = [...picker.querySelectorAll(".tb-day")].map(open).filter((day) => day.length);
  const day = days.findIndex((slots) => slots.includes(from));
  const place = days[day].indexOf(from);
  const forward = document.dir === "rtl" ? -across : across;
  const next = days[day + forward]?.[Math.min(place + along, days[day + forward].length - 1)];
  next?.focus();
}

export function start(root) {
  for (const picker of fresh(root, "[data-tb-slots]", "slots")) {
    picker.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || !event.target.matches(".tb-slot")) return;
      event.preventDefault();
      move(picker, event.target, step);
    });
  }
}
