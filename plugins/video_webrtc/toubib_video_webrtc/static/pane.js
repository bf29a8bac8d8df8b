// The call: brings signalling, the link, one's own devices and the page together.

import { announce, moveSelf, setCallState, setPressed } from "../../static/js/call.js";
import { listenToKeys, onPress, remote, remoteName, self, showRemote, toggleKeys } from "./furniture.js";
import { Link } from "./link.js";
import { LocalMedia } from "./local.js";
import { level, lossPermille } from "./measure.js";
import { Signalling, renewToken } from "./signalling.js";

const REPORT = 10_000;
const JUDGE = 3000;
const GIVEN_UP = 30_000;

class Call {
  #link = null;
  #judged = null;
  #level = "good";
  #arrived = false;
  #theirs = { audio: true, video: true };
  #stop = [];

  constructor(config, texts) {
    Object.assign(this, { config, texts });
    this.ice = config.ice;
    this.local = new LocalMedia({ height: config.height });
    this.signalling = new Signalling({
      url: new URL(config.socket, location.href.replace(/^http/, "ws")).href,
      token: config.token,
      renew: () => renewToken(config.renew, config.csrf),
      page: crypto.getRandomValues(new Uint32Array(4)).reduce((t, n) => t + n.toString(16).padStart(8, "0"), ""),
      on: {
        up: (message) => this.#up(message),
        message: (message) => this.#hear(message),
        down: () => this.#refresh(),
        over: (reason) => this.#over(reason),
        renewed: ({ ice }) => this.#renewed(ice),
      },
    });
  }

  get pc() {
    return this.#link?.pc ?? null;
  }

  get state() {
    return this.#link?.state ?? "waiting";
  }

  async start() {
    this.#wire();
    this.#refresh();
    await this.local.open();
    this.#showSelf();
    setPressed("microphone", this.local.muted);
    setPressed("camera", !this.local.camera);
    if (this.local.problem) announce(this.#problem());
    this.signalling.start();
    const timers = [setInterval(() => this.#judge(), JUDGE), setInterval(() => this.#report(), REPORT)];
    this.#stop.push(() => timers.forEach(clearInterval));
  }

  async toggleMicrophone() {
    const track = await this.local.setMuted(!this.local.muted);
    await this.#link?.send("audio", track, this.local.stream);
    setPressed("microphone", this.local.muted);
    announce(this.#problem() || (this.local.muted ? this.texts.muted : this.texts.unmuted));
    this.#sending();
  }

  async toggleCamera() {
    const track = await this.local.setCamera(!this.local.camera);
    await this.#link?.send("video", track, this.local.stream);
    this.#showSelf();
    setPressed("camera", !this.local.camera);
    announce(this.local.camera ? this.texts.camera_on : this.#problem() || this.texts.camera_off);
    this.#sending();
  }

  leave() {
    this.signalling.leave();
  }

  #wire() {
    const move = () => {
      moveSelf();
      announce(this.texts.moved);
    };
    const acts = {
      microphone: () => this.toggleMicrophone(),
      camera: () => this.toggleCamera(),
      move,
      state: () => announce(document.getElementById("call-state").textContent),
      leave: () => this.leave(),
    };
    for (const [key, act] of Object.entries(acts)) onPress(key, act);
    listenToKeys({ m: acts.microphone, c: acts.camera, p: move, s: acts.state, "?": toggleKeys });
  }

  #up({ peers }) {
    for (const peer of peers) this.#meet(peer);
    this.#sending();
    this.#refresh();
  }

  #hear(message) {
    const acts = {
      peer: () => this.#meet(message.peer),
      signal: () => this.#signal(message),
      sending: () => this.#theySend(message),
      left: () => this.#left(),
      gone: () => undefined, // the picture does not depend on the other's signalling
    };
    acts[message.type]?.();
    this.#refresh();
  }

  #theySend({ audio, video }) {
    const before = this.#theirs;
    this.#theirs = { audio, video };
    showRemote(video, this.texts.no_picture);
    if (before.audio !== audio) announce(this.#named(audio ? this.texts.they_unmuted : this.texts.they_muted));
    if (before.video !== video) announce(this.#named(video ? this.texts.they_show : this.texts.they_hide));
  }

  // The same load of the other's page keeps its picture; a new one starts anew.
  #meet(peer) {
    if (this.#link && this.#link.peer.id === peer.id && this.#link.peer.page === peer.page) return this.#link.resume();
    const again = this.#link !== null;
    this.#link?.close();
    this.#judged = null;
    const { audio, camera: video, stream } = this.local;
    const on = {
      send: (body) => this.signalling.send({ type: "signal", to: peer.id, ...body }),
      track: (event) => this.#show(event),
      state: (state) => this.#moved(state),
    };
    this.#link = new Link({ peer, configuration: this.#configuration(), tracks: { audio, video, stream }, on });
    remote().srcObject = null;
    if (!again && !this.#arrived) announce(this.#named(this.texts.entered));
    this.#arrived = true;
    this.#sending();
    return undefined;
  }

  #signal({ from, page, description, candidate }) {
    if (this.#link?.peer.id === from && this.#link.peer.page === page) this.#link.receive({ description, candidate });
  }

  // An empty stream would keep the page loading for ever.
  #showSelf() {
    self().srcObject = this.local.camera ? this.local.stream : null;
  }

  #show({ track, streams }) {
    const video = remote();
    const stream = video.srcObject ?? streams[0] ?? new MediaStream();
    if (!stream.getTracks().includes(track)) stream.addTrack(track);
    if (video.srcObject !== stream) video.srcObject = stream;
    video.play().catch((error) => error.name === "NotAllowedError" && this.#needsTap(video));
  }

  // A browser that plays no sound before a tap: any tap or key will do, and the state says so.
  #needsTap(video) {
    announce(this.texts.tap);
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => video.play().catch(() => undefined), { once: true });
  }

  #moved(state) {
    if (state === "reconnecting") announce(this.texts.reconnecting);
    if (state === "connected") this.#report();
    this.#refresh();
  }

