"""Erasing on real Kafka and PostgreSQL: the municipality is told, then the key goes, never the one alone."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import make_engine, transaction
from services.common.errors import ConfigurationError, TransientError
from services.common.events import ErasedKind, Erasure, ErasureReason
from services.common.expiry import request
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.terms import end_of
from services.ingest.erasing import erase
from services.local import erasing as command
from tests.real.ingest.house import BSN, INSURER, LANDLORD, NOW, TOWN, House, Seen, signal_body
from tests.real.ingest.test_registrations import put

pytestmark = pytest.mark.real


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture
async def publisher(house: House) -> AsyncIterator[Publisher]:
    publisher = Publisher(replace(house.runtime, metrics=type(house.runtime.metrics)()))
    await publisher.start()
    yield publisher
    await publisher.stop()


def somewhere() -> dict[str, Any]:
    """Return an address of nobody else."""
    return {"postcode": "9999ZZ", "huisnummer": uuid4().int % 99_999 + 1}


async def take_in(house: House, reference: str, address: dict[str, Any], kind: str = "Huur") -> str:
    body = signal_body(reference, adres=address, signaalpartner=kind)
    if kind == "Zorg":
        body["persoon"]["burgerservicenummer"] = BSN
    answer = await house.signal(INSURER if kind == "Zorg" else LANDLORD, body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def rows(engine: AsyncEngine, query: str, **values: Any) -> list[Any]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def household_of(engine: AsyncEngine, id_: str) -> str:
    [(found,)] = await rows(engine, "SELECT household FROM common.vault WHERE id = :id", id=id_)
    return str(found)


async def asked(engine: AsyncEngine, **what: str | None) -> list[str]:
    async with transaction(engine) as connection:
        return await request(connection, **({"signal": None, "household": None} | what))


async def told(house: House, id_: str) -> list[Seen]:
    return [
        seen
        for seen in await house.on("erasures.v1")
        if isinstance(seen.event, Erasure) and seen.event.erased_id == id_
    ]


async def has_key(engine: AsyncEngine, id_: str) -> bool:
    return bool(await rows(engine, "SELECT FROM common.vault WHERE id = :id", id=id_))


async def test_a_signal_has_its_term_and_not_a_moment_less(
    house: House, engine: AsyncEngine, publisher: Publisher
) -> None:
    id_ = await take_in(house, uuid4().hex, somewhere())
    household, over = await household_of(engine, id_), end_of(NOW, house.runtime.settings.terms.signal)
    await erase(engine, publisher, datetime(2026, 9, 30, 21, 59, tzinfo=UTC))
    assert await has_key(engine, id_)
    assert await erase(engine, publisher, over) >= 1
    assert await rows(engine, "SELECT FROM common.vault WHERE id = :id", id=id_) == []
    [seen] = await told(house, id_)
    assert (seen.key, seen.type, seen.time) == (household, "nl.signaalhub.erasures.erased", over)
    assert seen.event == Erasure(
        erasure_id=seen.id,
        household=household,
        municipality=TOWN,
        kind=ErasedKind.SIGNAL,
        erased_id=id_,
        reason=ErasureReason.TERM,
    )


class Dying(Publisher):
    """A process that is killed when the broker has acknowledged, and before anything else."""

    async def publish(
        self, outgoings: Sequence[Outgoing], now: datetime, traceparent: str | None = None
    ) -> None:
        await super().publish(outgoings, now, traceparent)
        raise TransientError("killed")


async def test_killed_between_event_and_key_it_is_told_again_under_the_same_id_and_then_erased(
    house: House, engine: AsyncEngine, publisher: Publisher
) -> None:
    id_ = await take_in(house, uuid4().hex, somewhere())
    dying = Dying(replace(house.runtime, metrics=type(house.runtime.metrics)()))
    await dying.start()
    house.clock.set(datetime(2000, 1, 1, tzinfo=UTC))  # the service itself finds nothing that is due
    try:
        assert await asked(engine, signal=id_) == [id_]
        with pytest.raises(TransientError, match="killed"):
            await erase(engine, dying, NOW)
        assert await has_key(engine, id_), "told, so nothing may be lost: not erased yet"
        await erase(engine, publisher, NOW)
    finally:
        house.clock.set(NOW)
        await dying.stop()
    assert not await has_key(engine, id_)
    one, again = await told(house, id_)
    assert one.id == again.id
    await erase(engine, publisher, NOW)
    assert len(await told(house, id_)) == 2


async def test_without_a_broker_nothing_is_erased(house: House, engine: AsyncEngine) -> None:
    id_ = await take_in(house, uuid4().hex, somewhere())

    class Away(Publisher):
        async def publish(self, *_: object, **__: object) -> None:
            raise TransientError("away")

    house.clock.set(datetime(2000, 1, 1, tzinfo=UTC))
    try:
        await asked(engine, signal=id_)
        away = Away(replace(house.runtime, metrics=type(house.runtime.metrics)()))
        with pytest.raises(TransientError):
            await erase(engine, away, NOW)
        assert await has_key(engine, id_)
    finally:
        house.clock.set(NOW)


async def test_the_command_erases_all_of_a_household_and_waits_for_it(
    house: House, engine: AsyncEngine, database: str
) -> None:
    address, reference = somewhere(), uuid4().hex
    rent = await take_in(house, uuid4().hex, address)
    health = await take_in(house, reference, address, "Zorg")
    registered = uuid4().hex
    assert (await put(house, registered, adres=address)).status_code == 200
    registration = derived_id("registration", TOWN, registered)
    neighbour = await take_in(house, uuid4().hex, somewhere())
    household = await household_of(engine, rent)
    assert await command.erase(database, None, household, 30) == sorted([rent, health, registration])
    assert [await has_key(engine, each) for each in (rent, health, registration, neighbour)] == [
        *[False] * 3,
        True,
    ]
    kinds = {
        each: [s.event.kind for s in await told(house, each) if isinstance(s.event, Erasure)]
        for each in (rent, health, registration)
    }
    assert kinds == {
        rent: [ErasedKind.SIGNAL],
        health: [ErasedKind.SIGNAL],
        registration: [ErasedKind.REGISTRATION],
    }
    history = [seen.event for seen in await house.on("registrations.v1") if seen.key == registration]
    assert history[-1] is None
    [gone] = [s for s in await house.on("signal-persons.v1") if s.key.endswith(f"/{health}")]
    assert gone.event is None
    everything = "SELECT 1 FROM {} AS t WHERE t::text LIKE '%' || :what || '%'"
    for table in ("common.vault", "ingest.signals", "ingest.delivery_rows", "ingest.registrations"):
        for what in (household, reference, registered):
            assert await rows(engine, everything.format(table), what=what) == [], table


async def test_a_signal_that_was_erased_does_not_come_back(
    house: House, engine: AsyncEngine, database: str
) -> None:
    reference, address = uuid4().hex, somewhere()
    id_ = await take_in(house, reference, address)
    await command.erase(database, id_, None, 30)
    body = signal_body(reference, adres=address)
    for again in (body, body | {"bedragInCenten": 1}):
        assert (await house.signal(LANDLORD, again)).status_code == 409
    path = f"/v1/signalen/{id_}"
    assert (await house.send("PUT", path, LANDLORD, "signalen", json=body)).status_code == 404
    assert (await house.send("DELETE", path, LANDLORD, "signalen")).status_code == 404
    assert not await has_key(engine, id_)
    assert len([seen for seen in await house.on("signals.v1") if seen.id == id_]) == 1


@pytest.mark.parametrize("by", ["signal", "household"])
async def test_a_signal_that_was_withdrawn_is_erased_on_request_too(
    house: House, engine: AsyncEngine, database: str, by: str
) -> None:
    id_ = await take_in(house, uuid4().hex, somewhere())
    household = await household_of(engine, id_)
    assert (await house.send("DELETE", f"/v1/signalen/{id_}", LANDLORD, "signalen")).status_code == 204
    signal, place = (id_, None) if by == "signal" else (None, household)
    assert await command.erase(database, signal, place, 30) == [id_]
    events = [seen.event for seen in await told(house, id_)]
    assert [(e.household, e.municipality) for e in events if isinstance(e, Erasure)] == [(household, TOWN)]
    everything = "SELECT 1 FROM {} AS t WHERE t::text LIKE '%' || :what || '%'"
    for table in ("common.vault", "ingest.signals"):
        assert await rows(engine, everything.format(table), what=household) == [], table
    assert await command.erase(database, signal, place, 30) == []


async def test_a_signal_is_erased_wherever_it_was_before_it_was_corrected(
    house: House, engine: AsyncEngine, database: str
) -> None:
    reference, first, second = uuid4().hex, somewhere(), somewhere()
    id_ = await take_in(house, reference, first)
    before = await household_of(engine, id_)
    body = signal_body(reference, adres=second)
    answer = await house.send("PUT", f"/v1/signalen/{id_}", LANDLORD, "signalen", json=body)
    assert answer.is_success, answer.text
    after = await household_of(engine, id_)
    assert await command.erase(database, None, after, 30) == [id_]
    assert {seen.key for seen in await told(house, id_)} == {before, after}
    everything = "SELECT 1 FROM ingest.signals AS t WHERE t::text LIKE '%' || :what || '%'"
    assert await rows(engine, everything, what=before) == await rows(engine, everything, what=after) == []


async def test_a_registration_that_was_erased_may_be_put_again(
    house: House, engine: AsyncEngine, database: str
) -> None:
    reference, address = uuid4().hex, somewhere()
    await put(house, reference, adres=address)
    id_ = derived_id("registration", TOWN, reference)
    assert await command.erase(database, id_, None, 30) == [id_]
    assert (await put(house, reference, adres=address)).status_code == 200
    assert await has_key(engine, id_)


@pytest.mark.parametrize(
    ("signal", "household"),
    [(None, None), ("x", "y"), ("1234AB 12", None), (None, "1234AB 12")],
    ids=["nothing", "both", "an address as signal", "an address as household"],
)
async def test_the_command_takes_an_id_or_a_pseudonym_and_quotes_nothing_else(
    database: str, signal: str | None, household: str | None
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await command.erase(database, signal, household)
    assert "1234AB" not in str(raised.value)


async def test_what_is_not_there_is_nothing(database: str) -> None:
    assert await command.erase(database, str(uuid4()), None) == []


async def test_the_command_says_when_nobody_erases(house: House, database: str) -> None:
    id_ = await take_in(house, uuid4().hex, somewhere())
    house.clock.set(datetime(2000, 1, 1, tzinfo=UTC))
    try:
        with pytest.raises(TransientError, match="1 asked for, not erased yet"):
            await command.erase(database, id_, None, 0)
    finally:
        house.clock.set(NOW)
