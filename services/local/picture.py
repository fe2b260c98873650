"""Writes the topic picture and table of schemas/README.md from topics.yaml; `make picture`."""

from itertools import product

from services.common.catalogue import TENANT_PREFIX, Catalogue, TenantTopic, Topic, load_catalogue
from services.common.registry import Released
from services.common.settings import REPOSITORY

README = REPOSITORY / "schemas" / "README.md"
BEGIN = "<!-- generated from topics.yaml by `make picture`: begin -->"
END = "<!-- generated from topics.yaml: end -->"


def generated(catalogue: Catalogue) -> str:
    """Return the part of the README that is generated, between its two marks."""
    parts = [BEGIN, *_picture(catalogue), "", *_hub_table(catalogue), "", *_tenant_table(catalogue), END]
    return "\n".join(parts)


def renewed(readme: str, catalogue: Catalogue) -> str:
    """Return the README with its generated part renewed."""
    before, _, rest = readme.partition(BEGIN)
    return before + generated(catalogue) + rest.partition(END)[2]


def _picture(catalogue: Catalogue) -> list[str]:
    flows: dict[tuple[str, str], list[str]] = {}
    for topic in catalogue.topics:
        for producer, consumer in product(topic.producers, topic.consumers):
            if producer != consumer:
                flows.setdefault((producer, consumer), []).append(topic.subject)
    for spec in catalogue.processors:
        tenants = [name.split(".")[2] for name in spec.outputs if name.startswith(TENANT_PREFIX)]
        flows.setdefault((spec.service, "party((party))"), []).extend(tenants)
    edges = [
        f"  {a} -->|{', '.join(dict.fromkeys(subjects))}| {b}"
        for (a, b), subjects in flows.items()
        if subjects
    ]
    return ["```mermaid", "flowchart LR", *edges, "```"]


def _hub_table(catalogue: Catalogue) -> list[str]:
    head = ["| topic | key | record | kept | from | to | what |", "|---|---|---|---|---|---|---|"]
    return head + [_row(topic) for topic in catalogue.topics]


def _row(topic: Topic) -> str:
    kept = "compacted" if topic.compacted else f"{topic.retention_days} days"
    newest = Released(README.parent).latest(topic.subject).version
    cells = (
        f"`{topic.name}`",
        topic.key,
        f"[{topic.subject}]({topic.subject}/v{newest}.avsc)",
        kept,
        ", ".join(topic.producers),
        ", ".join(topic.consumers),
        topic.description,
    )
    return "| " + " | ".join(cells) + " |"


def _tenant_table(catalogue: Catalogue) -> list[str]:
    head = ["| tenant topic | record | for | kept |", "|---|---|---|---|"]
    rows = [
        f"| `{t.name}` | {t.subject} | {_owners(t)} | {t.retention_days} days |"
        for t in catalogue.tenant_topics
    ]
    written = [
        f"| `{t.name}` | signal as JSON, written by | {', '.join(map(str.lower, t.roles))} | until taken in, "
        f"at most {t.retention_days} days |"
        for t in catalogue.intake_topics
    ]
    return head + rows + written


def _owners(topic: TenantTopic) -> str:
    return ", ".join((*map(str.lower, topic.roles), *(["collector"] if topic.collectors else [])))


def main() -> None:
    """Renew schemas/README.md."""
    README.write_text(renewed(README.read_text(), load_catalogue(README.parent)))


if __name__ == "__main__":
    main()
