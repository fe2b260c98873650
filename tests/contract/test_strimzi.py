"""Strimzi's own model has a place for every field of its resources in deploy/k8s, and of the right type.

It says nothing of what is required or of patterns; the rules of test_k8s.py do, for what we use. The model is
of the oldest release that the manifests ask for (0.49); the check runs on the Java of the embedded Kafka.
"""

import copy
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from services.local.cache import cache_dir, locked
from services.local.jars import fetch_jars, read_lock
from services.local.kafka_kit import kafka_kit
from tests.contract.manifests import SITE, Manifest, rendered

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

HERE = Path(__file__).with_name("strimzi")
PROGRAM = HERE / "StrimziCheck.java"
RESOURCES = [each for each in rendered(SITE) if "strimzi.io" in each["apiVersion"]]


@pytest.fixture(scope="module")
def program() -> tuple[str, ...]:
    """The command of the compiled check; compiled once per machine and version."""
    kit, lock, cache = kafka_kit(), read_lock(HERE / "jars.lock"), cache_dir()
    with locked(cache):
        paths = fetch_jars(lock, cache / "maven")
        (compiler,) = (path for path in paths if path.name.startswith("ecj-"))
        classpath = os.pathsep.join([*(str(path) for path in paths if path != compiler), kit.classpath])
        digest = hashlib.sha256(PROGRAM.read_bytes() + (HERE / "jars.lock").read_bytes()).hexdigest()[:12]
        folder = cache / f"strimzi-{digest}"
        if not (folder / "StrimziCheck.class").is_file():
            compiling = [str(kit.java), "-jar", str(compiler), "-17", "-nowarn", "-cp", classpath]
            subprocess.run([*compiling, "-d", str(folder), str(PROGRAM)], check=True, timeout=500)
    return (str(kit.java), "-XX:TieredStopAtLevel=1", "-cp", f"{folder}{os.pathsep}{classpath}", PROGRAM.stem)


def complaints(program: tuple[str, ...], resources: list[Manifest]) -> list[str]:
    done = subprocess.run(
        program, input=json.dumps(resources), capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    return list(dict.fromkeys(done.stdout.splitlines()))  # an inherited getter says it twice


def changed(kind: str, *path: Any, to: Any) -> Manifest:
    """The first resource of a kind with one field set."""
    found = copy.deepcopy(next(each for each in RESOURCES if each["kind"] == kind))
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return found


def test_the_model_has_a_place_for_everything_and_the_check_finds_what_has_none(
    program: tuple[str, ...],
) -> None:
    assert {each["kind"] for each in RESOURCES} == {"Kafka", "KafkaNodePool", "KafkaUser"}
    wrong = [
        changed("Kafka", "spec", "kafka", "autorization", to={"type": "simple"}),
        changed("Kafka", "spec", "kafka", "listeners", 0, "port", to="many"),
        changed("KafkaNodePool", "spec", "storage", "volumes", 0, "sise", to="1Gi"),
        changed("KafkaUser", "spec", "authorization", "acls", 0, "resource", "pattern", to="prefix"),
        changed("KafkaUser", "spec", "authorization", "acls", 0, "operations", to=["Reed"]),
    ]
    assert complaints(program, [*RESOURCES, *wrong]) == [
        "Kafka hub.Spec.Kafka: unknown field autorization",
        'Kafka hub: Cannot deserialize value of type `int` from String "many": not a valid `int` value',
        "KafkaNodePool node.Spec.Storage.Volumes[0]: unknown field sise",
        "KafkaUser ingest.Spec.Authorization.Acls[0].Resource: unknown field pattern",
        "KafkaUser ingest.Spec.Authorization.Acls[0].Operations[0]: unknown value",
    ]
