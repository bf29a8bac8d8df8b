"""Technical logs: one line per event with ids only. No local variables, addresses, query strings or health data.

The audit trail, the access journal of the front server and media figures are kept apart from them.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor

_WHERE = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)


def _without_sentences(_logger: object, _method: str, event: EventDict) -> EventDict:
    """An exception's own sentence may quote what somebody typed: its kind and place are kept, its sentence is not."""
    for error in event.get("exception", ()):
        error["exc_value"], error["exc_notes"] = "", []
    return event


def configure(*, production: bool) -> None:
    """Set up the process's logs: JSON lines in production, readable ones elsewhere.

    A fault shows where it happened, never the values it happened with.
    """
    if production:
        shown: list[Processor] = [structlog.processors.ExceptionRenderer(_WHERE), _without_sentences, structlog.processors.JSONRenderer()]
    else:
        shown = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # asked each time: whoever replaces the stream (a test, a supervisor) gets what is said from then on
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
