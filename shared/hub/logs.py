"""JSON logs on standard error, one object a line, with the transaction id where there is one."""

import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer

_SECRET = ("password", "secret", "token", "authorization", "private_key", "api_key")


def _redact(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep a secret out, whoever put it in."""
    for name in event:
        if any(word in name.lower() for word in _SECRET):
            event[name] = "[redacted]"
    return event


def configure(service: str, level: str = "INFO") -> None:
    """Send this process's logs, and those of its libraries, to standard error as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without local variables: they hold secrets.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.contextvars.bind_contextvars(service=service)
    # An outage makes aiokafka log about a hundred lines a second, and paramiko tells each handshake.
    for noisy in ("aiokafka", "kafka", "paramiko", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("CRITICAL")
