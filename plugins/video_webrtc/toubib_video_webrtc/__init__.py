"""Video consultation, peer to peer: signalling, pre-call test, TURN credentials."""

__version__ = "0.1.0"
