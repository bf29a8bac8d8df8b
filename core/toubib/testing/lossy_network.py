"""A network between two browsers that a test can cut, lose packets on, or let die: a UDP relay in this process.

The pages' remote ICE candidates are rewritten to ports of the relay, so that every packet of a call passes it.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Address = tuple[str, int]
LOCAL = "127.0.0.1"

REWRITE = r"""(() => {
  const Native = window.RTCPeerConnection;
  const through = async (line) => {
    const m = line.match(/^(candidate:\S+ \d+ udp \d+ )(\S+) (\d+)( typ .*)$/i);
    if (!m || m[2].includes(":")) return null;
    return `${m[1]}127.0.0.1 ${await window.relayPort(m[2], Number(m[3]))}${m[4]}`;
  };
  window.RTCPeerConnection = class extends Native {
    async setRemoteDescription(description) {
      const lines = [];
      for (const line of description.sdp.split("\r\n")) {
        const rewritten = line.startsWith("a=candidate:") ? await through(line.slice(2)) : null;
        if (!line.startsWith("a=candidate:")) lines.push(line);
        else if (rewritten) lines.push("a=" + rewritten);
      }
      return super.setRemoteDescription({type: description.type, sdp: lines.join("\r\n")});
    }
    async addIceCandidate(candidate) {
      if (!candidate?.candidate) return undefined;
      const rewritten = await through(candidate.candidate);
      return rewritten ? super.addIceCandidate({...candidate, candidate: rewritten}) : undefined;
    }
  };
})();"""


@dataclass(slots=True)
class _Way:
    """A socket of the relay. A `door` takes packets for `target`; any other carries them on and brings answers back to `back`."""

    target: Address
    door: socket.socket | None = None
    back: Address | None = None


class LossyNetwork:
    """Forwards every packet until told otherwise. `lose_every` n drops each n-th packet."""

    def __init__(self) -> None:
        self.cut = False
        self.lose_every = 0
        self._count = 0
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._doors: dict[Address, socket.socket] = {}
        self._outward: dict[tuple[int, Address], socket.socket] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lossy-network", daemon=True)
        self._thread.start()

    def join(self, page: Any) -> None:
        """Have the calls of this page pass here. Before the page opens anything."""
        page.expose_function("relayPort", lambda host, port: self.port(host, int(port)))
        page.add_init_script(REWRITE)

    def port(self, host: str, port: int) -> int:
        """The relay's port for an address; the same one until the paths die."""
        with self._lock:
            if (host, port) not in self._doors:
                self._doors[host, port] = self._open(_Way((host, port)))
            return int(self._doors[host, port].getsockname()[1])

    def die(self) -> None:
        """Every path that there is ends for good, as when a phone changes from one network to another."""
        with self._lock:
            for key in list(self._selector.get_map().values()):
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
            self._doors.clear()
            self._outward.clear()

    def stop(self) -> None:
        """End the relay."""
        self._over.set()
        self._thread.join(5)
        self.die()
        self._selector.close()

    def _open(self, way: _Way) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((LOCAL if way.door is None else "0.0.0.0", 0))  # noqa: S104  answers come from the machine's other addresses
        made.setblocking(False)
        self._selector.register(made, selectors.EVENT_READ, way)
        return made

    def _run(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.1) if self._selector.get_map() else self._pause():
                with contextlib.suppress(OSError), self._lock:
                    self._pass_on(key.fileobj, key.data)

    def _pause(self) -> list[Any]:
        self._over.wait(0.05)
        return []

    def _pass_on(self, arrived: Any, way: _Way) -> None:
        packet, source = arrived.recvfrom(65536)
        self._count += 1
        if self.cut or (self.lose_every and self._count % self.lose_every == 0):
            return
        if way.door is not None and way.back is not None:
            way.door.sendto(packet, way.back)
            return
        key = (arrived.fileno(), source)
        if key not in self._outward:
            self._outward[key] = self._open(_Way(way.target, arrived, source))
        self._outward[key].sendto(packet, way.target)


@contextlib.contextmanager
def lossy_network(*pages: Any) -> Iterator[LossyNetwork]:
    """A network that these pages' calls pass."""
    network = LossyNetwork()
    try:
        for page in pages:
            network.join(page)
        yield network
    finally:
        network.stop()
