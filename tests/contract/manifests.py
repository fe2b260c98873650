"""deploy/k8s as `kubectl kustomize` builds it, and what the code and topics.yaml say that should be in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI

from services.common.acls import Acl, Operation, Resource
from services.common.host import Parts
from services.common.processor import Processor
from services.common.projection import Projection
from services.common.sender import Sender
from services.common.settings import REPOSITORY
from services.common.testing import make_runtime

Manifest = dict[str, Any]

FOLDER = REPOSITORY / "deploy" / "k8s"
SITE = FOLDER / "overlays" / "example"
SERVICES = sorted(path.parent.name for path in (REPOSITORY / "services").glob("*/app.py"))
CLUSTER_WIDE = {"Namespace"}
_UNDERSTOOD = {"apiVersion", "kind", "namespace", "resources", "images"}


def files(folder: Path) -> Iterator[Path]:
    """Every file that the kustomization of a folder leads to, itself included."""
    yield folder / "kustomization.yaml"
    for name in _kustomization(folder)["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def rendered(folder: Path) -> list[Manifest]:
    """The resources of a kustomization; a field that is not understood here is an error."""
    kustomization = _kustomization(folder)
    assert set(kustomization) <= _UNDERSTOOD, f"teach manifests.py: {set(kustomization) - _UNDERSTOOD}"
    found: list[Manifest] = []
    for name in kustomization["resources"]:
        path = folder / name
        found += rendered(path) if path.is_dir() else yaml.safe_load_all(path.read_text())
    if "namespace" in kustomization:
        for each in found:
            if each["kind"] not in CLUSTER_WIDE:
                each["metadata"]["namespace"] = kustomization["namespace"]
    for image in kustomization.get("images", ()):
        for container in (container for each in found for container in containers(each)):
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
    return found


def _kustomization(folder: Path) -> Manifest:
    content: Manifest = yaml.safe_load((folder / "kustomization.yaml").read_text())
    return content


def containers(manifest: Manifest) -> list[Manifest]:
    """The containers of a workload, also those that run first; of anything else none."""
    spec = pod_spec(manifest)
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]


def pod_spec(manifest: Manifest) -> Manifest:
    found: Manifest = manifest.get("spec", {}).get("template", {}).get("spec", {})
    return found if "containers" in found else {}


@dataclass(frozen=True)
class Built:
    """A service as it is wired: what it reads, and what else it reaches."""

    name: str
    api: FastAPI
    groups: frozenset[str]
    """Consumer groups of processors and projections."""
    sends: bool
    """Makes calls to parties."""
    source: str

    @property
    def database(self) -> bool:
        return "make_engine(" in self.source

    @property
    def answers(self) -> bool:
        """Has an API for others, so it checks tokens."""
        return "include_router(" in self.source

    def uses(self, setting: str) -> bool:
        return f"settings.{setting}" in self.source


async def built(name: str) -> Built:
    """Wire a service, not started."""
    runtime = await make_runtime(name, jwks="/nowhere/jwks.json")
    parts: Parts = import_module(f"services.{name}.app").build(runtime)
    processors = {part._rules.name for part in parts.services if isinstance(part, Processor)}
    projections = {part._group for part in parts.services if isinstance(part, Projection)}
    sources = (REPOSITORY / "services" / name).rglob("*.py")
    return Built(
        name=name,
        api=parts.api,
        groups=frozenset(processors | projections),
        sends=any(isinstance(part, Sender) for part in parts.services),
        source="\n".join(path.read_text() for path in sources),
    )


def acls_of(user: Manifest) -> set[Acl]:
    """The rights of a KafkaUser."""
    found = []
    for each in user["spec"]["authorization"]["acls"]:
        assert set(each) == {"resource", "operations"}  # no host, no deny
        assert set(each["resource"]) == {"type", "name", "patternType"}
        kind, name, pattern = (each["resource"][key] for key in ("type", "name", "patternType"))
        assert pattern in {"literal", "prefix"}
        found += [
            Acl(
                user=user["metadata"]["name"],
                resource=Resource(kind),
                name=name,
                prefixed=pattern == "prefix",
                operation=Operation(operation),
            )
            for operation in each["operations"]
        ]
    assert len(found) == len(set(found))
    return set(found)


def selected(policy: Manifest) -> set[str]:
    """The services (and jobs) that a NetworkPolicy with a list of names is about."""
    key, part = "app.kubernetes.io/name", "app.kubernetes.io/part-of"
    expressions = {each["key"]: each for each in policy["spec"]["podSelector"]["matchExpressions"]}
    assert set(expressions) == {key, part}
    assert expressions[part]["values"] == ["signaalhub"]
    assert {each["operator"] for each in expressions.values()} == {"In"}
    return set(expressions[key]["values"])


def base64_of_32_bytes(text: str) -> list[str]:
    """What looks like a key."""
    return re.findall(r"\b[A-Za-z0-9+/]{43}=(?!\w)", text)
