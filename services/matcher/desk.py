"""The desk where bailiffs and collectors check: who may ask, what is answered, and the log of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from time import perf_counter
from typing import NamedTuple, NoReturn

from services.common.clock import AMSTERDAM
from services.common.errors import TransientError
from services.common.events import (
    Agreement,
    Check,
    CheckCapacity,
    CheckPurpose,
    OwnClaim,
    Party,
    Snapshot,
)
from services.common.identifiers import derived_id
from services.common.problems import Problem
from services.common.pseudonyms import Pseudonyms
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.view import View
from services.matcher.agreements import Agreements
from services.matcher.check_ids import CheckIds
from services.matcher.domain.checks import Answer, Helper, answer
from services.matcher.domain.permission import denial, is_partner
from services.matcher.logbook import Asker, Logbook
from services.matcher.processors import CHECKS_TOPIC
from services.matcher.running import Running

_TOLD = {True: "known", False: "unknown"}
"""What an answer is called among the metrics."""
NO_CHECK = "Deze toets is er niet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about a person; `claim`: what a collector collects, `client`: for whom a bailiff acts."""

    bsn: str
    dossier: str
    purpose: CheckPurpose
    claim: OwnClaim | None = None
    client: str | None = None

    @property
    def capacity(self) -> CheckCapacity:
        """Who has a claim of its own asks as a collector."""
        return CheckCapacity.BAILIFF if self.claim is None else CheckCapacity.COLLECTOR


class Views(NamedTuple):
    """What is answered from."""

    parties: View[Party]
    agreements: View[Agreement]
    registrations: View[Running]
    snapshots: View[Snapshot]


class Answered(NamedTuple):
    """An answer, and the id under which it can be withdrawn."""

    check_id: str
    answer: Answer


class Desk:
    """Answers checks from views in memory; an answer is given once its check is safely on the log."""

    def __init__(self, views: Views, publisher: Publisher, runtime: Runtime, holds: timedelta) -> None:
        """`holds`: how long an answer may be relied on."""
        self._views = views
        self._agreements = Agreements(views.agreements)
        self._publisher = publisher
        self._clock = runtime.clock
        settings = runtime.settings
        self._pseudonyms = Pseudonyms(settings.pseudonym_key)
        self._ids = CheckIds(settings.pseudonym_key)
        self._logbook = Logbook(settings.hub_oin)
        self._holds = holds
        self._seconds = {known: runtime.metrics.checks.labels(told) for known, told in _TOLD.items()}

    async def check(self, asker: Asker, questions: Sequence[Question], *, faulty: int = 0) -> list[Answered]:
        """Return an answer to each question; an asker that may not ask is a 403 `Problem`.

        `faulty`: how many questions besides could not be read, for the log. A view in trouble, or a broker
        that is away, is a `TransientError`: while the registration of somebody cannot be read, "not known" is
        said of nobody.
        """
        begin, now = perf_counter(), self._clock.now()
        self._rely()
        await self._allow(asker, {question.capacity for question in questions}, now)
        today = now.astimezone(AMSTERDAM).date()
        checks = [self._checked(asker, question, now, today) for question in questions]
        end = self._clock.now()
        lines = [self._logbook.answered(asker, check, now, end) for check, _ in checks]
        lines += [self._logbook.refused(asker, HTTPStatus.BAD_REQUEST, now) for _ in range(faulty)]
        events = (_event(check) for check, _ in checks)
        await self._publisher.publish([*events, *lines], now)
        for check, _ in checks:
            self._seconds[check.known].observe(perf_counter() - begin)
        return [Answered(check.check_id, found) for check, found in checks]

    async def withdraw(self, asker: Asker, check_id: str) -> None:
        """Let nothing more be told of a check; one that is not of this asker is a 404 `Problem`."""
        now = self._clock.now()
        self._rely()
        person = self._ids.person(asker.office, check_id)
        if person is None or not self._may_withdraw(asker, now):
            raise Problem(HTTPStatus.NOT_FOUND, NO_CHECK)
        gone = Outgoing(
            CHECKS_TOPIC, f"{person}/{check_id}", None, "withdrawn", derived_id("check-withdrawn", check_id)
        )
        await self._publisher.publish([gone, self._logbook.withdrawn(asker, person, check_id, now)], now)

    async def refuse(self, asker: Asker, problem: Problem) -> NoReturn:
        """Raise a problem, once the asking is on the log."""
        now = self._clock.now()
        await self._publisher.publish([self._logbook.refused(asker, problem.status_code, now)], now)
        raise problem

    def _rely(self) -> None:
        for view in self._views:
            if view.trouble:
                raise TransientError(view.trouble)

    async def _allow(self, asker: Asker, capacities: Iterable[CheckCapacity], now: datetime) -> None:
        for capacity in capacities:
            if denied := self._denial(asker, capacity, now):
                await self.refuse(asker, Problem(HTTPStatus.FORBIDDEN, denied))

    def _denial(self, asker: Asker, capacity: CheckCapacity, now: datetime) -> str | None:
        return denial(
            self._views.parties.get(asker.office),
            self._views.parties.get(asker.sent_by or asker.office),
            capacity,
            self._agreements.for_office(asker.office),
            now.astimezone(AMSTERDAM).date(),
        )

    def _may_withdraw(self, asker: Asker, now: datetime) -> bool:
        return any(self._denial(asker, capacity, now) is None for capacity in CheckCapacity)

    def _checked(self, asker: Asker, question: Question, now: datetime, today: date) -> tuple[Check, Answer]:
        """Each question is a check of its own, with its own answer and days; so is one asked again."""
        person = self._pseudonyms.person(question.bsn)
        running = self._views.registrations.under(person).values()
        found = answer((self._helper(each, today) for each in running), now, self._holds)
        check = Check(
            check_id=self._ids.new(asker.office, person),
            person=person,
            asker=asker.office,
            on_behalf_of=question.client,
            purpose=question.purpose,
            dossier=question.dossier,
            known=found.known,
            contacts=found.contacts,
            data_date=found.data_date,
            valid_until=found.valid_until,
            sent_by=asker.sent_by,
            capacity=question.capacity,
            claim=question.claim,
            client_is_partner=self._is_partner(question.client, today),
        )
        return check, found

    def _helper(self, registration: Running, today: date) -> Helper:
        """What a registrar sends in snapshots is as old as the last of them, what it puts singly of today."""
        key = f"{registration.registrar}/{registration.municipality}"
        snapshot = self._views.snapshots.get(key)
        as_of = snapshot.data_date if snapshot and snapshot.data_date else today
        return Helper(contact=registration.contact, as_of=as_of)

    def _is_partner(self, client: str | None, today: date) -> bool:
        return client is not None and is_partner(
            self._views.parties.get(client), self._agreements.of_creditor(client), today
        )


def _event(check: Check) -> Outgoing:
    return Outgoing(CHECKS_TOPIC, check.person, check, "answered", derived_id("check", check.check_id))
