"""The server of one machine: gunicorn with one process and many threads, so that sockets and live messages meet inside it.

More of them may share a database behind a proxy: the bus carries live messages across. Documents leave from a second
port, without cookies.
"""

import threading
from dataclasses import dataclass
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from werkzeug.serving import make_server

from toubib import runtime
from toubib.app import create_app
from toubib.settings import Settings
from toubib.web.files_app import build as build_files


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where to listen, with how many threads, and whether jobs run here too."""

    host: str = "127.0.0.1"
    port: int = 8000
    files_port: int = 8001
    threads: int = 64
    jobs: bool = False


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn is published without types
    def __init__(self, settings: Settings, options: ServerOptions, *, safe: bool) -> None:
        self._settings, self._options, self._safe = settings, options, safe
        super().__init__()

    def load_config(self) -> None:
        values: dict[str, Any] = {
            "bind": f"{self._options.host}:{self._options.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._options.threads,
            "timeout": 120,
            "graceful_timeout": 5,
            "post_worker_init": self._beside,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for key, value in values.items():
            if key in self.cfg.settings:
                self.cfg.set(key, value)

    def load(self) -> Flask:
        return create_app(self._settings, safe=self._safe)

    def _beside(self, _worker: object) -> None:
        files = make_server(self._options.host, self._options.files_port, build_files(runtime.current()), threaded=True)
        threading.Thread(target=files.serve_forever, daemon=True, name="files").start()
        if self._options.jobs:
            threading.Thread(target=runtime.current().jobs.serve, daemon=True, name="jobs").start()


def serve_forever(settings: Settings, options: ServerOptions, *, safe: bool = False) -> None:
    """Serve until stopped."""
    _Server(settings, options, safe=safe).run()
