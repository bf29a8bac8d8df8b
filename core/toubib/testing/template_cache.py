"""Compiled templates kept for all applications of a process: a run of tests builds hundreds, and each would compile the same files anew."""

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class TemplateCache(BytecodeCache):
    """Code by a template's name, file and content."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of the same content; a bucket left empty makes Jinja compile."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


_of_this_process = TemplateCache()


def share_templates(app: Flask) -> Flask:
    """Let an application take what others of this process compiled; returns it."""
    app.jinja_env.bytecode_cache = _of_this_process
    return app
