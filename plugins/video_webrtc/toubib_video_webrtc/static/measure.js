// Reads what the browser knows about a connection: a few numbers, and the word for them.

export async function measure(pc) {
  const m = { media: 0, lost: 0, any: 0, decoded: 0, energy: 0, rtt: 0, limited: false, sent: 0 };
  for (const s of (await pc.getStats()).values()) {
    if (s.type === "inbound-rtp") {
      m.media += s.packetsReceived ?? 0;
      m.lost += Math.max(0, s.packetsLost ?? 0);
      if (s.kind === "video") m.decoded += s.framesDecoded ?? 0;
      if (s.kind === "audio") m.energy += s.totalAudioEnergy ?? 0;
    } else if (s.type === "outbound-rtp") {
      m.sent += s.packetsSent ?? 0;
      if (s.kind === "video" && s.qualityLimitationReason === "bandwidth") m.limited = true;
    } else if (s.type === "candidate-pair") {
      m.any += s.responsesReceived ?? 0;
      if (s.nominated && s.state === "succeeded") m.rtt = Math.round((s.currentRoundTripTime ?? 0) * 1000);
    } else if (s.type === "transport") {
      m.any += s.packetsReceived ?? 0;
    }
  }
  m.any += m.media;
  return m;
}

// Lost packets per thousand between two measurements.
export function lossPermille(before, now) {
  const lost = now.lost - before.lost;
  const all = now.media - before.media + lost;
  return all > 0 ? Math.min(1000, Math.max(0, Math.round((1000 * lost) / all))) : 0;
}

// "good", "weak" or "poor": what a person notices, from loss and delay.
export function level({ loss, rtt }) {
  if (loss >= 100 || rtt >= 800) return "poor";
  if (loss >= 30 || rtt >= 400) return "weak";
  return "good";
}
