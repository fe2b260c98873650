import asyncio
import gc
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from services.common import log
from services.common.errors import ConfigurationError, TransientError

SECRET = "jan@voorbeeld.nl"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """All that was logged so far; the set-up of the process is put back afterwards."""
    gc.collect()  # what earlier tests left (a fenced producer leaves a task) complains now, not in the lines
    gc.disable()
    found, root = io.StringIO(), logging.getLogger()
    before = (structlog.get_config(), root.handlers[:], root.level)
    levels = {name: logging.getLogger(name).level for name in log.LEVELS}
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setattr(root, "handlers", [])
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    log.setup("ingest", "1")
    yield lambda: [json.loads(line) for line in found.getvalue().splitlines()]
    gc.enable()
    logging.captureWarnings(capture=False)
    structlog.configure(**before[0])
    root.handlers, root.level = before[1], before[2]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_line_has_a_utc_time_a_level_and_who_wrote_it(lines: Lines) -> None:
    structlog.get_logger().info("signal_accepted", id="1")
    structlog.get_logger().debug("not_written")
    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "signal_accepted",
        "id": "1",
        "level": "info",
        "service": "ingest",
        "replica": "1",
    }


def test_libraries_write_in_the_same_form(lines: Lines) -> None:
    logging.getLogger("aiokafka.consumer").warning("lost %s", "the broker")
    logging.getLogger("aiokafka.consumer").info("not written")
    logging.getLogger("mode").debug("not written")
    [line] = lines()
    assert line["event"] == "library_logged"
    assert (line["logger"], line["message"]) == ("aiokafka.consumer", "lost the broker")
    assert (line["level"], line["service"]) == ("warning", "ingest")


def test_a_library_asks_for_nobody_whatever_it_calls_what_it_says(lines: Lines) -> None:
    logging.getLogger("aiokafka").info("not written")
    logging.getLogger("alembic").info("Running upgrade")
    logging.getLogger("aiokafka").error("Group Coordinator Request failed")
    logging.getLogger("mode").critical("Crashed")
    assert [line["level"] for line in lines()] == ["info", "warning", "warning"]


def failed() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        raise TransientError("the broker is away") from error


def test_an_exception_is_logged_with_its_places_and_only_our_own_message(lines: Lines) -> None:
    try:
        failed()
    except TransientError:
        structlog.get_logger().exception("batch_failed")
    [line] = lines()
    ours, cause = line["exception"]
    assert (ours["type"], ours["message"]) == ("services.common.errors.TransientError", "the broker is away")
    assert cause.keys() == {"type", "places"}
    assert cause["places"][-1].endswith(" failed")
    assert SECRET not in json.dumps(line)


def test_a_library_that_logs_an_exception_does_not_tell_its_message(lines: Lines) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        logging.getLogger("mode").exception("Crashed reason=%r", error)  # noqa: TRY401 - as mode does
        logging.getLogger("aiokafka").warning("Heartbeat failed: %s", error)
    crash, heartbeat = lines()
    assert crash["message"] == "Crashed reason='ValueError'"
    assert crash["exception"][0]["type"] == "builtins.ValueError"
    assert heartbeat["message"] == "Heartbeat failed: ValueError"
    assert SECRET not in json.dumps([crash, heartbeat])


@pytest.mark.filterwarnings("default")
def test_a_warning_of_a_library_is_logged_with_its_place_and_without_its_text(lines: Lines) -> None:
    """Pydantic's quote the value that they warn of."""
    warnings.warn(f"Expected `str` [input_value='{SECRET}', input_type=int]", UserWarning, stacklevel=1)
    [line] = lines()
    assert line["logger"] == "py.warnings"
    assert re.fullmatch(r".*test_log\.py:\d+: UserWarning", line["message"])


def test_a_library_that_names_its_arguments_does_not_tell_the_message_of_an_exception(lines: Lines) -> None:
    logging.getLogger("kafka").warning("failed: %(error)s", {"error": ValueError(SECRET)})
    assert [line["message"] for line in lines()] == ["failed: ValueError"]


def thread_fails() -> None:
    thread = threading.Thread(target=int, args=(SECRET,))
    thread.start()
    thread.join()


def finalizer_fails() -> None:
    class Failing:
        def __del__(self) -> None:
            raise ValueError(SECRET)

    Failing()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("fail", [thread_fails, finalizer_fails])
def test_what_nobody_catches_is_logged_without_its_message(fail: Callable[[], None], lines: Lines) -> None:
    """Python itself would write it to stderr as it is."""
    fail()
    [line] = lines()
    assert line["event"] == "exception_not_handled"
    assert line["exception"][0]["type"] == "builtins.ValueError"
    assert SECRET not in json.dumps(line)


def test_also_where_the_process_ends_by_it(lines: Lines) -> None:
    try:
        failed()
    except TransientError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    [line] = lines()
    assert (line["event"], len(line["exception"])) == ("exception_not_handled", 2)
    assert SECRET not in json.dumps(line)


async def test_a_task_whose_exception_nobody_took_does_not_tell_its_message(lines: Lines) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    task = asyncio.get_running_loop().create_task(fail())
    await asyncio.wait({task})
    del task
    gc.collect()
    told = lines()  # a task that another test left may be collected now, and complains too
    assert "Task exception was never retrieved" in [line["message"] for line in told]
    assert SECRET not in json.dumps(told)


def test_a_chain_that_was_cut_off_on_purpose_stays_cut_off() -> None:
    def cut() -> None:
        try:
            raise ValueError(SECRET)
        except ValueError:
            raise ConfigurationError("set SIGNAALHUB_KAFKA") from None

    with pytest.raises(ConfigurationError) as error:
        cut()
    assert len(log.describe(error.value)) == 1