  #left() {
    this.#link?.close();
    this.#link = null;
    this.#arrived = false;
    this.#theirs = { audio: true, video: true };
    showRemote(true, "");
    remote().srcObject = null;
    announce(this.#named(this.texts.left));
  }

  #over(reason) {
    this.#link?.close();
    this.#link = null;
    this.#stop.forEach((act) => act());
    this.local.stop();
    self().srcObject = remote().srcObject = null;
    setCallState(this.texts.over[reason]);
    document.querySelector("#call")?.setAttribute("data-over", reason);
    if (reason === "left" && this.config.after) location.assign(this.config.after);
  }

  #renewed(ice) {
    this.ice = ice;
    this.#link?.configure(this.#configuration());
  }

  #configuration() {
    return { iceServers: this.ice, iceTransportPolicy: this.config.relay ? "relay" : "all", bundlePolicy: "max-bundle" };
  }

  #sending() {
    this.signalling.send({ type: "sending", audio: !this.local.muted, video: Boolean(this.local.camera) });
  }

  #judge() {
    const now = this.#link?.last;
    if (!now || this.state !== "connected") return;
    const loss = this.#judged ? lossPermille(this.#judged, now) : 0;
    this.#judged = now;
    this.loss = loss;
    this.#level = level({ loss, rtt: now.rtt });
    this.#refresh();
  }

  #report() {
    const link = this.#link;
    if (!link?.connectMs) return;
    const quality = { state: link.awayFor > GIVEN_UP ? "failed" : link.state, connect_ms: link.connectMs, rtt_ms: link.last?.rtt ?? 0, loss_permille: this.loss ?? 0, restarts: link.restarts };
    this.signalling.send({ type: "quality", ...quality });
  }

  #refresh() {
    const state = this.state;
    if (state === "waiting") return setCallState(this.signalling.isUp ? this.#named(this.texts.alone) : this.texts.joining);
    if (state === "connecting") return setCallState(this.#named(this.texts.connecting));
    if (state === "reconnecting") return setCallState(this.texts.reconnecting);
    return setCallState(this.texts.levels[this.#level]);
  }

  #problem() {
    return this.local.problem ? this.texts.problems[this.local.problem] ?? this.texts.problems.other : "";
  }

  #named(text) {
    return text.replace("{name}", remoteName());
  }
}

const root = document.querySelector("[data-video-webrtc-call]");
if (root) {
  const config = { ...JSON.parse(root.dataset.config), csrf: root.dataset.csrf };
  const call = new Call(config, config.texts);
  // Tests and the operator's check read the connection's figures from here.
  root.call = call;
  call.start();
}
