"""The desk where bailiffs check: who may ask, what is answered, and the log of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from time import perf_counter
from uuid import uuid4

from services.common.clock import AMSTERDAM, Clock
from services.common.errors import TransientError
from services.common.events import Agreement, AgreementKind, Check, CheckPurpose, Party, Registration, Role
from services.common.metrics import Metrics
from services.common.problems import Problem
from services.common.pseudonyms import Pseudonyms
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.view import View
from services.matcher.domain.checks import Answer, answer
from services.matcher.processors import CHECKS_TOPIC

_TOLD = {True: "known", False: "unknown"}
"""What an answer is called among the metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a bailiff asks about a person; `on_behalf_of` is the OIN of whom it acts for."""

    bsn: str
    dossier: str
    purpose: CheckPurpose
    on_behalf_of: str | None = None


class Desk:
    """Answers checks from views in memory; an answer is given once its check is safely on the log."""

    def __init__(
        self,
        parties: View[Party],
        agreements: View[Agreement],
        registrations: View[Registration],
        publisher: Publisher,
        pseudonyms: Pseudonyms,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._parties = parties
        self._agreements = agreements
        self._registrations = registrations
        self._publisher = publisher
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._seconds = {known: metrics.checks.labels(told) for known, told in _TOLD.items()}

    async def check(self, asker: str, question: Question) -> Answer:
        """Return the answer to a party; one that may not ask is a 403 `Problem`.

        A view in trouble or a broker that is away is a `TransientError`: while the registration of somebody
        cannot be read, "not known" is said of nobody.
        """
        begin = perf_counter()
        for view in (self._parties, self._agreements, self._registrations):
            if view.trouble:
                raise TransientError(view.trouble)
        self._allow(asker, question.on_behalf_of)
        now = self._clock.now()
        person = self._pseudonyms.person(question.bsn)
        found = answer((each.contact for each in self._registrations.under(person).values()), now)
        check = _check(asker, question, person, found)
        await self._publisher.publish(
            [Outgoing(CHECKS_TOPIC, person, check, "answered", check.check_id)], now
        )
        self._seconds[found.known].observe(perf_counter() - begin)
        return found

    def _allow(self, asker: str, principal: str | None) -> None:
        party = self._parties.get(asker)
        if party is None or not party.active or Role.BAILIFF not in party.roles:
            raise Problem(HTTPStatus.FORBIDDEN, "Alleen een gerechtsdeurwaarder mag toetsen.")
        today = self._clock.now().astimezone(AMSTERDAM).date()
        if principal and principal != asker and asker not in self._represents(principal, today):
            raise Problem(
                HTTPStatus.FORBIDDEN, "Er is vandaag geen overeenkomst om namens deze partij te toetsen."
            )

    def _represents(self, principal: str, today: date) -> Iterator[str]:
        for each in self._agreements.values():
            if each.kind is AgreementKind.REPRESENTATION and each.grantor == principal and each.holds(today):
                yield each.grantee


def _check(asker: str, question: Question, person: str, found: Answer) -> Check:
    """Each question is a check of its own, with its own answer and its own 28 days; so is one asked again."""
    return Check(
        check_id=str(uuid4()),
        person=person,
        asker=asker,
        on_behalf_of=question.on_behalf_of,
        purpose=question.purpose,
        dossier=question.dossier,
        known=found.known,
        contacts=found.contacts,
        data_date=found.data_date,
        valid_until=found.valid_until,
    )
