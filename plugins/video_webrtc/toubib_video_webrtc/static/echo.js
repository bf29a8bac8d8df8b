// The network test: the same way a call would go, to the echo peer and back.

import { measure } from "./measure.js";

const GATHERING = 3000;
const CONNECTING = 8000;
const WATCHING = 3000;

// Whether the signalling socket passes: a ping before any token is answered.
export function socketPasses(url) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const timer = setTimeout(() => finish(false), 6000);
    const finish = (passes) => {
      clearTimeout(timer);
      socket.onclose = socket.onmessage = null;
      socket.close();
      resolve(passes);
    };
    socket.onopen = () => socket.send(JSON.stringify({ type: "ping" }));
    socket.onmessage = () => finish(true);
    socket.onclose = () => finish(false);
  });
}

// Sends one's own tracks out and measures what comes back.
// Gives { outcome: "measured", loss, rtt, frames, packets } or { outcome: "blocked" | "unavailable" }.
export async function echo({ stream, ice, relay, url, csrf }) {
  const pc = new RTCPeerConnection({ iceServers: ice, iceTransportPolicy: relay ? "relay" : "all", bundlePolicy: "max-bundle" });
  try {
    await offerTo(pc, stream);
    const answer = await ask(pc.localDescription, url, csrf);
    if (!answer) return { outcome: "unavailable" };
    await pc.setRemoteDescription(answer);
    if (!(await connected(pc))) return { outcome: "blocked" };
    return { outcome: "measured", ...(await watch(pc)) };
  } finally {
    pc.close();
  }
}

async function offerTo(pc, stream) {
  for (const kind of ["audio", "video"]) {
    const track = stream.getTracks().find((t) => t.kind === kind);
    const sender = pc.addTransceiver(track ?? kind, { direction: "sendrecv", streams: [stream] }).sender;
    if (track && kind === "video") await small(sender, track);
  }
  await pc.setLocalDescription();
  if (pc.iceGatheringState === "complete") return;
  await Promise.race([
    new Promise((resolve) => (pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve())),
    new Promise((resolve) => setTimeout(resolve, GATHERING)),
  ]);
}

// The echo decodes and encodes every picture: a small one tests the path as well.
async function small(sender, track) {
  const p = sender.getParameters();
  const height = track.getSettings().height ?? 480;
  p.encodings[0].scaleResolutionDownBy = Math.max(1, height / 240);
  p.encodings[0].maxFramerate = 12;
  await sender.setParameters(p).catch(() => undefined);
}

async function ask({ type, sdp }, url, csrf) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify({ type, sdp }),
  });
  return answer.ok ? answer.json() : null;
}

function connected(pc) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CONNECTING);
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === "connected" || pc.connectionState === "failed") {
        clearTimeout(timer);
        resolve(pc.connectionState === "connected");
      }
    };
  });
}

async function watch(pc) {
  await pause(WATCHING);
  const before = await measure(pc);
  await pause(WATCHING);
  const now = await measure(pc);
  const lost = now.lost - before.lost;
  const packets = now.media - before.media;
  return { packets, frames: now.decoded, rtt: now.rtt, loss: packets + lost ? Math.round((1000 * lost) / (packets + lost)) : 1000 };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
