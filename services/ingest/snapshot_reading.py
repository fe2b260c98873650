"""Reading a snapshot: what each row says of whom, and whether its municipality shares it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from services.common.events import Party, Policy
from services.common.identifiers import derived_id
from services.ingest.domain.drafts import RegistrationClaim
from services.ingest.domain.reading import Problems, read_snapshot_row
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.sharing import as_shared, is_shared
from services.ingest.freshness import Source
from services.ingest.making import Maker
from services.ingest.registrations import too_late
from services.ingest.snapshot_files import Batch
from services.ingest.staging import Known, Staged

_SELECTING = frozenset({"fase", "besluitdatum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A snapshot as it is asked for: of which day, by whom, for whom, under which policy.

    `most_gone_percent`: how many may end without a question.
    """

    source: Source
    municipality: Party
    policy: Policy | None
    day: date
    today: date
    most_gone_percent: int


@dataclass(slots=True)
class Tally:
    """What was found among the rows; `unknown` of the wrong ones could be about anybody."""

    received: int = 0
    not_shared: int = 0
    unknown: int = 0
    wrong: dict[int, Problems] = field(default_factory=dict)


class Reader:
    """Reads the rows of one snapshot, one after the other."""

    def __init__(self, order: Order, maker: Maker) -> None:
        self._order = order
        self._maker = maker
        self._trail = maker.pseudonyms.trail()
        self._context = msgspec.json.encode([order.source.key, order.policy])
        self.tally = Tally()

    @property
    def digest(self) -> str:
        """Return by what the same snapshot is recognised; to be asked once, at the end."""
        return self._trail.finalize().hex()

    def hashes(self, batch: Batch) -> list[str]:
        """Return by what each row is recognised when it comes again, under the same head and policy."""
        content, context = self._maker.pseudonyms.content, b"%b%b\n" % (self._context, batch.head)
        return [content(context + (source or b"")) for _, source in batch.rows]

    def read(self, batch: Batch, hashes: Sequence[str], known: Mapping[str, Known]) -> list[Staged]:
        """Return what these rows are about; who is not shared is left out, as if help had ended.

        What came before and is `known` is not read again: it is right and shared, as it was.
        """
        self.tally.received += len(batch.rows)
        found = []
        for (number, source), source_hash in zip(batch.rows, hashes, strict=True):
            before = known.get(source_hash)
            if before is not None:
                found.append(self._again(number, source_hash, before))
                continue
            staged = self._read(number, None if source is None else batch.read(source), source_hash)
            if staged is not None:
                found.append(staged)
        return found

    def _again(self, number: int, source_hash: str, known: Known) -> Staged:
        self._trail.update(f"{known.registration_id} {known.content_hash}\n".encode())
        return Staged(known.registration_id, known.content_hash, source_hash, number, None)

    def _read(self, number: int, raw: object, source_hash: str) -> Staged | None:
        claim, problems = read_snapshot_row(raw)
        if claim is not None:
            problems = (*problems, *too_late(claim, self._order.today))
            if self._is_not_shared(claim, problems):
                self.tally.not_shared += 1
                return None
        if claim is None or problems:
            return self._wrong(number, claim, problems)
        return self._right(number, source_hash, as_shared(claim, self._order.policy))

    def _is_not_shared(self, claim: RegistrationClaim, problems: Problems) -> bool:
        """Of whom the municipality does not share nothing else needs to be right."""
        return not is_shared(claim, self._order.policy, self._order.day) and _SELECTING.isdisjoint(
            problem.field for problem in problems
        )

    def _right(self, number: int, source_hash: str, claim: RegistrationClaim) -> Staged | None:
        id_ = self._id(claim)
        if id_ is None:
            return self._wrong(number, claim, (Problem(Reason.BSN_INVALID, "burgerservicenummer"),))
        content_hash = self._maker.registration_hash(claim, self._order.source.municipality)
        self._trail.update(f"{id_} {content_hash}\n".encode())
        return Staged(id_, content_hash, source_hash, number, claim)

    def _wrong(self, number: int, claim: RegistrationClaim | None, problems: Problems) -> Staged | None:
        """Note a row that cannot be read; what is registered under its kenmerk or person stays as it is."""
        self.tally.wrong[number] = problems
        misread = any(problem.field == "kenmerk" for problem in problems)
        id_ = self._id(claim) if claim and not misread else None
        self._trail.update(f"{id_} {sorted(each.reason for each in problems)}\n".encode())
        if id_ is None:
            self.tally.unknown += 1
            return None
        return Staged(id_, None, "", number, None)

    def _id(self, claim: RegistrationClaim) -> str | None:
        registrar, municipality = self._order.source.registrar, self._order.source.municipality
        if claim.reference is not None:
            return derived_id("registration", registrar, claim.reference)
        person = self._maker.person(claim.person)
        return derived_id("registration", registrar, municipality, "person", person) if person else None
