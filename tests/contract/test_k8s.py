"""deploy/k8s is complete and keeps the rules: no cluster runs in CI, so it is checked as files.

What only a cluster can show (that Strimzi takes its resources, that a policy is enforced) is not tested here.
"""

import re
from typing import get_args

import httpx
import kubernetes_validate
import pytest
from pydantic import Base64Bytes, SecretStr
from typer.testing import CliRunner

from services.common.acls import PREPARE, services_of, wanted_acls
from services.common.catalogue import Catalogue, load_catalogue
from services.common.host import STOP_SECONDS
from services.common.openapi import BASE
from services.common.settings import REPOSITORY, Settings
from services.local.cli import app as cli
from tests.contract.manifests import (
    CLUSTER_WIDE,
    FOLDER,
    SERVICES,
    SITE,
    Built,
    Manifest,
    acls_of,
    base64_of_32_bytes,
    built,
    containers,
    files,
    pod_spec,
    rendered,
    selected,
)

ALL = rendered(SITE)
JOB = "prepare"
CORE = [each for each in ALL if "strimzi.io" not in each["apiVersion"]]
WORKLOADS = [each for each in ALL if containers(each)]
ONES = [(each["metadata"]["name"], one) for each in WORKLOADS for one in containers(each)]
IMAGE = "registry.example.nl/signaalhub:0.1.0"
LIGHT = f"{BASE}/openapi.json"
"""Answered by the event loop alone, whatever the parts of the process say."""
LEFT_AT_DEFAULT = {
    "clock_file": "simulated time is for trying out",
    **dict.fromkeys(
        (f"keep_{each}_months" for each in ("signal", "picked_up", "case", "registration", "debt_report")),
        "the terms that were published; docs/operations.md says how to set them",
    ),
    "schemas_dir": "set in the image",
    "http_host": "set in the image",
    "otlp_endpoint": "absent: no traces; settings.yaml says how to set it",
    "trace_ratio": "of use with otlp_endpoint only",
    "pause_acknowledge_hours": "no source sets a term; docs/delivery-guarantees.md names it",
    "snapshot_most_gone_percent": "a municipality's policy may say its own",
    "schema_registry_url": "absent: the ids in the image; settings.yaml says how to set it",
}
MADE_UP = {"SIGNAALHUB_DATABASE_URL": "postgresql+psycopg://made@up/hub"}
SECRET = {
    name
    for name, field in Settings.model_fields.items()
    if {SecretStr, Base64Bytes} & {field.annotation, *get_args(field.annotation)}
    or "Base64Encoder" in str(field.metadata)
}


