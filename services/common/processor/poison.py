"""Records that cannot be decoded or handled: how many are too many, and how they look in the DLQ.

The outcomes of a partition's last hundred records travel as metadata of its committed offsets, so in the same
transaction as the DLQ records: a restart goes on counting where it was and lets no further twenty through.
"""

import re
from datetime import datetime

from aiokafka import ConsumerRecord

from services.common.cloudevents import rfc3339
from services.common.dlq.letters import Error
from services.common.errors import ContractError
from services.common.producers import MAX_RECORD_BYTES

IN_A_ROW = 20
"""A sender with a bug, or a release of ours that cannot read its topic: do not empty it into the DLQ."""
WINDOW = 100
IN_WINDOW = 50
"""Half of the last hundred: the same, while other senders on this partition are well."""
_MASK = (1 << WINDOW) - 1
_ROW = (1 << IN_A_ROW) - 1

Headers = list[tuple[str, bytes]]
"""A list, because aiokafka's batch builder takes nothing else."""


class HaltError(Exception):
    """This partition cannot go on until somebody changes something; the text is for health and the log."""


class Window:
    """The last hundred outcomes as bits, newest lowest; 1 is poison."""

    def __init__(self) -> None:
        self._bits = 0

    def restore(self, text: str) -> None:
        """Take over what `text` gave; anything else (no offset yet, or set by a tool) is an empty window."""
        found = re.fullmatch(r"poison:([0-9a-f]{1,25})", text)
        self._bits = int(found[1], 16) if found else 0

    @property
    def text(self) -> str:
        return f"poison:{self._bits:x}" if self._bits else ""

    def good(self) -> None:
        if self._bits:
            self._bits = (self._bits << 1) & _MASK

    def poison(self) -> None:
        """Count one; when it is one too many it is not counted, because it is not going to be handled."""
        bits = (self._bits << 1 | 1) & _MASK
        if bits & _ROW == _ROW:
            raise HaltError(f"{IN_A_ROW} records in a row cannot be handled")
        if bits.bit_count() >= IN_WINDOW:
            raise HaltError(f"{IN_WINDOW} of the last {WINDOW} records cannot be handled")
        self._bits = bits


def redacted(error: Exception) -> tuple[str, str]:
    """Return name and message for people; only our own contract errors are known to quote no values."""
    name = type(error).__name__
    return name, str(error) if isinstance(error, ContractError) else f"the handler raised {name}"


def dead_letter(
    record: ConsumerRecord, error: Exception, processor: str, now: datetime
) -> tuple[bytes | None, Headers]:
    """Return value and headers for the DLQ: the original ones untouched, and what went wrong where."""
    name, message = redacted(error)
    headers = [
        *record.headers,
        (Error.NAME.value, name.encode()),
        (Error.MESSAGE.value, message.encode()),
        (Error.TOPIC.value, record.topic.encode()),
        (Error.PARTITION.value, str(record.partition).encode()),
        (Error.OFFSET.value, str(record.offset).encode()),
        (Error.FAILED_AT.value, rfc3339(now).encode()),
        (Error.CONSUMER.value, processor.encode()),
    ]
    if size_of(record.key, record.value, headers) <= MAX_RECORD_BYTES:
        return record.value, headers
    # A stranger's record just under the broker's limit has no room for our headers: it stays where it is.
    return None, [*headers[-7:], (Error.VALUE_LEFT.value, str(len(record.value or b"")).encode())]


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Return the bytes a record takes on the wire, a little more than there will be."""
    return len(key or b"") + len(value or b"") + sum(len(n) + len(v or b"") + 10 for n, v in headers) + 50
