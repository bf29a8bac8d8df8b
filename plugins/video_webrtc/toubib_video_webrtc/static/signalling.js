// The signalling socket: shows a single-use token first, comes back by itself, and knows when it must not.

const WAITS = [0.2, 0.5, 1, 2, 3, 5];
const HEARTBEAT = 10_000;
const SILENCE = 25_000;
const FINAL = new Map([[1000, "left"], [4403, "refused"], [4408, "elsewhere"], [4409, "full"], [4410, "closed"]]);
const SLOW = new Map([[4400, 5], [4429, 15]]);

export class Refused extends Error {}

// A fresh token for a socket that has to come back; the server checks the right to be here again.
export async function renewToken(url, csrf) {
  const answer = await fetch(url, { method: "POST", headers: { "X-CSRF-Token": csrf }, credentials: "same-origin" });
  if (answer.ok) return answer.json();
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) throw new Refused(String(answer.status));
  throw new Error(String(answer.status));
}

export class Signalling {
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #beat = 0;
  #heard = 0;
  #over = false;

  // on: { up(message), message(message), down(), over(reason), renewed(answer) }
  constructor({ url, token, renew, page, on }) {
    Object.assign(this, { url, token, renew, page, on });
    addEventListener("online", () => this.#check());
  }

  get isUp() {
    return this.#beat !== 0;
  }

  async start() {
    if (this.#over) return;
    try {
      if (!this.token) {
        const fresh = await this.renew();
        this.token = fresh.token;
        this.on.renewed(fresh);
      }
    } catch (error) {
      if (error instanceof Refused) return this.#end("refused");
      return this.#again();
    }
    this.#open();
  }

  send(message) {
    if (!this.isUp || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  // Hang up: the server frees the seat.
  leave() {
    this.send({ type: "bye" });
    this.#end("left");
  }

  #open() {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "join", token: this.token, page: this.page }));
      this.token = "";
    };
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(event.code);
  }

  #hear(message) {
    this.#heard = performance.now();
    if (message.type === "welcome") {
      this.#attempt = 0;
      clearInterval(this.#beat);
      this.#beat = setInterval(() => this.#pulse(), HEARTBEAT);
      this.on.up(message);
    } else if (message.type !== "pong") {
      this.on.message(message);
    }
  }

  #pulse() {
    if (performance.now() - this.#heard > SILENCE) return this.#lost(0);
    this.send({ type: "ping" });
  }

  // The network came back: ask at once whether the line still lives.
  #check() {
    if (this.#over) return;
    if (!this.isUp) {
      clearTimeout(this.#timer);
      this.#attempt = 0;
      if (this.#socket === null) this.start();
      return;
    }
    const asked = performance.now();
    this.send({ type: "ping" });
    setTimeout(() => this.isUp && this.#heard < asked && this.#lost(0), 3000);
  }

  #lost(code) {
    const socket = this.#socket;
    if (socket === null) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.#socket = null;
    clearInterval(this.#beat);
    this.#beat = 0;
    if (this.#over) return;
    if (FINAL.has(code)) return this.#end(FINAL.get(code));
    this.token = "";
    this.on.down();
    this.#again(SLOW.get(code));
  }

  #again(seconds) {
    const wait = (seconds ?? WAITS[Math.min(this.#attempt++, WAITS.length - 1)]) * (0.5 + Math.random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), wait * 1000);
  }

  #end(reason) {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    this.#beat = 0;
    this.#socket?.close(1000);
    this.on.over(reason);
  }
}
