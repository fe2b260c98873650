"""Writes the topic picture and table of schemas/README.md from topics.yaml; `make picture`."""

from services.common.catalogue import Catalogue, Topic, load_catalogue
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
    edges = [
        f"  {producer} -->|{topic.name}| {consumer}"
        for topic in catalogue.topics
        for producer in topic.producers
        for consumer in topic.consumers
        if producer != consumer
    ]
    tenants = [
        f"  {spec.service} -->|{name.replace('{oin}', 'OIN')}| party((party))"
        for spec in catalogue.processors
        for name in spec.outputs
        if name.startswith("tenant.")
    ]
    return ["```mermaid", "flowchart LR", *edges, *tenants, "```"]


def _hub_table(catalogue: Catalogue) -> list[str]:
    head = ["| topic | key | record | kept | from | to | what |", "|---|---|---|---|---|---|---|"]
    return head + [_row(topic) for topic in catalogue.topics]


def _row(topic: Topic) -> str:
    kept = "compacted" if topic.compacted else f"{topic.retention_days} days"
    cells = (
        f"`{topic.name}`",
        topic.key,
        f"[{topic.subject}]({topic.subject}/v1.avsc)",
        kept,
        ", ".join(topic.producers),
        ", ".join(topic.consumers),
        topic.description,
    )
    return "| " + " | ".join(cells) + " |"


def _tenant_table(catalogue: Catalogue) -> list[str]:
    head = ["| tenant topic | record | for | kept |", "|---|---|---|---|"]
    rows = [
        f"| `{t.name}` | {t.subject} | {', '.join(role.lower() for role in t.roles)} | {t.retention_days} days |"
        for t in catalogue.tenant_topics
    ]
    return head + rows


def main() -> None:
    """Renew schemas/README.md."""
    README.write_text(renewed(README.read_text(), load_catalogue(README.parent)))


if __name__ == "__main__":
    main()
