"""Who works on which partitions, as each process says of itself."""

from collections import Counter

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.common.metrics import PARTITIONS
from tests.real.crash.read import CATALOGUE

_SECONDS = 2.0


def of_service(service: str) -> Counter[str]:
    """Return how many partitions each processor and projection of a service has in all its processes.

    A processor counts partitions of keys, a projection those of every topic.
    """
    found = Counter[str]()
    for processor in (each for each in CATALOGUE.processors if each.service == service):
        found[processor.name] = CATALOGUE.topic(processor.inputs[0]).partitions
    for projection in (each for each in CATALOGUE.projections if each.service == service):
        found[projection.name] = sum(CATALOGUE.topic(topic).partitions for topic in projection.inputs)
    return found


def running(url: str) -> Counter[str]:
    """Return on how many of them a process works; none when it does not answer."""
    try:
        answer = httpx.get(f"{url}/metrics", timeout=_SECONDS)
    except httpx.HTTPError:
        return Counter()
    return Counter(
        {
            sample.labels["part"]: int(sample.value)
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == PARTITIONS and sample.labels["state"] == "running"
        }
    )
