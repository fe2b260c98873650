"""A group remembers its place as long as what it reads is kept; the default of Kafka is 7 days."""

from pathlib import Path
from typing import Any

import yaml

from services.common.catalogue import DLQ_RETENTION_DAYS, load_catalogue
from services.common.settings import REPOSITORY
from services.local.kafka_kit import SETTINGS

MINUTES_A_DAY = 24 * 60


def longest() -> int:
    topics = load_catalogue(REPOSITORY / "schemas").topics
    kept = [topic.retention_days or 0 for topic in topics if topic.consumers]
    return max(*kept, DLQ_RETENTION_DAYS) * MINUTES_A_DAY


def test_on_the_embedded_broker() -> None:
    assert int(SETTINGS["offsets.retention.minutes"]) >= longest()


def test_in_docker_compose() -> None:
    services = read(REPOSITORY / "docker-compose.yml")["services"]
    assert int(services["kafka"]["environment"]["KAFKA_OFFSETS_RETENTION_MINUTES"]) >= longest()


def test_on_kubernetes() -> None:
    cluster = read(REPOSITORY / "deploy/k8s/kafka/cluster.yaml", kind="Kafka")
    assert cluster["spec"]["kafka"]["config"]["offsets.retention.minutes"] >= longest()


def read(path: Path, kind: str | None = None) -> dict[str, Any]:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(path.read_text()))
    return next(each for each in documents if kind in {None, each.get("kind")})
