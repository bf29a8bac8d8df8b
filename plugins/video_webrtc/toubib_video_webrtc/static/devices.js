// The test before the call: camera, microphone, network. Three verdicts, each with its cure.

import { setTest } from "../../static/js/media-test.js";
import { echo, socketPasses } from "./echo.js";
import { level } from "./measure.js";

const LISTENING = 6000;
const HEARD = 0.02;
const DARK = 10;

class DeviceTest {
  constructor(root, config, texts) {
    Object.assign(this, { root, config, texts, stream: new MediaStream(), verdicts: {} });
    this.picture = root.querySelector("[data-preview]");
    this.meter = root.querySelector("[data-level]");
    this.begin = root.querySelector("[data-begin]");
    this.begin.addEventListener("click", () => this.run());
  }

  async run() {
    this.begin.disabled = true;
    this.stop();
    for (const key of ["camera", "microphone", "network"]) setTest(key, "running", "");
    try {
      await Promise.all([this.#camera(), this.#microphone()]);
      await this.#network();
      await this.#report();
    } finally {
      this.begin.disabled = false;
      this.begin.querySelector("span").textContent = this.texts.again;
      this.#next(Object.values(this.verdicts).includes("failed"));
      this.root.dataset.done = "true";
    }
  }

  // One primary action: to test again after a failure, to go on otherwise.
  #next(failed) {
    const onward = document.getElementById("test-onward");
    for (const [button, first] of [[this.begin, failed], [onward, !failed]]) {
      button.classList.toggle("tb-button-primary", first);
      button.classList.toggle("tb-button-secondary", !first);
    }
  }

  stop() {
    this.stream.getTracks().forEach((track) => track.stop());
    this.stream = new MediaStream();
  }

  #verdict(key, state, [verdict, cure = ""]) {
    this.verdicts[key] = state;
    setTest(key, state, verdict, cure);
  }

  // Opens one device; its error's name is the reason.
  async #open(wanted) {
    if (!navigator.mediaDevices?.getUserMedia) return { reason: "insecure" };
    try {
      const got = await navigator.mediaDevices.getUserMedia(wanted);
      got.getTracks().forEach((track) => this.stream.addTrack(track));
      return { track: got.getTracks()[0] };
    } catch (error) {
      return { reason: error.name };
    }
  }

  #failed(key, reason) {
    const texts = this.texts[key];
    this.#verdict(key, "failed", texts[reason] ?? texts.other);
  }

  async #camera() {
    const { track, reason } = await this.#open({ video: { height: { ideal: 480 } } });
    if (!track) return this.#failed("camera", reason);
    this.picture.srcObject = new MediaStream([track]);
    this.picture.hidden = false;
    await this.picture.play().catch(() => undefined);
    const light = await brightness(this.picture);
    if (light === null) return this.#failed("camera", "NotReadableError");
    if (light < DARK) return this.#verdict("camera", "weak", this.texts.camera.dark);
    return this.#verdict("camera", "ok", this.texts.camera.ok);
  }

  async #microphone() {
    const { track, reason } = await this.#open({ audio: true });
    if (!track) return this.#failed("microphone", reason);
    this.root.querySelector("[data-loudness]").hidden = false;
    const heard = await loudest(track, this.meter);
    return this.#verdict("microphone", heard >= HEARD ? "ok" : "weak", heard >= HEARD ? this.texts.microphone.ok : this.texts.microphone.silent);
  }

  async #network() {
    const texts = this.texts.network;
    const socket = new URL(this.config.socket, location.href.replace(/^http/, "ws")).href;
    if (!(await socketPasses(socket))) return this.#verdict("network", "failed", texts.socket);
    if (!this.config.echo) return this.#verdict("network", "weak", texts.unavailable);
    const result = await echo({ ...this.config, stream: this.stream, url: this.config.echo }).catch(() => ({ outcome: "unavailable" }));
    this.result = result;
    if (result.outcome === "unavailable") return this.#verdict("network", "weak", texts.unavailable);
    if (result.outcome === "blocked") return this.#verdict("network", "failed", texts.blocked);
    if (this.stream.getTracks().length && result.packets === 0) return this.#verdict("network", "failed", texts.blocked);
    return level(result) === "good" ? this.#verdict("network", "ok", texts.ok) : this.#verdict("network", "weak", texts.weak);
  }

  async #report() {
    await fetch(this.config.report, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": this.config.csrf },
      body: JSON.stringify(this.verdicts),
    }).catch(() => undefined); // the verdict stands on the page either way
  }
}

// Mean brightness (0 to 255) of a picture after it has settled, or null when none comes.
async function brightness(video) {
  const canvas = new OffscreenCanvas(32, 24);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let light = null;
  for (const end = performance.now() + 4000; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (!video.videoWidth) continue;
    pen.drawImage(video, 0, 0, 32, 24);
    const { data } = pen.getImageData(0, 0, 32, 24);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    light = sum / (data.length / 4);
    if (light >= DARK) return light;
  }
  return light;
}

// The loudest level (0 to 1) heard while the meter moves; ends early once something is heard.
async function loudest(track, meter) {
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let most = 0;
  for (const end = performance.now() + LISTENING; performance.now() < end && most < HEARD * 2; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    analyser.getFloatTimeDomainData(samples);
    const now = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
    meter.value = Math.min(1, now * 4);
    most = Math.max(most, now);
  }
  await context.close();
  return most;
}

const root = document.querySelector("[data-video-webrtc-test]");
if (root) {
  const config = { ...JSON.parse(root.dataset.config), csrf: root.dataset.csrf };
  const test = new DeviceTest(root, config, config.texts);
  root.test = test;
  addEventListener("pagehide", () => test.stop());
}
