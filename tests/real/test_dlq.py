"""What was put aside comes back after a fix: once, to whom it is for, never in the place of what is newer."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aiokafka import ConsumerRecord

from services.common.catalogue import dlq_of
from services.common.dlq.judging import MOST_REPLAYS, Verdict
from services.common.dlq.letters import Fate
from services.common.errors import TransientError
from services.common.producers import new_producer
from tests.real.dlq_kit import CASE, Post, headers_of, make_post

pytestmark = pytest.mark.real


async def test_a_record_goes_back_to_its_partition_with_its_key_bytes_and_headers(kafka: str) -> None:
    post = await make_post(kafka)
    (before,) = await post.failed(post.policy("a", partition=1))
    report = await post.replay()
    (after,) = await post.sent_back()
    assert report.counts == {Verdict.REPLAY: 1}
    assert (after.partition, after.key, after.value) == (1, before.key, before.value)
    assert after.headers[: len(before.headers)] == before.headers
    assert after.headers[len(before.headers) :] == (("dlq_replays", b"1"), ("dlq_replay_for", b"c1"))


async def test_what_was_sent_back_is_not_sent_by_the_next_call(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed(*(post.policy(f"k{n}") for n in range(25)))
    counts = [(await post.replay(limit=10)).counts[Verdict.REPLAY] for _ in range(4)]
    assert counts == [10, 10, 5, 0]
    assert len(await post.sent_back()) == 25
    assert {fate for _, fate in await post.letters()} == {Fate.REPLAYED}


@contextmanager
def stuck(post: Post) -> Iterator["subprocess.Popen[str]"]:
    """A replay in a process of its own that has sent everything and not committed."""
    command = [sys.executable, "-m", "tests.real.dlq_worker", post.kafka.kafka, post.topic.name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "sent\n"
            yield process
        finally:
            process.kill()


async def test_a_replay_killed_half_way_loses_and_doubles_nothing(kafka: str) -> None:
    post = await make_post(kafka)
    before = await post.failed(*(post.policy(f"k{n}") for n in range(30)))
    with stuck(post) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(await post.records(committed=False)) == 60  # it had got so far
    report = await post.replay(limit=1000)
    assert report.counts == {Verdict.REPLAY: 30}
    assert [each.key for each in await post.sent_back()] == [each.key for each in before]


async def test_a_replay_that_froze_does_nothing_more_after_another_took_over(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed(*(post.policy(f"k{n}") for n in range(5)))
    with stuck(post) as process:
        assert (await post.replay()).counts == {Verdict.REPLAY: 5}
        rest, _ = await asyncio.to_thread(process.communicate, "\n")
        assert "committed" not in rest
        assert process.returncode == 1
    assert len(await post.sent_back()) == 5


async def test_a_mark_behind_an_open_transaction_is_waited_for(kafka: str) -> None:
    """A reader of committed records does not get past the transaction of somebody who is burying."""
    post = await make_post(kafka)
    await post.failed(post.policy("a"))
    producer = new_producer(post.kafka, transactional_id=f"burying-{post.topic.name}")
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(dlq_of(post.topic.name), b"", b"not yet", partition=0)
    first = asyncio.create_task(post.replay())
    await asyncio.wait([first], timeout=1)
    assert not first.done()
    await producer.commit_transaction()
    await producer.stop()
    assert (await first).counts == {Verdict.REPLAY: 1, Verdict.STRAY: 1}


async def test_a_record_that_is_poison_again_counts_up_and_is_refused_in_the_end(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed(post.policy("a"))
    for again in range(1, MOST_REPLAYS + 1):
        assert (await post.replay()).counts == {Verdict.REPLAY: 1}
        sent = (await post.sent_back())[-1]
        assert headers_of(sent)["dlq_replays"] == str(again)
        await post.fail(sent)
        letter, fate = (await post.letters())[-1]
        assert (letter.replays, fate) == (again, None)
        assert letter.headers == sent.headers[:6]
    assert (await post.replay()).counts == {Verdict.TOO_OFTEN: 1}
    assert (await post.replay(force=True)).counts == {Verdict.REPLAY: 1}
    names = [name for name, _ in (await post.sent_back())[-1].headers]
    assert len(names) == len(set(names))


async def test_the_order_of_a_partition_is_kept_over_portions_and_calls(kafka: str) -> None:
    post = await make_post(kafka)
    before = await post.failed(*(post.policy(f"k{n % 7}", n, partition=n % 2) for n in range(260)))
    await post.replay(limit=130)
    await post.replay(limit=1000)
    assert [each.value for each in await post.sent_back()] == [each.value for each in before]


async def test_a_record_on_which_two_failed_goes_back_once_for_both(kafka: str) -> None:
    post = await make_post(kafka)
    await post.write([post.policy("a"), post.policy("b")])
    first, second = await post.records()
    await post.fail(second, consumer="fast")
    await post.fail(first, second, consumer="slow")
    await post.replay()
    sent = [(each.key, headers_of(each)["dlq_replay_for"]) for each in await post.sent_back()]
    assert sent == [(b"a", "slow"), (b"b", "fast,slow")]


async def test_who_failed_later_gets_it_too_and_the_first_one_not_again(kafka: str) -> None:
    post = await make_post(kafka, "cases")
    (record,) = await post.failed(post.row("a", CASE), consumer="fast")
    await post.replay()
    await post.fail(record, consumer="slow")
    assert (await post.replay()).counts == {Verdict.REPLAY: 1}  # what was for the other replaced nothing here
    assert [headers_of(each)["dlq_replay_for"] for each in await post.sent_back()] == ["fast", "slow"]


async def test_a_state_that_a_later_one_replaced_is_not_sent_and_is_done(kafka: str) -> None:
    post = await make_post(kafka, "cases")
    other = replace(CASE, case_id="another case of that household")
    old, _ = await post.failed(post.row("h", CASE, "1"), post.row("h", other, "2"))
    await post.write([post.row("h", replace(CASE, crisis=True), "3")])
    report = await post.replay()
    assert report.counts == {Verdict.SUPERSEDED: 1, Verdict.REPLAY: 1}
    assert [headers_of(each)["ce_id"] for each in await post.sent_back()] == ["2"]
    assert {letter.origin.offset: fate for letter, fate in await post.letters() if letter.origin} == {
        old.offset: Fate.SUPERSEDED,
        old.offset + 1: Fate.REPLAYED,
    }


async def test_a_state_that_is_replaced_while_it_goes_back_is_taken_back(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.common.dlq.judging import Judge

    post = await make_post(kafka, "cases")
    await post.failed(post.row("h", CASE, "old"))
    look = Judge.slipped_in
    raced: list[bool] = []

    async def newer_first(self: Judge) -> bool:
        if not raced:
            raced.append(True)
            await post.write([post.row("h", replace(CASE, crisis=True), "newer")])
        return await look(self)

    monkeypatch.setattr(Judge, "slipped_in", newer_first)
    assert (await post.replay()).counts == {Verdict.SUPERSEDED: 1}
    assert [headers_of(each)["ce_id"] for each in await post.records()] == ["old", "newer"]


async def test_a_fact_goes_back_whatever_came_after_it(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed(post.policy("a", 1))
    await post.write([post.policy("a", 2)])
    assert (await post.replay()).counts == {Verdict.REPLAY: 1}


async def test_what_has_ended_on_a_compacted_topic_does_not_come_back(kafka: str) -> None:
    post = await make_post(kafka, compacted=True)
    await post.failed(post.policy("ended"), post.policy("running"))
    await post.write([post.row("ended", None, "end")])
    assert (await post.replay()).counts == {Verdict.SUPERSEDED: 1, Verdict.REPLAY: 1}
    (sent,) = await post.sent_back()
    assert (sent.key, sent.headers[-1]) == (b"running", ("dlq_replays", b"1"))  # everybody reads it


async def test_a_compacted_record_that_is_gone_was_replaced_even_if_the_tombstone_is_gone_too(
    kafka: str,
) -> None:
    post = await make_post(kafka, compacted=True)
    gone, there = await post.failed(post.policy("gone"), post.policy("there"))
    never = ConsumerRecord(**{**vars(gone), "offset": 1_000_000})
    await post.fail(never)
    assert (await post.replay(offset=2)).counts == {Verdict.SUPERSEDED: 1}
    assert there.offset == 1


async def test_what_is_filtered_out_stays_open_and_comes_with_a_later_call(kafka: str) -> None:
    post = await make_post(kafka)
    await post.write([post.policy(f"k{n}", n) for n in range(6)])
    for number, record in enumerate(await post.records()):
        await post.fail(record, error=KeyError() if number % 2 else ValueError())
    assert (await post.replay(error="KeyError", limit=2)).counts == {Verdict.REPLAY: 2}
    assert (await post.replay(offset=4, limit=1)).counts == {Verdict.REPLAY: 1}
    assert [letter.offset for letter, fate in await post.letters() if fate is None] == [0, 2, 5]
    assert (await post.replay(limit=100)).counts == {Verdict.REPLAY: 3}
    assert len(await post.sent_back()) == 6


async def test_what_this_release_cannot_read_either_stays_unless_it_is_forced(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed((b"a", b"no avro", [("x", b"1")], 0), post.policy("b"))
    assert (await post.replay()).counts == {Verdict.UNREADABLE: 1, Verdict.REPLAY: 1}
    assert (await post.replay()).counts == {Verdict.UNREADABLE: 1}
    assert (await post.replay(force=True)).counts == {Verdict.REPLAY: 1}
    assert [each.value for each in await post.sent_back()][-1] == b"no avro"


async def test_letters_that_have_to_stay_do_not_use_up_the_limit(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed(*((b"a", b"no avro", [], 0) for _ in range(15)), post.policy("b"))
    assert (await post.replay(limit=10)).counts == {Verdict.UNREADABLE: 15, Verdict.REPLAY: 1}


async def test_a_dry_run_sends_nothing_and_disturbs_nobody(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed(post.policy("a"), (b"a", b"no avro", [], 0))
    report = await post.replay(dry_run=True)
    assert report.counts == {Verdict.REPLAY: 1, Verdict.UNREADABLE: 1}
    assert await post.sent_back() == []
    with stuck(post) as process:
        dry = asyncio.create_task(post.replay(dry_run=True))
        rest, _ = await asyncio.to_thread(process.communicate, "\n")
        assert rest == "committed\n"
        assert (await dry).counts == {Verdict.UNREADABLE: 1}


async def test_a_value_that_was_too_large_to_be_set_aside_stays_open(kafka: str) -> None:
    post = await make_post(kafka)
    await post.failed((b"a", bytes(1_000_000), [("x", b"1")], 0))
    assert (await post.replay(force=True)).counts == {Verdict.VALUE_LEFT: 1}


async def test_a_state_whose_later_ones_may_have_expired_goes_back_by_force_only(kafka: str) -> None:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.structs import TopicPartition

    post = await make_post(kafka, "cases")
    (record,) = await post.failed(post.row("h", CASE))
    await post.write([post.row("h", replace(CASE, crisis=True)), post.row("other", CASE)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    from aiokafka.admin import RecordsToDelete

    await admin.delete_records({TopicPartition(record.topic, 0): RecordsToDelete(record.offset + 2)})
    await admin.close()
    assert (await post.replay()).counts == {Verdict.HISTORY_GONE: 1}
    assert (await post.replay(force=True)).counts == {Verdict.REPLAY: 1}


async def test_a_broker_that_is_away_is_one_line(kafka: str) -> None:
    post = await make_post(kafka)
    away = Post(post.kafka.model_copy(update={"kafka": "127.0.0.1:1"}), post.topic, post.codec)
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1 did not answer"):
        await away.replay()
