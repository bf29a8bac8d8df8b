"""A real coturn, configured as the README says, takes our credentials for their time and relays to the world only."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aioice import stun, turn

from toubib.testing.relay import Relay, coturn, documented
from toubib_video_webrtc.turn import credentials

README = Path(__file__).parents[1] / "README.md"
SECRET = "only of the tests"
WORLD = "192.0.2.1"
"""An address of the block for documentation: outside of every private range, and nobody's."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with coturn(documented(README, SECRET), tmp_path_factory.mktemp("coturn")) as running:
        yield running


def answer(relay: Relay, given: tuple[str, str], peer: str = WORLD) -> int:
    """Ask for an address at the relay, then to send to this peer: 200, or the relay's own error code."""

    async def ask() -> None:
        transport, _ = await turn.create_turn_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", relay.port), *given)
        client = transport._TurnTransport__inner_protocol  # type: ignore[attr-defined]  # no public way to a permission alone
        order = stun.Message(message_method=stun.Method.CREATE_PERMISSION, message_class=stun.Class.REQUEST)
        order.attributes["XOR-PEER-ADDRESS"] = (peer, 9)
        try:
            await client.request_with_retry(order)
        finally:
            transport.close()

    try:
        asyncio.run(ask())
    except stun.TransactionFailed as refused:
        return int(refused.response.attributes["ERROR-CODE"][0])
    return 200


@pytest.mark.relay
def test_credentials_work_for_their_time_and_only_under_the_shared_secret(relay: Relay) -> None:
    assert answer(relay, credentials(SECRET, "member", timedelta(minutes=70))) == 200
    assert answer(relay, credentials(SECRET, "member", timedelta(minutes=-1))) == 401
    assert answer(relay, credentials("another secret", "member", timedelta(minutes=70))) == 401
    name, password = credentials(SECRET, "member", timedelta(minutes=1))
    later = re.sub(r"^\d+", lambda until: str(int(until[0]) + 3600), name)
    assert answer(relay, (later, password)) == 401


@pytest.mark.relay
@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.5", "172.20.0.5", "192.168.1.5", "169.254.169.254", "100.64.0.5"])
def test_nobody_reaches_the_operators_own_network_through_it(relay: Relay, peer: str) -> None:
    assert answer(relay, credentials(SECRET, "member", timedelta(minutes=70)), peer) == 403
