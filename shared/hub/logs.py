"""JSON logs on standard error, one object a line, with the transaction id where there is one."""

import logging
import sys

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer

_SECRET = ("password", "secret", "token", "authorization", "private_key", "api_key")


def _redact(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep a secret out, whoever put it in."""
    for name in event:
        if any(word in name.lower() for word in _SECRET):
            event[name] = "[redacted]"
    return event


def _json(event: structlog.typing.EventDict, **_: object) -> bytes:
    return orjson.dumps(event, default=str)


def configure(service: str, level: str = "INFO") -> None:
    """Send this process's logs, and those of its libraries, to standard error as JSON lines.

    Our own loggers write directly; only the libraries' lines pass through the standard library.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without local variables: they hold secrets.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
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
