"""Made-up signals as the gate lets them through, for benchmarks that need no ingest. Nobody here exists."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from services.common import cloudevents
from services.common.cloudevents import source_of, type_of
from services.common.events import Area, Evidence, EvidenceKind, PartnerType, Signal
from services.common.identifiers import derived_id
from services.common.records import Meta
from services.common.runtime import Runtime
from services.local.bench.broker import Record

HUB = "00000099000000000001"
MUNICIPALITIES, CREDITORS = 342, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many signals of how many households, and how large their sealed part is (bytes)."""

    signals: int
    households: int
    sealed: int

    def draws(self) -> Iterator[tuple[int, int]]:
        """Yield household and creditor of each signal, the same ones each time and no pair twice.

        What a creditor says of a home again is a repeat, told once or twice: it could not be counted.
        """
        rng, seen = random.Random(self.signals), set[tuple[int, int]]()
        while len(seen) < self.signals:
            pair = rng.randrange(self.households), rng.randrange(CREDITORS)
            if pair not in seen:
                seen.add(pair)
                yield pair

    def multiple(self) -> int:
        """Return how many households have signals of two or more creditors."""
        found: dict[int, set[int]] = {}
        for household, creditor in self.draws():
            found.setdefault(household, set()).add(creditor)
        return sum(len(creditors) > 1 for creditors in found.values())


def records(load: Load, topic: str, runtime: Runtime) -> Iterator[Record]:
    """Yield the signals as records, all of this month."""
    now, source, type_ = datetime.now(UTC), source_of(HUB, "ingest"), type_of("signals", "accepted")
    sealed = random.Random(1).randbytes(load.sealed)
    for number, (household, creditor) in enumerate(load.draws()):
        signal = _signal(number, household, creditor, now, sealed)
        headers = cloudevents.headers(Meta(signal.signal_id, source, type_, now))
        yield Record(topic, signal.household.encode(), runtime.codec.encode(signal), headers)


def _signal(number: int, household: int, creditor: int, now: datetime, sealed: bytes) -> Signal:
    home = _digest("household", household)
    return Signal(
        signal_id=derived_id("bench", str(number)),
        household=home,
        municipality=f"000000991{household % MUNICIPALITIES:011}",
        creditor=f"000000992{creditor:011}",
        sender=f"000000992{creditor:011}",
        signal_date=now.date(),
        unit="",
        evidence=_evidence(home),
        partner_type=PartnerType.RENT,
        amount_cents=10_000 + number % 90_000,
        arrears_since=now.date() - timedelta(days=45),
        crisis=False,
        warm_transfer=False,
        young=False,
        area=Area(pc4=f"{1000 + household % 9000}"),
        personal=sealed,
    )


def _evidence(household: str) -> tuple[Evidence, ...]:
    kinds = (EvidenceKind.BIRTH_DATE, EvidenceKind.SURNAME, EvidenceKind.INITIAL)
    return tuple(Evidence(kind=kind, digest=household[at : at + 16]) for at, kind in enumerate(kinds))


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:32]
