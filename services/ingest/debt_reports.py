"""A bailiff tells a person's helpers of other debts, if the person is in debt help now.

One transaction holds the message and the registrations that it goes to while the records are published, and
commits after the broker's answer: a crash before that is mended by the same message sent again, and what was
told is not told twice. Of somebody who is not in debt help nothing is kept but that it was asked, and why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from uuid import uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.clock import AMSTERDAM
from services.common.database import transaction
from services.common.errors import PermanentError, TransientError
from services.common.events import DebtReport, Party, Role
from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.tempo import Pace, admit
from services.common.terms import end_of
from services.common.vault import DataClass, Entry
from services.ingest.debt_storage import Helped, Told, helped, lock, tell, told
from services.ingest.domain.debts import DebtMessage, debts_personal, read_debts
from services.ingest.domain.reading import Problems
from services.ingest.making import Sealers
from services.ingest.means import Means

TOPIC = "debt-reports.v1"
PACE = Pace(per_minute=30, at_once=100)
"""Of one reporter and process: ten times what an office tells, and far less than it may check, for the answer
says whether somebody is in debt help."""


class NotABailiffError(PermanentError):
    """Who may not check may not tell either: the answer says whether somebody is in debt help."""


class TooFastError(PermanentError):
    """The reporter tells more than anybody needs to; `wait` is how many seconds to do so."""

    def __init__(self, wait: float) -> None:
        super().__init__("too many messages")
        self.wait = wait


class UnreadableError(PermanentError):
    """The message is not accepted; `problems` says why."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("the message is refused")
        self.problems = problems


class OtherContentError(PermanentError):
    """Under this reference something else was told."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message with what is derived of it: its id, its keyed hash, and what its events have in common."""

    message: DebtMessage
    id: str
    content_hash: str
    plain: DebtReport

    def told(self, to: Helped) -> Told:
        report_id = derived_id("debt-report", self.id, to.registration_id)
        return Told(report_id, self.id, to.registration_id, self.content_hash)


@dataclass(frozen=True, slots=True)
class DebtReports:
    """One for the whole process."""

    means: Means
    seconds: Callable[[], float] = monotonic
    _busy: dict[str, float] = field(default_factory=dict)

    async def tell(self, reporter: str, raw: object) -> str | None:
        """Return the id of a message that all who help have been told; None when nobody helps."""
        now, parties = self.means.clock.now(), self.means.directories.current().parties
        _check_role(parties.get(reporter))
        said = self._said(reporter, raw, now)
        self._keep_pace(reporter)
        async with transaction(self.means.engine) as connection:
            await lock(connection, said.id)
            before = await told(connection, said.id)
            if any(each.content_hash not in ("", said.content_hash) for each in before):
                raise OtherContentError("this reference has other content")
            running = await helped(connection, said.plain.person)
            known = {each.registration_id for each in before}
            new = [each for each in running if each.registration_id not in known]
            records = await self._records(connection, said, new, parties, now) if running else [_nobody(said)]
            await self.means.publisher.publish(records, now)
        return said.id if running else None

    def _keep_pace(self, reporter: str) -> None:
        busy, wait = admit(self._busy.get(reporter, 0.0), 1, self.seconds(), PACE)
        self._busy[reporter] = busy
        if wait:
            raise TooFastError(wait)

    def _said(self, reporter: str, raw: object, now: datetime) -> Said:
        message, problems = read_debts(raw, now.astimezone(AMSTERDAM).date())
        if message is None:
            raise UnreadableError(problems)
        plain = DebtReport(
            report_id=str(uuid4()),
            person=self.means.maker.pseudonyms.person(message.bsn),
            reporter=reporter,
            purpose=message.purpose,
        )
        id_ = derived_id("debt-message", reporter, message.reference)
        return Said(message, id_, self.means.maker.debts_hash(message), plain)

    async def _records(
        self,
        connection: AsyncConnection,
        said: Said,
        receivers: Sequence[Helped],
        parties: Mapping[str, Party],
        now: datetime,
    ) -> list[Outgoing]:
        """Remember what these registrations are told, and return it, each for its own municipality."""
        reports = {said.told(each): each for each in receivers}
        await tell(connection, list(reports), now)
        entries = [Entry(one.report_id, to.household, to.municipality) for one, to in reports.items()]
        until = end_of(now, self.means.terms.debt_report)
        keys = await self.means.vault.keep(connection, DataClass.DEBT_REPORT, entries, now=now, until=until)
        personal, sealers = msgspec.json.encode(debts_personal(said.message)), Sealers()
        return [
            _told(
                said,
                one,
                to,
                sealers.of(_opener(parties.get(to.municipality))).seal(personal, keys[one.report_id]),
            )
            for one, to in reports.items()
        ]


def _check_role(party: Party | None) -> None:
    if party is None or not party.active or Role.BAILIFF not in party.roles:
        raise NotABailiffError("no bailiff")


def _opener(municipality: Party | None) -> Party:
    """Return a municipality that can open what is sealed; one that was closed since is waited for."""
    if municipality is None or not municipality.active:
        raise TransientError("the municipality of a registration has no key now")
    return municipality


def _told(said: Said, one: Told, to: Helped, sealed: bytes) -> Outgoing:
    event = replace(
        said.plain,
        report_id=one.report_id,
        registration_id=to.registration_id,
        registrar=to.registrar,
        municipality=to.municipality,
        personal=sealed,
    )
    return Outgoing(TOPIC, event.person, event, "told", event.report_id)


def _nobody(said: Said) -> Outgoing:
    """Each question is one of its own, as a check is: that it was asked, by whom and why."""
    return Outgoing(TOPIC, said.plain.person, said.plain, "nobody-to-tell", said.plain.report_id)
