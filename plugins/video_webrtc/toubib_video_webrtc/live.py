"""The hub of this process, over whatever bus the installation runs."""

from toubib.services import live
from toubib_video_webrtc.hub import Hub


def hub() -> Hub:
    """The rooms' channels."""
    return Hub(live.bus())
