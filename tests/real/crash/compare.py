"""What must be there beside what is there: every difference is a line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from services.common.events import Event
from tests.real.crash.read import Seen

E = TypeVar("E", bound=Event)


def events(records: Iterable[Seen], kind: type[E]) -> Iterator[E]:
    for seen in records:
        event = seen.event
        assert isinstance(event, kind)
        yield event


def compared(
    what: str, expected: set[Any], found: set[Any], maybe: set[Any] | frozenset[Any] = frozenset()
) -> Iterator[str]:
    for word, some in (("missing", expected - found), ("too many", found - expected - maybe)):
        if some:
            yield f"{what}: {len(some)} {word} of {len(expected)}, for example {min(map(str, some))}"


def compared_by_key(what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Iterator[str]:
    yield from compared(what, set(expected), set(found))
    for key in sorted(expected.keys() & found.keys()):
        if expected[key] != found[key]:
            yield f"{what} {key}: found {found[key]}, expected {expected[key]}"
