import pytest

from tests.real.processor_kit import Kit, Sent, count, healthy

pytestmark = pytest.mark.real


async def test_each_record_is_handled_once_with_the_state_of_its_key(kafka: str) -> None:
    kit = Kit(kafka)
    await kit.make_topics()
    await kit.send(Sent(f"k{n % 7}", n) for n in range(70))
    async with kit.running(count) as processor:
        found = await kit.until_outputs(70)
        await healthy(processor)
    assert sorted(found) == sorted((f"k{n}", total) for n in range(7) for total in range(1, 11))
