"""(k) The check service with a million registrations: its memory, its start, its answers."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from time import monotonic

import httpx
from confluent_kafka import Consumer, KafkaException, TopicPartition

from services.common.errors import PermanentError
from services.common.events import Party, Role
from services.common.publish import encode
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.topics import apply
from services.local.bench.broker import Record, bench_runtime, fill
from services.local.bench.checks import KNOWN, UNKNOWN, figures, plan, question
from services.local.bench.figures import Figure, Progress
from services.local.bench.load import fire
from services.local.bench.nation import BAILIFF
from services.local.bench.processes import memory_of
from services.local.bench.registrations import GROUP, TOPIC, pseudonyms_of, records
from services.local.bench.shared import UNHURRIED, Shared
from services.local.folder import DataFolder, opened
from services.local.kafka import EmbeddedKafka
from services.local.keys import ISSUER, Secrets, make_secrets
from services.local.service import Service
from services.local.waiting import free_ports, wait_until

REGISTRATIONS = 1_000_000
RATE, SECONDS = 100, 10.0
_LONGEST_SECONDS = 300.0
_SAMPLE = 20
_MIB = 2**20


class Million:
    """Benchmark (k)."""

    letter = "k"
    title = "checks with a million registrations"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._count = shared.scaled(REGISTRATIONS, 2 * len(KNOWN))

    def run(self, progress: Progress) -> Sequence[Figure]:
        path = self._shared.new_folder("k")
        with opened(path) as folder, EmbeddedKafka(path / "kafka") as broker:
            secrets = make_secrets(folder.secrets)
            progress.say("a start without registrations")
            asyncio.run(_prepare(broker.bootstrap))
            with _matcher(folder, broker.bootstrap, secrets) as (matcher, start):
                empty = memory_of(matcher.pid), start
            progress.say(f"writing {self._count:,} registrations")
            progress.reach(0.1)
            asyncio.run(_fill(broker.bootstrap, self._count, secrets))
            progress.say("a start with them")
            progress.reach(0.4)
            with _matcher(folder, broker.bootstrap, secrets) as (matcher, start):
                loaded = memory_of(matcher.pid), start
                _compare(matcher, secrets)
                progress.say(f"{RATE} checks a second")
                progress.reach(0.8)
                count = round(RATE * self._shared.seconds(SECONDS))
                fired = fire(plan(secrets, matcher.url, RATE, count))
        return [*self._figures(*empty, *loaded), *figures("with them", RATE, fired)]

    def _figures(self, bare: int, idle: float, full: int, start: float) -> Iterator[Figure]:
        each = (full - bare) / self._count
        yield Figure(what="registrations", measured=self._count)
        yield Figure(what="resident memory of matcher, without any", measured=bare / _MIB, unit="MiB")
        yield Figure(what="resident memory of matcher, with them", measured=full / _MIB, unit="MiB")
        yield Figure(what="memory of a registration", measured=each, unit="bytes")
        yield Figure(what="start of the process to ready, without any", measured=idle, unit="s")
        yield Figure(what="start of the process to ready, with them", measured=start, unit="s")


async def _prepare(kafka: str) -> None:
    """Make the topics, and the bailiff."""
    party = Party(party_id=BAILIFF, name="Bailiff", roles=(Role.BAILIFF,), active=True)
    async with bench_runtime(kafka) as runtime:
        await apply(kafka, runtime.catalogue.hub_topics())
        made = encode(Outgoing("parties.v1", BAILIFF, party, "set", BAILIFF), runtime, runtime.clock.now())
        fill(kafka, [Record(made.topic, BAILIFF.encode(), made.value or b"", made.headers)])


async def _fill(kafka: str, count: int, secrets: Secrets) -> None:
    async with bench_runtime(kafka) as runtime:
        fill(kafka, records(count, KNOWN, pseudonyms_of(secrets), runtime))
        _pass_over(kafka, runtime)


def _pass_over(kafka: str, runtime: Runtime) -> None:
    """Let the processor of persons begin behind the registrations: only the view is measured."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": GROUP, "log_level": 0})
    places = [TopicPartition(TOPIC, number) for number in range(runtime.catalogue.topic(TOPIC).partitions)]
    ends = [TopicPartition(TOPIC, tp.partition, consumer.get_watermark_offsets(tp)[1]) for tp in places]
    try:
        wait_until(
            lambda: _committed(consumer, ends), _LONGEST_SECONDS, "the end of the matcher before", poll=0.5
        )
    finally:
        consumer.close()


def _committed(consumer: Consumer, offsets: list[TopicPartition]) -> bool:
    try:
        consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException:  # for the broker a static member that has stopped is one until its session ends
        return False
    return True


@contextmanager
def _matcher(folder: DataFolder, kafka: str, secrets: Secrets) -> Iterator[tuple[Service, float]]:
    """Run a matcher; yields it once it is ready, with the seconds that took."""
    settings = {
        "KAFKA": kafka,
        "DATABASE_URL": "postgresql+psycopg://",  # matcher has no use for one
        "ISSUER": ISSUER,
        "JWKS": str(secrets.jwks),
        "PSEUDONYM_KEY": secrets.pseudonym_key,
        "VAULT_KEY": secrets.vault_key,
    }
    env = {f"SIGNAALHUB_{name}": value for name, value in settings.items()} | UNHURRIED
    matcher, begin = Service("matcher", 0, free_ports(1)[0], folder, env), monotonic()
    matcher.launch()
    try:
        wait_until(lambda: matcher.ready, _LONGEST_SECONDS, "a matcher that is ready", poll=0.1)
        yield matcher, monotonic() - begin
    finally:
        matcher.stop()


def _compare(matcher: Service, secrets: Secrets) -> None:
    """Who is in debt help is known, and nobody else."""
    token = secrets.token(BAILIFF, "toetsen")
    expected = {
        **dict.fromkeys(islice(KNOWN, _SAMPLE), True),
        **dict.fromkeys(islice(UNKNOWN, _SAMPLE), False),
    }
    with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {token}"}) as client:
        for number, (bsn, helped) in enumerate(expected.items()):
            answer = client.post(f"{matcher.url}/v1/toetsen", content=question(number, bsn), headers=_JSON)
            if not answer.is_success or answer.json()["bekend"] is not helped:
                raise PermanentError(f"a check was answered with {answer.status_code} and not {helped}")


_JSON = {"Content-Type": "application/json"}
