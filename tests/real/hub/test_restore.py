"""Kafka is lost, PostgreSQL is there: docs/operations.md, Restore, as it is written, on a real hub."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from sqlalchemy import create_engine, text

from services.common.settings import REPOSITORY
from services.local.kafka import EmbeddedKafka
from services.local.keys import Secrets
from services.local.postgres import EmbeddedPostgres
from services.local.waiting import wait_until
from tests.real.hub.town import (
    BSN,
    LANDLORD,
    OTHER_LANDLORD,
    OTHER_TOWN,
    PERSON,
    TOWN,
    Town,
    days_ago,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
CLI = [sys.executable, "-m", "services.local.cli"]
SECONDS = 60.0
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()
STAYS, ENDS, COMES = BSN, "999990020", "999990032"
"""In debt help: before the copy and now; before it only; after it only. From the published test range."""
ELSEWHERE = {"postcode": "1234 AC", "huisnummer": 9}


def command(*words: str, code: int = 0) -> str:
    """Return what a command says."""
    done = subprocess.run([*CLI, *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def statements(name: str) -> list[str]:
    """Return the SQL of the page that stands under this comment."""
    block = OPERATIONS.partition(f"-- {name}\n")[2].partition("```")[0]
    found = [each.strip() for each in block.split(";") if each.strip()]
    assert found, name
    return found


def execute(database: str, name: str) -> list[Any]:
    """Run that SQL; return the rows of the last one, if it has any."""
    engine = create_engine(database)
    with engine.begin() as connection:
        answers = [connection.execute(text(each)) for each in statements(name)]
        rows = [tuple(row) for row in answers[-1]] if answers[-1].returns_rows else []
    engine.dispose()
    return rows


@contextmanager
def running(folder: Path) -> Iterator[Town]:
    """Run the hub of a data folder."""
    data, log = folder / "data", (folder / "up.log").open("a")
    up = subprocess.Popen(
        [*CLI, "up", "--data-dir", str(data)], stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ)
    )
    try:
        wait_until(lambda: (data / "endpoints.json").exists() or up.poll() is not None, 240, "the hub")
        assert up.poll() is None, (folder / "up.log").read_text()
        yield Town(json.loads((data / "endpoints.json").read_text()), Secrets(data / "secrets").token)
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)
        log.close()


def is_known(town: Town, bsn: str) -> bool:
    answer = town.check(burgerservicenummer=bsn)
    return bool(answer.is_success and answer.json()["bekend"])


def snapshot(town: Town) -> None:
    """Send the one person of another town's daily file."""
    row = {"kenmerk": "S-1", "burgerservicenummer": COMES, "persoon": PERSON, "adres": ELSEWHERE}
    row |= {"begindatum": days_ago(1), "contact": {"organisatie": "Hulp", "telefoon": "020-0000000"}}
    token = town.token(OTHER_TOWN, "registraties", None)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    url = f"{town.endpoints['ingest']}/v1/momentopnames/{days_ago(0)}"
    answer = httpx.put(url, content=json.dumps(row).encode(), headers=headers, timeout=20)
    assert answer.is_success, answer.text


def count_on(kafka: str, topic: str) -> int:
    """Return how many records a tenant's topic has."""
    settings = {"group.id": "t", "isolation.level": "read_committed", "enable.partition.eof": True}
    consumer = Consumer({"bootstrap.servers": kafka, **settings})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    count = 0
    try:
        while (message := consumer.poll(SECONDS)) is not None and not message.error():
            count += 1
        return count
    finally:
        consumer.close()


def shown(database: str) -> bool:
    """Whether the worklist has a case of the new Kafka."""
    engine = create_engine(database)
    places = "projection = 'feedback-worklist' AND topic = 'cases.v1' AND next_offset > 0"
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT count(*) FROM common.projection_offsets WHERE {places}"))
        count: int = found.scalar_one()
    engine.dispose()
    return count > 0


def live(town: Town) -> str:
    """Bring in what the copy has; return the id of the case, which has its result."""
    town.settle()
    assert town.signal(LANDLORD, "R-1").status_code == 202
    wait_until(lambda: len(town.cases()) == 1, SECONDS, "the case")
    case = str(town.cases()[0]["id"])
    assert town.result(case).status_code == 202
    wait_until(lambda: town.cases()[0]["resultaat"] is not None, SECONDS, "the result")
    for reference, bsn in (("stays", STAYS), ("ends", ENDS)):
        person = {"geslachtsnaam": f"Test{reference}", "geboortedatum": "1970-01-01"}
        assert town.register(reference, burgerservicenummer=bsn, persoon=person, adres=ELSEWHERE).is_success
        wait_until(lambda bsn=bsn: is_known(town, bsn), SECONDS, reference)  # type: ignore[misc] # its default
    return case


def live_on(town: Town) -> None:
    """Bring in what the copy lacks."""
    assert town.signal(OTHER_LANDLORD, "R-2").status_code == 202
    assert town.send("ingest", "DELETE", "/v1/registraties/ends", TOWN, "registraties").status_code == 204
    snapshot(town)
    wait_until(lambda: len(town.cases()[0]["signalen"]) == 2, SECONDS, "the second signal")
    wait_until(lambda: is_known(town, COMES), SECONDS, "the snapshot")


def lose_and_load(data: Path, copy: Path) -> None:
    """Throw all of Kafka away, and do the steps of the page."""
    shutil.rmtree(data / "kafka")
    with EmbeddedPostgres(data / "postgres") as database, EmbeddedKafka(data / "kafka") as broker:
        execute(database.url, "before")
        places = ("--kafka", broker.bootstrap, "--database", database.url)
        command("topics", "apply", "--kafka", broker.bootstrap)
        assert "1 registrations had ended since" in command("topics", "load", str(copy), *places)
        assert "nothing was written" in command("topics", "load", str(copy), *places, code=1)
        execute(database.url, "reset")


def holds_what_was_promised(town: Town, case: str) -> None:
    wait_until(lambda: not is_known(town, ENDS), SECONDS, "the end of what had ended")
    assert is_known(town, STAYS)
    assert not is_known(town, COMES)
    snapshot(town)
    wait_until(lambda: is_known(town, COMES), SECONDS, "the snapshot, once more")
    for creditor, reference in ((LANDLORD, "R-1"), (OTHER_LANDLORD, "R-2")):
        assert town.signal(creditor, reference).status_code == 202
    kafka, own = town.endpoints["kafka"], f"tenant.{TOWN}"
    wait_until(lambda: count_on(kafka, f"{own}.cases.v1") > 0, SECONDS, "the case")
    wait_until(lambda: count_on(kafka, f"{own}.signals.v1") > 0, SECONDS, "the signal")
    wait_until(lambda: shown(town.endpoints["database"]), SECONDS, "the case on the worklist")
    assert count_on(kafka, f"{own}.signals.v1") == 1  # the second landlord's: the first one's was told before
    (now,) = town.cases()
    assert (now["id"], len(now["signalen"])) == (case, 2)
    assert now["resultaat"] is not None
    assert execute(town.endpoints["database"], "open again") == []


def test_a_lost_kafka_comes_back_from_its_copy_and_from_what_is_sent_again(session_folder: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="lost-", dir=session_folder))
    data, copy = folder / "data", folder / "copy"
    with running(folder) as town:
        case = live(town)
        assert "records copied" in command("topics", "save", str(copy), "--data-dir", str(data))
        live_on(town)
    lose_and_load(data, copy)
    with running(folder) as town:
        holds_what_was_promised(town, case)
