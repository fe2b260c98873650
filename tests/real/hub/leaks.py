"""Searches everything that a hub wrote for the personal data that was sent in.

    python -m tests.real.hub.leaks .signaalhub-demo

searches what `signaalhub demo --once` left behind (written.py). Exit code 1 and a line per place where
something was found; also when nothing was found where it has to be, because then it did not see.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from services.local.demo.actions import (
    Action,
    AnswerQuestions,
    Ask,
    Attempt,
    Conclude,
    Correct,
    DailyFile,
    Deliver,
    EndHelp,
    Register,
    SendSignal,
    Withdraw,
)
from services.local.demo.examples import load_examples
from services.local.demo.scenario import make_steps
from services.local.folder import opened
from services.local.kafka import EmbeddedKafka
from services.local.postgres import EmbeddedPostgres
from tests.real.hub.personal import PACKED, Finder, Kind, unpacked
from tests.real.hub.written import Found, everything

MEANT_FOR_IT = {"table ingest.areas, postcode": frozenset({Kind.POSTCODE})}
"""CBS's table of all addresses of the country says nothing of anybody."""
SORTS = {"topic", "table", "file"}


def search(
    finder: Finder, places: Iterable[Found], meant: Mapping[str, frozenset[Kind]] = MEANT_FOR_IT
) -> Counter[str]:
    """Look everywhere; return how many pieces each place had. `meant`: what may stand where."""
    looked: Counter[str] = Counter()
    gathered: defaultdict[str, list[bytes]] = defaultdict(list)
    for place, data in places:
        looked[place] += 1
        gathered[place] += unpacked(data) if data.startswith(PACKED) else [data]
    for place, parts in gathered.items():
        finder.look(place, b"\n".join(parts), allowed=meant.get(place, frozenset()))
    return looked


def of_the_demo() -> list[object]:
    """Return all that the parties of the demo send in."""
    steps = make_steps(load_examples())
    return [content for step in steps for action in step.actions for content in sent_by(action)]


def sent_by(action: Action) -> Sequence[object]:
    """Return what an action says of residents; mypy sees to it that no kind is forgotten."""
    match action:
        case SendSignal(content=content) | Correct(content=content) | Register(content=content):
            return [content]
        case Deliver(rows=rows):
            return rows
        case DailyFile(rows=registered):
            return [content for _, content in registered]
        case Ask(bsn=bsn):
            return [{Kind.BSN.value: bsn}]
        case Withdraw() | EndHelp() | AnswerQuestions() | Attempt() | Conclude():
            return []
        case _:
            assert_never(action)


def main(path: Path) -> int:
    """Search what the demo left in its folder."""
    finder = Finder.of(of_the_demo())
    with (
        opened(path) as folder,
        EmbeddedKafka(folder.path / "kafka", log=folder.log("kafka")) as broker,
        EmbeddedPostgres(folder.path / "postgres", log=folder.log("postgres")) as server,
    ):
        looked = search(finder, everything(folder.path, broker.bootstrap, server.url))
    for hit in sorted(finder.hits):
        sys.stdout.write(f"personal data: {hit.kind} in {hit.place} ({hit.dress})\n")
    sorts = Counter(place.partition(" ")[0] for place in looked)
    where = ", ".join(f"{count} of a {sort}" for sort, count in sorts.items())
    sys.stdout.write(
        f"{len(finder.forms):,} values searched for in {looked.total():,} pieces ({where}): "
        f"{len(finder.hits)} leaks\n"
    )
    unseen = SORTS - sorts.keys() | MEANT_FOR_IT.keys() - {hit.place for hit in finder.meant}
    if unseen:
        sys.stdout.write(f"nothing was found in {', '.join(sorted(unseen))}, where it has to be\n")
    return 1 if unseen or finder.hits else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