def the(kind: str, name: str) -> Manifest:
    (found,) = (each for each in ALL if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def kinds(kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in ALL if each["kind"] == kind}


SETTINGS: dict[str, str] = the("ConfigMap", "signaalhub")["data"]
POLICIES = kinds("NetworkPolicy")


def environment(name: str) -> dict[str, Manifest]:
    """What is set for a service itself, by the name in Settings."""
    (container,) = containers(the("StatefulSet", name))
    assert container["envFrom"] == [{"configMapRef": {"name": "signaalhub"}}]
    return {each["name"].removeprefix("SIGNAALHUB_").lower(): each for each in container["env"]}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(REPOSITORY / "schemas")


@pytest.fixture(scope="module")
async def wired() -> dict[str, Built]:
    return {name: await built(name) for name in SERVICES}


# The files


def test_the_kustomization_leads_to_every_file_once() -> None:
    found = list(files(SITE))
    assert sorted(found) == sorted(FOLDER.rglob("*.yaml"))


def test_every_resource_has_its_own_name_in_one_namespace_and_a_stage() -> None:
    ids = [(each["kind"], each["metadata"]["name"]) for each in ALL]
    assert len(ids) == len(set(ids))
    namespaces = {each["metadata"].get("namespace") for each in ALL if each["kind"] not in CLUSTER_WIDE}
    assert namespaces == {"signaalhub"}
    stages = {
        each["metadata"]["labels"]["signaalhub.nl/stage"] for each in ALL if each["kind"] != "KafkaNodePool"
    }
    assert stages == {"ground", "prepare", "services"}


@pytest.mark.parametrize("release", ["1.32", "1.37"])
@pytest.mark.parametrize("manifest", CORE, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_the_api_of_kubernetes_knows_every_field(manifest: Manifest, release: str) -> None:
    kubernetes_validate.validate(manifest, release, strict=True)


def test_that_check_finds_a_wrong_type_and_an_unknown_field() -> None:
    for wrong in ({"replicas": "2"}, {"replica": 2}):
        manifest = the("StatefulSet", "ingest")
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(manifest | {"spec": manifest["spec"] | wrong}, "1.32", strict=True)


# What runs


def test_every_service_is_a_statefulset_and_nothing_else_runs_but_the_job(wired: dict[str, Built]) -> None:
    assert {(each["kind"], each["metadata"]["name"]) for each in WORKLOADS} == {
        ("Job", JOB),
        *(("StatefulSet", name) for name in SERVICES),
    }
    # the reason, per service: a static member of a group, or rows in the database under the replica's name
    assert all(service.groups or service.uses("replica") for service in wired.values())


@pytest.mark.parametrize("name", SERVICES)
def test_two_processes_of_a_service_never_have_the_same_replica_name(name: str) -> None:
    assert environment(name)["replica"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


@pytest.mark.parametrize("name", SERVICES)
def test_a_halted_pod_stops_neither_the_rollout_of_its_fix_nor_the_drain_of_a_node(name: str) -> None:
    assert the("StatefulSet", name)["spec"]["podManagementPolicy"] == "Parallel"
    budget = the("PodDisruptionBudget", name)["spec"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize("name", SERVICES)
def test_at_most_one_pod_of_a_service_is_taken_away_at_a_time(name: str) -> None:
    spec, budget = the("StatefulSet", name)["spec"], the("PodDisruptionBudget", name)["spec"]
    assert (budget["maxUnavailable"], spec["replicas"] >= 2) == (1, True)
    spread = pod_spec(the("StatefulSet", name))["topologySpreadConstraints"]
    own = spec["template"]["metadata"]["labels"]
    for each in (spec, budget, *spread):
        assert each.get("selector", each.get("labelSelector"))["matchLabels"] == own


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_answers_at_the_port_of_its_container(name: str) -> None:
    stateful, service = the("StatefulSet", name)["spec"], the("Service", name)["spec"]
    (container,) = containers(the("StatefulSet", name))
    assert stateful["serviceName"] == name
    assert service["selector"] == stateful["template"]["metadata"]["labels"]
    assert container["args"] == ["service", name]
    assert container["ports"] == [{"name": "http", "containerPort": int(SETTINGS["SIGNAALHUB_HTTP_PORT"])}]
    assert [port["targetPort"] for port in service["ports"]] == ["http"]


def test_the_job_makes_the_tables_and_then_the_topics() -> None:
    found = [container["args"] for container in containers(the("Job", JOB))]
    assert found == [["migrate"], ["topics", "apply"]]
    for command in found:
        assert CliRunner().invoke(cli, [*command, "--help"]).exit_code == 0


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: str(each["metadata"]["name"]))
def test_a_pod_has_more_time_to_stop_than_it_needs(workload: Manifest) -> None:
    waits = [one.get("lifecycle", {}).get("preStop", {}).get("sleep", {}) for one in containers(workload)]
    needed = STOP_SECONDS + max(each.get("seconds", 0) for each in waits)
    assert pod_spec(workload)["terminationGracePeriodSeconds"] >= needed + 10


# Confinement


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: str(each["metadata"]["name"]))
def test_a_pod_is_nobody_special_and_has_no_account_with_the_cluster(workload: Manifest) -> None:
    spec = pod_spec(workload)
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert "USER 10001" in (REPOSITORY / "Dockerfile").read_text()
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False  # a Service could be named like one of our settings
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert all({"emptyDir", "secret"} & set(volume) for volume in spec["volumes"])
    (scratch,) = (volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume)
    assert scratch["medium"] == "Memory"  # nothing of a resident ever reaches a node's disk


@pytest.mark.parametrize(("workload", "container"), ONES)
def test_a_container_can_gain_nothing_and_write_nowhere(workload: str, container: Manifest) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(("workload", "container"), ONES)
def test_a_container_says_what_it_takes_and_runs_the_one_image(workload: str, container: Manifest) -> None:
    resources = container["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}  # throttled CPU would cost heartbeats
    assert container["image"] == IMAGE


# Probes


@pytest.mark.parametrize("name", SERVICES)
def test_only_readiness_asks_for_health_so_that_an_alarm_is_not_a_restart(name: str) -> None:
    (container,) = containers(the("StatefulSet", name))
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
    assert probes == {
        "startup": {"path": LIGHT, "port": "http"},
        "readiness": {"path": "/health", "port": "http"},
        "liveness": {"path": LIGHT, "port": "http"},
    }
    liveness = container["livenessProbe"]
    assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 60


@pytest.mark.parametrize("name", SERVICES)
async def test_the_light_path_answers_while_every_part_is_in_trouble(
    wired: dict[str, Built], name: str
) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(wired[name].api), base_url="http://pod"
    ) as client:
        assert (await client.get("/health")).status_code == 503
        assert (await client.get(LIGHT)).status_code == 200


# Settings and secrets


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_is_given_once_or_left_at_its_default_knowingly(name: str) -> None:
    shared = [key.removeprefix("SIGNAALHUB_").lower() for key in SETTINGS]
    given = [*environment(name), *shared, *LEFT_AT_DEFAULT]
    assert sorted(given) == sorted(Settings.model_fields)


@pytest.mark.parametrize("name", SERVICES)
def test_the_settings_are_ones_that_a_service_starts_with(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in SETTINGS.items():
        monkeypatch.setenv(key, value)
    for each in environment(name).values():
        monkeypatch.setenv(each["name"], each.get("value", MADE_UP.get(each["name"], "bWFkZSB1cA==")))
    found = Settings()
    assert found.kafka_username == name
    assert found.kafka_security_protocol == "SASL_SSL"
    (mount,) = (m for m in containers(the("StatefulSet", name))[0]["volumeMounts"] if m["name"] == "kafka-ca")
    assert str(found.kafka_ca_file) == f"{mount['mountPath']}/ca.crt"


def test_what_is_secret_is_known_here() -> None:
    assert {"kafka_password", "database_url", "pseudonym_key", "vault_key"} == SECRET


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_the_secrets_that_its_code_uses_and_an_empty_value_for_the_others(
    wired: dict[str, Built], name: str
) -> None:
    service, env = wired[name], environment(name)
    used = {
        "kafka_password": True,
        "database_url": service.database,
        "pseudonym_key": service.uses("pseudonym_key"),
        "vault_key": service.uses("vault_key"),
    }
    assert used.keys() == SECRET
    for setting, wanted in used.items():
        assert ("secretKeyRef" in env[setting].get("valueFrom", {})) is wanted
        assert wanted or env[setting]["value"] == ""
    assert env["kafka_password"]["valueFrom"]["secretKeyRef"] == {"name": name, "key": "password"}


def test_no_secret_stands_in_any_file() -> None:
    assert not kinds("Secret")
    assert not {f"SIGNAALHUB_{name.upper()}" for name in SECRET} & set(SETTINGS)
    for path in FOLDER.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert base64_of_32_bytes(text) == []
            assert "BEGIN" not in text
            assert "password:" not in text


def test_every_secret_that_somebody_has_to_make_is_explained() -> None:
    referred = {
        each["valueFrom"]["secretKeyRef"]["name"]
        for _, container in ONES
        for each in container.get("env", ())
        if "secretKeyRef" in each.get("valueFrom", {})
    }
    operations = (REPOSITORY / "docs" / "operations.md").read_text()
    assert referred - set(kinds("KafkaUser")) == {
        name for name in referred if f"generic {name} " in operations
    }


# Network: the flow picture


def test_nothing_flows_but_what_is_allowed() -> None:
    everything = {"matchLabels": {"app.kubernetes.io/part-of": "signaalhub"}}
    assert POLICIES["nothing"]["spec"] == {"podSelector": everything, "policyTypes": ["Ingress", "Egress"]}
    for workload in WORKLOADS:
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert labels == {
            "app.kubernetes.io/name": workload["metadata"]["name"],
            "app.kubernetes.io/part-of": "signaalhub",
        }
    assert set(POLICIES) == {
        *("nothing", "names", "kafka", "registry", "webhooks", "callers", "scrapers", "database", "issuer")
    }


def test_to_kafka_goes_who_topics_yaml_names_and_who_makes_the_topics(catalogue: Catalogue) -> None:
    named = {who for topic in catalogue.topics for who in (*topic.producers, *topic.consumers)}
    assert selected(POLICIES["kafka"]) == named | {JOB} == {*SERVICES, JOB}
    (out,) = POLICIES["kafka"]["spec"]["egress"]
    listeners = {each["name"]: each for each in the("Kafka", "hub")["spec"]["kafka"]["listeners"]}
    assert out["ports"] == [{"protocol": "TCP", "port": listeners["hub"]["port"]}]
    assert out["to"] == [{"podSelector": {"matchLabels": {"strimzi.io/name": "hub-kafka"}}}]
    assert SETTINGS["SIGNAALHUB_KAFKA"] == f"hub-kafka-bootstrap.signaalhub.svc:{listeners['hub']['port']}"


def test_to_the_database_goes_who_makes_an_engine_and_who_makes_the_tables(wired: dict[str, Built]) -> None:
    assert selected(POLICIES["database"]) == {name for name, each in wired.items() if each.database} | {JOB}


def test_to_the_registry_goes_who_reads_or_writes_records() -> None:
    assert selected(POLICIES["registry"]) == set(SERVICES)


def test_to_the_issuer_goes_and_from_the_ingress_is_reached_who_has_an_api(wired: dict[str, Built]) -> None:
    answering = {name for name, each in wired.items() if each.answers}
    assert selected(POLICIES["issuer"]) == selected(POLICIES["callers"]) == answering
    assert POLICIES["callers"]["spec"]["ingress"] == [
        {
            "from": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
            ],
            "ports": [{"protocol": "TCP", "port": "http"}],
        }
    ]


def test_webhooks_leave_from_who_sends_them_and_never_to_an_address_inside(wired: dict[str, Built]) -> None:
    assert selected(POLICIES["webhooks"]) == {name for name, each in wired.items() if each.sends}
    (out,) = POLICIES["webhooks"]["spec"]["egress"]
    assert out["ports"] == [{"protocol": "TCP", "port": 443}]
    refused = {cidr for each in out["to"] for cidr in each["ipBlock"]["except"]}
    private = {
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
    }
    assert private | {"fc00::/7", "fe80::/10", "::1/128"} <= refused


def test_metrics_are_read_from_one_namespace_where_the_annotations_say() -> None:
    assert selected(POLICIES["scrapers"]) == set(SERVICES)
    (incoming,) = POLICIES["scrapers"]["spec"]["ingress"]
    monitoring = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    assert incoming["from"] == [{"namespaceSelector": monitoring}]
    for name in SERVICES:
        template = the("StatefulSet", name)["spec"]["template"]
        (port,) = template["spec"]["containers"][0]["ports"]
        assert template["metadata"]["annotations"] == {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(port["containerPort"]),
            "prometheus.io/path": "/metrics",
        }
        assert incoming["ports"] == [{"protocol": "TCP", "port": port["name"]}]


def test_only_the_ingress_and_who_reads_metrics_reach_a_service_from_outside() -> None:
    incoming = {name for name, each in POLICIES.items() if each["spec"].get("ingress")}
    assert incoming == {"callers", "scrapers"}
    outgoing = {name for name, each in POLICIES.items() if each["spec"].get("egress")}
    assert outgoing == set(POLICIES) - {*incoming, "nothing"}
    for name in SERVICES:
        assert the("Service", name)["spec"].get("type", "ClusterIP") == "ClusterIP"


def test_every_path_of_every_api_comes_through_the_ingress_but_health_and_metrics(
    wired: dict[str, Built],
) -> None:
    inside = {"/health", "/metrics"}
    through: dict[str, list[str]] = {}
    for rule in the("Ingress", "signaalhub")["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            through.setdefault(path["backend"]["service"]["name"], []).append(path["path"])
    assert set(through) == {name for name, each in wired.items() if each.answers}
    for name, prefixes in through.items():
        paths = {f"{BASE}{path}" for path in wired[name].api.openapi()["paths"]} | inside
        paths |= {"/schemas/ids/1", "/subjects/signals/versions"} if name == "ingest" else set()
        let_through = {path for path in paths if any(f"{path}/".startswith(f"{each}/") for each in prefixes)}
        assert paths - let_through == inside


# Kafka


def test_the_users_have_the_rights_that_the_catalogue_gives_and_no_others(catalogue: Catalogue) -> None:
    users = kinds("KafkaUser")
    parties = users.keys() - {*services_of(catalogue), JOB}
    found = frozenset().union(*map(acls_of, users.values()))
    wanted = wanted_acls(catalogue, parties)
    assert (sorted(wanted - found), sorted(found - wanted)) == ([], [])
    assert parties  # the example has one, to copy


def test_the_job_is_the_user_that_makes_topics() -> None:
    assert JOB == PREPARE
    (topics,) = the("Job", JOB)["spec"]["template"]["spec"]["containers"]
    assert {"name": "SIGNAALHUB_KAFKA_USERNAME", "value": JOB} in topics["env"]


def test_every_user_has_a_password_of_kafka_and_nobody_gets_in_without() -> None:
    for user in kinds("KafkaUser").values():
        assert user["spec"]["authentication"] == {"type": "scram-sha-512"}
        assert user["metadata"]["labels"]["strimzi.io/cluster"] == "hub"
    kafka = the("Kafka", "hub")["spec"]["kafka"]
    assert kafka["authorization"] == {"type": "simple"}  # no super users
    for listener in kafka["listeners"]:
        assert (listener["tls"], listener["authentication"]) == (True, {"type": "scram-sha-512"})


def test_one_broker_may_be_away_without_losing_or_refusing_anything() -> None:
    kafka, pool = the("Kafka", "hub")["spec"]["kafka"], the("KafkaNodePool", "node")
    assert pool["spec"]["replicas"] == 3
    assert pool["spec"]["roles"] == ["controller", "broker"]
    assert pool["metadata"]["labels"]["strimzi.io/cluster"] == "hub"
    for setting in ("default", "offsets.topic", "transaction.state.log"):
        assert kafka["config"][f"{setting}.replication.factor"] == 3
    assert kafka["config"]["min.insync.replicas"] == kafka["config"]["transaction.state.log.min.isr"] == 2
    assert SETTINGS["SIGNAALHUB_KAFKA_REPLICATION"] == "3"


def test_topics_have_one_owner() -> None:
    assert not kinds("KafkaTopic")
    assert set(the("Kafka", "hub")["spec"]["entityOperator"]) == {"userOperator"}
    assert the("Kafka", "hub")["spec"]["kafka"]["config"]["auto.create.topics.enable"] is False


def test_the_reasons_that_the_operations_page_explains_are_given_by_the_code() -> None:
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    table = page.partition("| reason in /health |")[2].partition("\n\n")[0]
    reasons = [
        reason for row in table.splitlines()[2:] for reason in re.findall(r"`([^`]+)`", row.split(" | ")[0])
    ]
    code = "".join(path.read_text() for path in (REPOSITORY / "services" / "common").rglob("*.py"))
    assert len(reasons) > 20
    for reason in reasons:
        assert all(part.strip() in code for part in reason.split("…")), reason
