"""The official French drug file: import, classes, search."""

__version__ = "0.1.0"
