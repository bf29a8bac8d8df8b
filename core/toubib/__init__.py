"""Toubib: an open, plugin-based telehealth framework.

`create_app` builds the web application; `hookimpl` marks a plugin's registrations.
"""

from toubib.contracts.registry import hookimpl

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl"]
