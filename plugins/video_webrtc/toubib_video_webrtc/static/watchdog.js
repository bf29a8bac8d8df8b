// Decides from packet counts when a path is dead, long before the browser calls it "disconnected".
// It looks at packets and not at pictures: a camera that is off sends none, and is no fault.

const FLOWING = 10; // media packets per second that count as a flow
const SHORT = 1500; // ms without any packet after a flow
const LONG = 6000; // ms without any packet where little was sent anyway
const COOLDOWN = 5000; // ms before a second restart; doubles up to eight times this

export class Watchdog {
  #samples = [];
  #quietSince = null;
  #nextRestart = 0;
  #cooldown = COOLDOWN;
  #flowing = false;

  // media: RTP packets received so far; any: all packets and answered checks so far; now: ms. True: restart ICE.
  observe({ media, any, now }) {
    const last = this.#samples.at(-1);
    if (last && any < last.any) this.#samples = []; // counters of a new transport
    const moved = !last || any !== last.any;
    if (moved) {
      if (this.#quietSince !== null) this.#recovered();
      this.#quietSince = null;
      this.#samples.push({ media, any, now });
      while (this.#samples.length > 2 && now - this.#samples[0].now > 3000) this.#samples.shift();
      this.#flowing = this.#rate() >= FLOWING;
      return false;
    }
    this.#quietSince ??= last.now;
    const patience = this.#flowing ? SHORT : LONG;
    if (now - this.#quietSince < patience || now < this.#nextRestart) return false;
    this.#nextRestart = now + this.#cooldown;
    this.#cooldown = Math.min(this.#cooldown * 2, COOLDOWN * 8);
    return true;
  }

  get quiet() {
    return this.#quietSince !== null;
  }

  #recovered() {
    this.#cooldown = COOLDOWN;
    this.#nextRestart = 0;
  }

  #rate() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const seconds = (last.now - first.now) / 1000;
    return seconds > 0 ? (last.media - first.media) / seconds : 0;
  }
}
