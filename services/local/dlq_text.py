"""What `signaalhub dlq` prints. Plain text: images for production have no `rich`."""

from collections.abc import Iterator, Sequence

from services.common.codec import schema_id_of
from services.common.dlq.judging import DONE, Verdict
from services.common.dlq.letters import Fate, Letter
from services.common.dlq.replay import Report
from services.common.dlq.summary import Reason, Summary

_MOST_REASONS = 5


def listed(found: Sequence[Summary]) -> Iterator[str]:
    """Give a table of the topics with letters, and under each the reasons of the open ones."""
    rows = [each for each in found if each.total]
    width = max((len(each.topic) for each in rows), default=0)
    if rows:
        yield f"{'TOPIC':{width}}  {'OPEN':>6}  {'DONE':>6}  OLDEST OPEN"
    for each in rows:
        since = each.since or "-"
        yield f"{each.topic:{width}}  {each.opened:>6}  {each.total - each.opened:>6}  {since}"
        for reason, count in each.reasons.most_common(_MOST_REASONS):
            yield f"  {count:>6} x {_reason(reason)}"
        if len(each.reasons) > _MOST_REASONS:
            yield f"         and {len(each.reasons) - _MOST_REASONS} other reasons"
    yield f"{sum(each.opened for each in rows)} open on {len(found)} dead-letter topics"


def shown(
    topic: str, partition: int, letter: Letter, fate: Fate | None, *, with_bytes: bool
) -> Iterator[str]:
    """Give all about one letter but, unless asked for, its value."""
    origin = letter.origin
    yield f"{topic}.dlq {partition}@{letter.offset}  {fate or 'open'}"
    yield f"  from      {f'{topic} {origin.partition}@{origin.offset}' if origin else 'unknown'}"
    yield f"  error     {_reason((letter.error, letter.message, letter.consumer))}"
    yield f"  failed    {_plain(letter.failed_at)}, sent back before: {letter.replays} times"
    yield f"  key       {'none' if letter.key is None else _text(letter.key)}"
    yield f"  value     {_value(letter)}"
    for name, value in letter.headers:
        yield f"  header    {_plain(name)} = {_text(value or b'')}"
    if with_bytes and letter.value is not None:
        yield f"  bytes     {letter.value.hex()}"


def replayed(topic: str, report: Report, left: int, *, dry_run: bool) -> Iterator[str]:
    """Give what was done, and what is `left`: all that stay open; why and where, of those looked at."""
    sent, over = report.counts[Verdict.REPLAY], report.counts[Verdict.SUPERSEDED]
    unseen = left - sum(count for verdict, count in report.counts.items() if verdict not in DONE)
    would = "would be sent back" if dry_run else "sent back"
    yield f"{topic}: {sent} {would}, {over} superseded, {left} left"
    for verdict, count in report.counts.items():
        if verdict is not Verdict.REPLAY:
            yield f"  {count:>6} x {verdict.value} (first: {report.first[verdict]})"
    if unseen > 0:  # another replay may have taken some meanwhile
        yield f"  {unseen:>6} x not looked at: beyond --limit, or not asked for"


def _reason(reason: Reason) -> str:
    error, message, consumer = reason
    return _plain(f"{error or 'no error header'}: {message} ({consumer or 'unknown consumer'})")


def _value(letter: Letter) -> str:
    if letter.value_left:
        return "left where it came from, too large"
    if letter.value is None:
        return "none (a tombstone)"
    schema_id = schema_id_of(letter.value)
    return f"{len(letter.value)} bytes, {'no schema id' if schema_id is None else f'schema id {schema_id}'}"


def _text(value: bytes) -> str:
    """Return bytes as text, or as hex; nothing in them may play with the terminal."""
    try:
        return _plain(value.decode())
    except UnicodeDecodeError:
        return f"hex {value.hex()}"


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
