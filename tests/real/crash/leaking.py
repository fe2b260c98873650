"""The search for personal data (tests/real/hub/leaks.py) in the logs of a hub that was taken apart.

Faults leave their texts in logs. Records and rows are written by the same code with and without them; each
of those is searched after a run without faults: tests/real/hub/test_no_personal_data.py, make leaks.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.real.crash.forms import Resident, body_of, registration_of
from tests.real.crash.history import History
from tests.real.hub.leaks import search
from tests.real.hub.personal import Finder, Kind
from tests.real.hub.written import files

SENT = frozenset({Kind.BSN, Kind.NAME, Kind.BIRTH_DATE, Kind.POSTCODE})


def leaks(history: History, folder: Path) -> list[str]:
    """Return which personal data of whoever was told of stand in a file of the hub, and in which."""
    finder = Finder.of(sent_in(history))
    looked = search(finder, files(folder))
    print(
        f"{len(finder.forms):,} values searched for in {looked.total():,} files and names: "
        f"{len(finder.hits)} leaks",
        flush=True,
    )
    unsent = SENT - {*finder.forms.values()}
    return [
        *(f"{hit.kind} in {hit.place} ({hit.dress})" for hit in sorted(finder.hits)),
        *(f"no {kind} was sent in" for kind in sorted(unsent)),
    ]


def sent_in(history: History) -> Iterator[Any]:
    """Yield what was said of residents, as it was sent."""
    for sent in history.sent.values():
        yield from (body_of(version, version.id) for version in sent.versions)
    for reference, each in history.help.items():
        for home in each.homes:
            yield registration_of(Resident(each.person, "", home), reference)
    yield from ({Kind.BSN.value: check.bsn} for check in history.checks)
