// One connection to one other person: perfect negotiation, in which the server says who offers first.

import { Watchdog } from "./watchdog.js";
import { measure } from "./measure.js";

const TICK = 300;
const UNANSWERED = 4000;
const NEVER_CONNECTED = 8000;
const NO_MEDIA_EXPECTED = 6000; // the other may have neither microphone nor camera: then the path itself must do

export class Link {
  #makingOffer = false;
  #ignoring = false;
  #queue = Promise.resolve();
  #watchdog = new Watchdog();
  #timer = 0;
  #since = performance.now();
  #offeredAt = 0;
  #entered = 0;
  #media = 0;
  #mayOffer;
  #polite;

  // on: { send(body), track(event), state(word) }; state is connecting, connected, reconnecting or closed
  constructor({ peer, configuration, tracks, on }) {
    Object.assign(this, { peer, on, restarts: 0, connectMs: 0, state: "connecting", last: null });
    this.#mayOffer = peer.offer;
    this.#polite = !peer.offer;
    this.pc = new RTCPeerConnection(configuration);
    this.#listen();
    this.#attach(tracks);
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  // Milliseconds since the connection was lost; 0 while it is there.
  get awayFor() {
    return this.state === "reconnecting" ? performance.now() - this.#entered : 0;
  }

  receive(body) {
    this.#queue = this.#queue.then(() => this.#take(body)).catch((error) => console.warn("signal", error.name));
    return this.#queue;
  }

  // The signalling line is back: say again what may have been lost.
  resume() {
    if (this.pc.signalingState === "have-local-offer") this.#sendDescription();
    else if (this.state !== "connected" && this.connectMs) this.restart();
  }

  restart() {
    this.restarts += 1;
    this.#enter("reconnecting");
    this.#mayOffer = true;
    this.pc.restartIce();
  }

  configure(configuration) {
    this.pc.setConfiguration(configuration);
  }

  // Replace what is sent of a kind; null sends nothing.
  async send(kind, track, stream) {
    const sender = this.#sender(kind);
    if (sender) return sender.replaceTrack(track);
    if (!track) return undefined;
    this.pc.addTrack(track, stream);
    return this.#tune();
  }

  close() {
    clearInterval(this.#timer);
    this.pc.close();
    this.state = "closed";
  }

  #listen() {
    const pc = this.pc;
    pc.onnegotiationneeded = () => this.#mayOffer && this.#offer();
    pc.onicecandidate = ({ candidate }) => candidate && this.on.send({ candidate: candidate.toJSON() });
    pc.ontrack = (event) => this.on.track(event);
    pc.onconnectionstatechange = () => this.#changed();
  }

  // Whoever offers opens both kinds even without a device, so that a camera found later needs no new offer.
  #attach({ audio, video, stream }) {
    for (const [kind, track] of [["audio", audio], ["video", video]]) {
      if (this.peer.offer) this.pc.addTransceiver(track ?? kind, { direction: "sendrecv", streams: [stream] });
      else if (track) this.pc.addTrack(track, stream);
    }
  }

  #sender(kind) {
    return this.pc.getTransceivers().find((t) => t.receiver.track.kind === kind && t.direction.includes("send"))?.sender;
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.pc.setLocalDescription();
      this.#sendDescription();
    } finally {
      this.#makingOffer = false;
    }
  }

  #sendDescription() {
    this.#offeredAt = performance.now();
    const { type, sdp } = this.pc.localDescription;
    this.on.send({ description: { type, sdp } });
  }

  async #take({ description, candidate }) {
    if (description) return this.#takeDescription(description);
    try {
      await this.pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.#ignoring) throw error;
    }
    return undefined;
  }

  async #takeDescription(description) {
    const collision = description.type === "offer" && (this.#makingOffer || this.pc.signalingState !== "stable");
    this.#ignoring = collision && !this.#polite;
    if (this.#ignoring) return;
    if (description.type === "answer" && this.pc.signalingState !== "have-local-offer") return; // said twice
    await this.pc.setRemoteDescription(description);
    this.#mayOffer = true;
    if (description.type === "offer") {
      await this.pc.setLocalDescription();
      this.#sendDescription();
    }
    await this.#tune();
  }

  // Faces want motion before sharpness, and sound before both.
  async #tune() {
    for (const sender of this.pc.getSenders()) {
      if (!sender.track) continue;
      const p = sender.getParameters();
      if (!p.encodings?.length) continue;
      if (sender.track.kind === "video") {
        p.degradationPreference = "balanced";
        p.encodings[0].maxBitrate = 1_500_000;
      } else {
        p.encodings[0].priority = p.encodings[0].networkPriority = "high";
      }
      await sender.setParameters(p).catch(() => undefined); // a browser without these knobs does without
    }
  }

  #changed() {
    const state = this.pc.connectionState;
    if (state === "connected" && !this.connectMs) {
      this.connectMs = Math.round(performance.now() - this.#since);
      this.#enter("connected");
    } else if (state === "failed") {
      this.restart();
    }
  }

  #enter(state) {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    this.#entered = performance.now();
    this.on.state(state);
  }

  async #tick() {
    const now = performance.now();
    const m = await measure(this.pc);
    if (this.state === "closed") return;
    this.last = { ...m, now };
    if (this.pc.signalingState === "have-local-offer" && now - this.#offeredAt > UNANSWERED) this.#sendDescription();
    if (!this.connectMs) {
      if (this.peer.offer && now - this.#since > NEVER_CONNECTED * (1 + this.restarts)) this.restart();
      return;
    }
    const arrives = m.media > this.#media || this.awayFor > NO_MEDIA_EXPECTED;
    this.#media = m.media;
    if (this.#watchdog.observe({ media: m.media, any: m.any, now })) this.restart();
    else if (arrives && !this.#watchdog.quiet && this.pc.connectionState === "connected") this.#enter("connected");
  }
}
