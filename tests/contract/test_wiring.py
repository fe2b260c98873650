"""topics.yaml says who reads and writes what: compared with what each service wires."""

from importlib import import_module
from pathlib import Path

import pytest

from services.common.catalogue import load_catalogue
from services.common.host import Parts
from services.common.processor import Processor
from services.common.projection import Projection
from services.common.settings import REPOSITORY
from services.common.testing import make_runtime
from services.common.view import View

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
SERVICES = ("ingest", "matcher", "notifier", "feedback")


def read_by(parts: Parts) -> set[str]:
    """Return the topics that the parts of a service read."""
    found: set[str] = set()
    for part in parts.services:
        match part:
            case View():
                found.add(part._topic.name)
            case Projection():
                found |= part._subjects.keys()
            case Processor():
                found |= part._rules.subjects.keys()
    return found


def named_in(service: str) -> set[str]:
    """Return the topics of the catalogue that stand as a literal in the code of a service."""
    folder = REPOSITORY / "services" / service
    code = "".join(Path(path).read_text() for path in sorted(folder.rglob("*.py")))
    return {topic.name for topic in CATALOGUE.topics if f'"{topic.name}"' in code}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_consumers_of_a_topic_are_the_services_that_read_it(service: str) -> None:
    parts = import_module(f"services.{service}.app").build(await make_runtime(service))
    assert read_by(parts) == {topic.name for topic in CATALOGUE.topics if service in topic.consumers}


@pytest.mark.parametrize("service", SERVICES)
def test_the_producers_of_a_topic_name_it_and_who_neither_reads_nor_writes_it_does_not(service: str) -> None:
    written = {topic.name for topic in CATALOGUE.topics if service in topic.producers}
    touched = written | {topic.name for topic in CATALOGUE.topics if service in topic.consumers}
    assert written <= named_in(service) <= touched


@pytest.mark.parametrize("service", SERVICES)
async def test_the_projections_of_a_service_are_those_it_runs_and_read_what_they_name(service: str) -> None:
    parts = import_module(f"services.{service}.app").build(await make_runtime(service))
    running = {p._group: frozenset(p._subjects) for p in parts.services if isinstance(p, Projection)}
    named = {s.name: frozenset(s.inputs) for s in CATALOGUE.projections if s.service == service}
    assert running == named


@pytest.mark.parametrize("service", SERVICES)
async def test_the_processors_of_a_service_are_those_it_runs_and_read_what_they_name(service: str) -> None:
    parts = import_module(f"services.{service}.app").build(await make_runtime(service))
    running = {
        p._rules.name: frozenset(p._rules.subjects) for p in parts.services if isinstance(p, Processor)
    }
    named = {s.name: frozenset(s.inputs) for s in CATALOGUE.processors if s.service == service}
    assert running == named
