// One's own microphone and camera.

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class LocalMedia {
  stream = new MediaStream();
  problem = null;

  constructor({ height }) {
    this.video = { height: { ideal: height }, aspectRatio: { ideal: 16 / 9 }, frameRate: { ideal: 24, max: 30 } };
  }

  // Opens both; where one is missing or refused, the other alone. Never throws: `problem` says what went wrong.
  async open() {
    for (const wanted of [{ audio: AUDIO, video: this.video }, { audio: AUDIO }, { video: this.video }]) {
      try {
        const got = await navigator.mediaDevices.getUserMedia(wanted);
        got.getTracks().forEach((track) => this.stream.addTrack(track));
        return;
      } catch (error) {
        this.problem ??= error.name;
      }
    }
  }

  get audio() {
    return this.stream.getAudioTracks()[0] ?? null;
  }

  get camera() {
    return this.stream.getVideoTracks()[0] ?? null;
  }

  get muted() {
    return !this.audio?.enabled;
  }

  // A muted microphone goes on sending silence, so that the line stays known to be alive.
  async setMuted(muted) {
    this.problem = null;
    if (!this.audio && !muted) await this.#add({ audio: AUDIO });
    if (this.audio) this.audio.enabled = !muted;
    return this.audio;
  }

  // A camera that is off is released: its light goes out.
  async setCamera(on) {
    this.problem = null;
    if (on && !this.camera) await this.#add({ video: this.video });
    if (!on && this.camera) {
      const track = this.camera;
      this.stream.removeTrack(track);
      track.stop();
    }
    return this.camera;
  }

  stop() {
    this.stream.getTracks().forEach((track) => track.stop());
  }

  async #add(wanted) {
    try {
      const got = await navigator.mediaDevices.getUserMedia(wanted);
      got.getTracks().forEach((track) => this.stream.addTrack(track));
      this.problem = null;
    } catch (error) {
      this.problem = error.name;
    }
  }
}
