"""Every sentence that the plugin's scripts show or speak, as messages; rendered in the reader's language."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from toubib.contracts.common import Message
from toubib.web import text

DOMAIN = "video_webrtc"
Tree: TypeAlias = Mapping[str, Any]


def say(key: str) -> Message:
    """A message of this plugin."""
    return Message(DOMAIN, key)


def rendered(tree: Tree) -> dict[str, Any]:
    """The tree with every message rendered in the reader's language."""
    return {name: _rendered(node) for name, node in tree.items()}


def _rendered(node: Any) -> Any:
    if isinstance(node, Message):
        return text(node.key, DOMAIN)
    if isinstance(node, tuple):
        return [_rendered(part) for part in node]
    return rendered(node)


DEVICE_PROBLEMS: Tree = {
    "NotAllowedError": say("The browser may not use the camera or the microphone. Allow both beside the address, then reload the page."),
    "NotFoundError": say("No camera or microphone was found. Connect one, then press its button."),
    "NotReadableError": say("Another program uses the camera or the microphone. Close it, then press the button again."),
    "other": say("The camera or the microphone cannot be used. Try another browser, or go on by telephone."),
}

CALL: Tree = {
    "joining": say("Opening the room"),
    "alone": say("You are in the room. Waiting for {name}."),
    "connecting": say("Connecting with {name}"),
    "reconnecting": say("Reconnecting. Stay here, the call comes back by itself."),
    "entered": say("In the room: {name}."),
    "left": say("{name} left the call."),
    "muted": say("Microphone off. Nobody hears you."),
    "unmuted": say("Microphone on."),
    "camera_on": say("Camera on."),
    "camera_off": say("Camera off. Nobody sees you."),
    "they_muted": say("{name}: microphone off."),
    "they_unmuted": say("{name}: microphone on."),
    "they_hide": say("{name}: camera off."),
    "they_show": say("{name}: camera on."),
    "no_picture": say("camera off"),
    "tap": say("Touch the page or press a key to hear the sound."),
    "levels": {
        "good": say("Good connection"),
        "weak": say("Weak connection: sound kept, picture reduced"),
        "poor": say("Very weak connection: if you do not understand each other, go on by telephone"),
    },
    "over": {
        "left": say("You left the call."),
        "closed": say("The consultation has ended."),
        "elsewhere": say("The call goes on in another window. Reload this page to bring it back here."),
        "full": say("The room is full. Call the practice."),
        "refused": say("This room is not open to you any more. Go back to your visit, or call the practice."),
    },
    "moved": say("Your picture is in another corner."),
    "problems": DEVICE_PROBLEMS,
}

TEST: Tree = {
    "again": say("Test again"),
    "camera": {
        "ok": (say("Your camera shows a picture."),),
        "dark": (say("The picture is black."), say("Uncover the camera or turn on a light, then test again.")),
        "NotAllowedError": (
            say("The browser may not use the camera."),
            say("Press the symbol beside the address, allow the camera, then test again."),
        ),
        "NotFoundError": (say("No camera was found."), say("Connect a camera, or use a phone. You can also talk without a picture.")),
        "NotReadableError": (say("The camera gives no picture."), say("Close the other programs that use it, then test again.")),
        "insecure": (say("This page may not ask for a camera."), say("Open the link of your visit again; its address begins with https.")),
        "other": (say("The camera cannot be used."), say("Try another browser or another device, then test again.")),
    },
    "microphone": {
        "ok": (say("Your microphone hears you."),),
        "silent": (say("Nothing was heard."), say("Speak aloud, or choose another microphone in the browser, then test again.")),
        "NotAllowedError": (
            say("The browser may not use the microphone."),
            say("Press the symbol beside the address, allow the microphone, then test again."),
        ),
        "NotFoundError": (say("No microphone was found."), say("Connect a headset, or use a phone.")),
        "NotReadableError": (say("The microphone gives no sound."), say("Close the other programs that use it, then test again.")),
        "insecure": (say("This page may not ask for a microphone."), say("Open the link of your visit again; its address begins with https.")),
        "other": (say("The microphone cannot be used."), say("Try another browser or another device, then test again.")),
    },
    "network": {
        "ok": (say("Sound and picture pass well."),),
        "weak": (say("Sound passes, the picture may be reduced."), say("Come closer to the Wi-Fi box, or close what else uses the network.")),
        "blocked": (
            say("Sound and picture do not pass."),
            say("Use another network, for example your phone's, then test again. Otherwise the consultation goes on by telephone."),
        ),
        "socket": (
            say("This network blocks the connection that a call needs."),
            say("Turn off a VPN or use another network, then test again."),
        ),
        "unavailable": (
            say("The page answers; sound and picture could not be tested."),
            say("You can enter the waiting room. If the call fails, the practice calls you."),
        ),
    },
}
