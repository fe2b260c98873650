"""`signaalhub dlq`: dead-letter topics listed, shown, and sent back after a fix."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.local.endpoints import DATA_DIR, DataDir, endpoint

if TYPE_CHECKING:
    from services.common.catalogue import Catalogue, Topic
    from services.common.codec import Codec
    from services.common.settings import KafkaSettings

Broker = Annotated[
    str | None,
    typer.Option(envvar="SIGNAALHUB_KAFKA", help="Bootstrap servers; default: those of the local stack."),
]
Schemas = Annotated[
    Path | None, typer.Option(envvar="SIGNAALHUB_SCHEMAS_DIR", help="Folder with topics.yaml.")
]
TopicName = Annotated[str, typer.Argument(metavar="TOPIC", help="signals.v1, or signals.v1.dlq.")]
Partition = Annotated[
    int | None, typer.Option(min=0, help="Only this partition of the dead-letter topic (it has one: 0).")
]

app = typer.Typer(
    help="Records that could not be read or handled.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_(kafka: Broker = None, schemas: Schemas = None, data_dir: DataDir = DATA_DIR) -> None:
    """Show per dead-letter topic how many records are open, since when, and why (counted)."""
    from services.common.dlq.summary import summaries
    from services.local.dlq_text import listed

    catalogue = _catalogue(schemas)
    found = asyncio.run(summaries(broker(kafka, data_dir), catalogue))
    print("\n".join(listed(found)))


@app.command()
def show(  # noqa: PLR0913, PLR0917 -- the options of a command
    topic: TopicName,
    partition: Partition = None,
    offset: Annotated[int, typer.Option(min=0, help="From this offset of the dead-letter topic on.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    all_: Annotated[bool, typer.Option("--all", help="Also those that were dealt with.")] = False,
    show_bytes: Annotated[
        bool,
        typer.Option(
            "--bytes",
            help="Also the value, as hex. It may hold personal data, sealed for a municipality; what a "
            "stranger wrote may hold anything. Keys and headers of the hub's own records never do.",
        ),
    ] = False,
    kafka: Broker = None,
    schemas: Schemas = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Show the records of one dead-letter topic: where from, what went wrong, when, key, headers, size."""
    from services.common.dlq.summary import letters
    from services.local.dlq_text import shown

    of = _topic(_catalogue(schemas), topic)

    async def run() -> None:
        count = 0
        async with aclosing(letters(broker(kafka, data_dir), of, partition, offset)) as found:
            async for box, letter, fate in found:
                if fate is not None and not all_:
                    continue
                if count == limit:
                    print(f"-- more: --offset {letter.offset}, or a larger --limit")
                    return
                print("\n".join(shown(of.name, box, letter, fate, with_bytes=show_bytes)))
                count += 1
        print(f"-- {count} shown")

    asyncio.run(run())


@app.command()
def replay(  # noqa: PLR0913, PLR0917 -- the options of a command
    topic: TopicName,
    limit: Annotated[
        int, typer.Option(min=1, help="At most so many; 10 are fewer than would halt a partition.")
    ] = 10,
    error: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this error, as `dlq list` names it.")
    ] = None,
    partition: Partition = None,
    offset: Annotated[int, typer.Option(min=0, help="From this offset of the dead-letter topic on.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Also what failed too often, or is unreadable, or too old.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing, say what would be.")] = False,
    kafka: Broker = None,
    schemas: Schemas = None,
    registry: Annotated[
        str | None,
        typer.Option(
            "--schema-registry", envvar="SIGNAALHUB_SCHEMA_REGISTRY_URL", help="As the services have it."
        ),
    ] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Send records back to the topic they came from, after what was wrong with them is mended.

    Key, bytes and headers are the original ones, so is the order in a partition. Only who failed on a record
    gets it again. What was sent back is not sent a second time; what has been replaced since is not sent.
    """
    from services.common.dlq.replay import Wish
    from services.common.dlq.replay import replay as send_back
    from services.common.dlq.summary import letters
    from services.local.dlq_text import replayed

    of, address = _topic(_catalogue(schemas), topic), broker(kafka, data_dir)
    wish = Wish(limit=limit, error=error, partition=partition, offset=offset, force=force, dry_run=dry_run)

    async def run() -> None:
        async with codec_of(schemas, registry) as codec:
            report = await send_back(address, of, codec, wish)
        async with aclosing(letters(address, of)) as found:
            opened = sum([fate is None async for _, _, fate in found])
        left = opened - report.dealt_with if dry_run else opened
        print("\n".join(replayed(of.name, report, left, dry_run=dry_run)))

    asyncio.run(run())


def broker(kafka: str | None, data_dir: Path) -> "KafkaSettings":
    """Return how to reach the broker: given, or the local stack's; a wrong one is a `ConfigurationError`."""
    from pydantic import ValidationError

    from services.common.errors import ConfigurationError
    from services.common.settings import KafkaSettings, told

    address = kafka or endpoint(data_dir, "kafka")
    try:
        return KafkaSettings(kafka=address)
    except ValidationError as error:
        raise ConfigurationError(told(error)) from error


def _catalogue(schemas: Path | None) -> "Catalogue":
    from services.common.catalogue import load_catalogue

    return load_catalogue(folder(schemas))


def _topic(catalogue: "Catalogue", name: str) -> "Topic":
    from services.common.errors import ConfigurationError

    found = catalogue.topic(name.removesuffix(".dlq"))
    if not found.dlq:
        raise ConfigurationError(f"topic {found.name} has no dead-letter topic")
    return found


@asynccontextmanager
async def codec_of(schemas: Path | None, url: str | None) -> AsyncIterator["Codec"]:
    from services.common.codec import Codec
    from services.common.registry import Released, registry_at

    released = Released(folder(schemas))
    async with registry_at(url, released) as registry:
        yield Codec(released, registry)


def folder(schemas: Path | None) -> Path:
    from services.common.settings import REPOSITORY

    return schemas or REPOSITORY / "schemas"
