"""The log: JSON lines on stderr. The only module that touches `logging`.

An exception is logged as its types and places, without its message: messages of libraries quote what
they were given (a request, a row), and nothing personal may reach a log. Messages of our own exceptions
(errors.py) hold none, so they stay.
"""

import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from services.common.errors import SignaalhubError
from services.common.tracing import TRACEPARENT, trace_id_of

LEVELS = {
    "fastapi": logging.ERROR,  # it warns of a package for e-mail addresses that we do not use
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "aiokafka": logging.WARNING,
    "uvicorn": logging.WARNING,
    "alembic": logging.INFO,
}
"""What libraries say; all others from WARNING on."""

_LOUD = {"error", "critical"}
_WARNINGS = "py.warnings"
"""Where Python logs warnings: `file:line: kind: text`."""

_Event = MutableMapping[str, Any]


def setup(service: str, replica: str) -> None:
    """Send all that this process logs to stderr, under these names; called once, before anything logs."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _names(service, replica),
        _trace,
        _exceptions,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    _route_libraries(shared)
    _catch_the_rest()


def _route_libraries(shared: list[structlog.typing.Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_hide_texts)
    chain = [_foreign, *shared, _calmed]
    final: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=final))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)


def _catch_the_rest() -> None:
    """Log what nobody catches: Python writes it to stderr as it is, with its message."""
    log = structlog.get_logger()
    sys.excepthook = lambda _kind, error, _trace: log.critical("exception_not_handled", exc_info=error)
    sys.unraisablehook = lambda found: log.error("exception_not_handled", exc_info=found.exc_value)
    threading.excepthook = lambda found: log.error("exception_not_handled", exc_info=found.exc_value)


def _names(service: str, replica: str) -> structlog.typing.Processor:
    def add(logger: Any, method: str, event: _Event) -> _Event:
        return {**event, "service": service, "replica": replica}

    return add


def _trace(logger: Any, method: str, event: _Event) -> _Event:
    """Add what joins the lines of one request, in whatever service it goes on."""
    trace_id = trace_id_of(TRACEPARENT.get())
    return {**event, "trace_id": trace_id} if trace_id else event


def _foreign(logger: Any, method: str, event: _Event) -> _Event:
    """Give a library's line the form of ours; asyncio puts the exception's text on its second line."""
    record: logging.LogRecord = event["_record"]
    message = event["event"].partition("\n")[0] if record.exc_info else event["event"]
    if record.name == _WARNINGS:  # pydantic's quote the value that they warn of: place and kind say enough
        message = ": ".join(message.split(": ", 2)[:2])
    return {**event, "event": "library_logged", "logger": record.name, "message": message}


def _calmed(logger: Any, method: str, event: _Event) -> _Event:
    """Let no library ask for somebody: a client calls what it mends by itself an error at every start.

    What lasts, or ends the process, we tell ourselves.
    """
    return {**event, "level": "warning"} if event["level"] in _LOUD else event


def _hide_texts(record: logging.LogRecord) -> bool:
    """Let a library that logs an exception as an argument log its type only."""
    if isinstance(record.args, tuple):
        record.args = tuple(_hidden(each) for each in record.args)
    elif record.args:
        record.args = {name: _hidden(each) for name, each in record.args.items()}
    return True


def _hidden(argument: object) -> object:
    foreign = isinstance(argument, BaseException) and not isinstance(argument, SignaalhubError)
    return type(argument).__name__ if foreign else argument


def _exceptions(logger: Any, method: str, event: _Event) -> _Event:
    info = event.pop("exc_info", None)
    if not info:
        return event
    if not isinstance(info, BaseException):
        info = info[1] if isinstance(info, tuple) else sys.exception()
    return {**event, "exception": describe(info)} if info else event


def describe(error: BaseException) -> list[dict[str, Any]]:
    """Return an exception and its causes, the last first: type, places, and the message if it is our own."""
    found: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(found) < 10:
        found.append(_one(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return found


def _one(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-15:]
    what: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if isinstance(error, SignaalhubError):
        what["message"] = str(error)
    return what | {"places": [f"{f.filename}:{f.lineno} {f.name}" for f in frames]}
