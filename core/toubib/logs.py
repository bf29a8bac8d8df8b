"""Technical logs: one line per event with ids only. No local variables, addresses, query strings or health data.

The audit trail, the access journal of the front server and media figures are kept apart from them.
"""

import logging
import sys

import structlog


def configure(level: int = logging.INFO) -> None:
    """Set up the process's logs. A fault shows where it happened, never the values it happened with."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
