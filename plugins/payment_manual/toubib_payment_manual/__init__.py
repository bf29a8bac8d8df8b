"""Payment at the practice for Toubib: tells the payer so, and leaves the money due."""

__version__ = "0.1.0"
