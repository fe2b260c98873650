"""The command line.

Everything heavy is imported by the command that needs it: images for production have no `local` extra, and
`--help` answers at once.
"""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.local import dlq
from services.local.endpoints import DATA_DIR, DataDir, endpoint

Database = Annotated[
    str | None,
    typer.Option(envvar="SIGNAALHUB_DATABASE_URL", help="SQLAlchemy URL; default: the local stack's."),
]

_HIGHEST_BASE = 65_487
"""The ninth replica of the last service is 48 higher."""

app = typer.Typer(
    help="Signaalhub: debt early-warning and debt-help reference index on Kafka.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
topics_app = typer.Typer(help="Topics on the broker.", no_args_is_help=True, rich_markup_mode=None)
import_app = typer.Typer(help="Load tables from outside.", no_args_is_help=True, rich_markup_mode=None)
deliveries_app = typer.Typer(help="Webhooks that were given up.", no_args_is_help=True, rich_markup_mode=None)
vault_app = typer.Typer(help="Data keys of personal data.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(topics_app, name="topics")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(dlq.app, name="dlq")
app.add_typer(vault_app, name="vault")
app.add_typer(import_app, name="import")


@app.command()
def up(
    data_dir: DataDir = DATA_DIR,
    port_base: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_HIGHEST_BASE,
            help="Kafka on this port, the services on +10, +20, +30, +40; default: any free ports.",
        ),
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, max=9, help="Processes of each service.")] = 1,
    clock_start: Annotated[
        datetime | None,
        typer.Option(help="Begin a simulated time here (UTC unless it has a zone), for trying out."),
    ] = None,
    clock_speed: Annotated[
        float | None, typer.Option(min=0, help="Simulated seconds per real second; 0 freezes. Default 1.")
    ] = None,
) -> None:
    """Start Kafka, PostgreSQL and the four services here, and keep them running until Ctrl-C.

    Everything is in the data folder and still there the next time; its endpoints.json says where all listens.
    A process that ends is started again.
    """
    from services.local.stack import Options, run

    run(
        Options(
            data_dir=data_dir,
            port_base=port_base,
            replicas=replicas,
            clock_start=_with_zone(clock_start),
            clock_speed=clock_speed,
        )
    )


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End afterwards; exit 1 if any count is not as it should.")
    ] = False,
) -> None:
    """Play two months of signals, checks, help and feedback on real Kafka, and show what came of it."""
    from services.common.errors import ConfigurationError
    from services.local.demo import examples

    if (
        not examples.FOLDER.is_dir()
    ):  # as in an image for production, which has not all packages for it either
        raise ConfigurationError(f"{examples.FOLDER} is not there, which the demo plays: run it in a clone")
    from services.local.demo.run import run

    raise typer.Exit(run(once=once))


@app.command()
def service(
    name: Annotated[str, typer.Argument(help="ingest, matcher, notifier or feedback.")],
) -> None:
    """Run one service alone, as containers do. Its settings come from the environment (SIGNAALHUB_...)."""
    from services.common import host

    host.run(name)


@app.command()
def migrate(
    database: Database = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Bring the tables to the newest version; may be repeated at any time."""
    from sqlalchemy.exc import OperationalError

    from services.common.database import migrate as bring_up_to_date
    from services.common.errors import TransientError

    try:
        bring_up_to_date(_database(database, data_dir))
    except OperationalError as error:
        raise TransientError("the database does not answer, or does not let this user in") from error
    print("the tables are at the newest version")


@app.command()
def erase(
    signal: Annotated[
        str | None, typer.Option("--signaal", help="Id of a signal or registration (a UUID).")
    ] = None,
    household: Annotated[
        str | None, typer.Option("--huishouden", help="Pseudonym of an address: 32 hex characters.")
    ] = None,
    database: Database = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Erase what the hub holds of a person in one signal, or in all of a household; for good.

    Its municipality is told (topic tenant.<oin>.erasures.v1); ids and pseudonyms are in its own records.
    """
    import asyncio

    from services.local.erasing import erase as ask

    asked = asyncio.run(ask(_database(database, data_dir), signal, household))
    for each in asked:
        print(each)
    print(f"{len(asked)} erased")


@app.command()
def token(
    party: Annotated[str, typer.Option(help="OIN (20 digits) of the party that acts.")],
    scope: Annotated[str, typer.Option(help='Scopes, space separated: "signalen toetsen".')],
    team: Annotated[str | None, typer.Option(help="Id of the district team, for its own cases.")] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Print a token of 8 hours, signed by the local stack's own issuer.

    Scopes: signalen, registraties, toetsen, toetsen-eigen-inning, schuldmeldingen, zaken, terugkoppelingen,
    pauzes, signaalkwaliteit, overeenkomsten, beheer (master data).
    """
    from services.common.errors import ConfigurationError
    from services.common.identifiers import is_oin
    from services.local.folder import DataFolder
    from services.local.keys import SCOPES, Secrets

    if not is_oin(party):
        raise ConfigurationError("--party takes an OIN: 20 digits")
    if not scope.split() or not SCOPES.issuperset(scope.split()):
        raise ConfigurationError(f"--scope takes, with spaces between: {', '.join(sorted(SCOPES))}")
    print(Secrets(DataFolder(data_dir.resolve()).secrets).token(party, scope, team))


@topics_app.command("apply")
def topics_apply(
    kafka: Annotated[
        str | None,
        typer.Option(envvar="SIGNAALHUB_KAFKA", help="Bootstrap servers; default: those of the local stack."),
    ] = None,
    replication: Annotated[
        int, typer.Option(envvar="SIGNAALHUB_KAFKA_REPLICATION", min=1, help="Replicas of a new topic.")
    ] = 1,
    party: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OIN=ROLE,...",
            help="Also this party's own topics; may be repeated. COLLECTOR, beside roles or alone: a local "
            "government that collects itself.",
        ),
    ] = None,
    acls: Annotated[
        bool,
        typer.Option(
            "--acls", help="Also the rights of the services, of the parties there are, and --party."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, say what would be.")] = False,
    schemas: Annotated[
        Path | None, typer.Option(envvar="SIGNAALHUB_SCHEMAS_DIR", help="Folder with topics.yaml.")
    ] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Make the topics of schemas/topics.yaml and correct their settings; may be repeated at any time.

    A topic that has another number of partitions is refused, and nothing is changed then. With --acls every
    right that its users (services, prepare, parties) have beyond what is due is taken away; not with Strimzi.
    """
    import asyncio

    from services.common.catalogue import load_catalogue
    from services.local.deploying import Deploying, expected

    deploying = Deploying(
        kafka=dlq.broker(kafka, data_dir),
        catalogue=load_catalogue(dlq.folder(schemas)),
        replication=replication,
        parties=[expected(each) for each in party or []],
        acls=acls,
        dry_run=dry_run,
    )
    for line in asyncio.run(deploying.run()):
        print(line)


@topics_app.command("save")
def topics_save(
    file: Annotated[
        Path, typer.Argument(dir_okay=False, help="Where the copy goes; replaced when it is whole.")
    ],
    kafka: dlq.Broker = None,
    schemas: dlq.Schemas = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Copy registrations, master data and the states of all processors (the compacted topics) to a file.

    The hub may run meanwhile. Its user needs `Read` on these topics.
    """
    import asyncio

    from services.common.catalogue import load_catalogue
    from services.local.copying import save

    catalogue = load_catalogue(dlq.folder(schemas))
    count = asyncio.run(save(dlq.broker(kafka, data_dir), catalogue, file))
    print(f"{count} records copied")


@topics_app.command("load")
def topics_load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `save` made.")],
    kafka: dlq.Broker = None,
    database: Database = None,
    replication: Annotated[
        int,
        typer.Option(envvar="SIGNAALHUB_KAFKA_REPLICATION", min=1, help="Replicas of the parties' topics."),
    ] = 1,
    schemas: dlq.Schemas = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Bring a copy back to a Kafka that is new: after `topics apply`, before any service runs.

    Makes the parties' own topics too, and ends registrations that the database knows no more. A Kafka that
    holds something is refused. The steps around it: docs/operations.md, Restore.
    """
    import asyncio

    from services.common.catalogue import load_catalogue
    from services.local.copying import Loading

    async def load() -> None:
        catalogue = load_catalogue(dlq.folder(schemas))
        settings, url = dlq.broker(kafka, data_dir), _database(database, data_dir)
        async with dlq.codec_of(schemas, None) as codec:
            done = await Loading(settings, catalogue, codec, url, replication).run(file)
        print(f"{done.records} records back, topics of {done.parties} parties")
        print(f"{done.ended} registrations had ended since")

    asyncio.run(load())


@import_app.command("areas")
def import_areas(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or zip of CBS.")],
    database: Database = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Load the CBS table of postcode + house number to buurt, wijk and gemeente."""
    from services.ingest.areas import import_areas as load

    print(f"{load(_database(database, data_dir), file)} addresses loaded")


@deliveries_app.command("list")
def deliveries_list(database: Database = None, data_dir: DataDir = DATA_DIR) -> None:
    """Show the webhooks that were given up, oldest first: id, party, attempts, last error."""
    import asyncio

    from services.local.undelivered import dead

    found = asyncio.run(dead(_database(database, data_dir)))
    for each in found:
        print(f"{each.id}  {each.target}  {each.attempts} attempts  {each.last_error or ''}")
    print(f"{len(found)} given up")


@deliveries_app.command("restart")
def deliveries_restart(
    delivery: Annotated[str, typer.Argument(metavar="ID", help="Id of a delivery that was given up.")],
    database: Database = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Have a webhook that was given up tried again, with all its attempts and under the same key."""
    import asyncio

    from services.local.undelivered import restart

    asyncio.run(restart(_database(database, data_dir), delivery))
    print(f"{delivery} is tried again")


@vault_app.command("rotate")
def vault_rotate(
    keys: Annotated[
        str,
        typer.Option(
            envvar="SIGNAALHUB_VAULT_KEY", help="Master keys in base64, the new one first.", show_envvar=True
        ),
    ],
    database: Database = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Wrap every data key in the vault anew, by the first of the master keys; may be stopped and repeated.

    The steps around it are in docs/operations.md, Rotate keys.
    """
    import asyncio

    from services.local.rotating import rotate

    done = asyncio.run(rotate(_database(database, data_dir), keys))
    print(f"{done} data keys wrapped anew; the first master key opens all there are")


def _with_zone(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _database(given: str | None, data_dir: Path) -> str:
    """Return the URL that is given, or the local stack's."""
    from services.common.errors import ConfigurationError
    from services.common.settings import DATABASE_URL, is_database_url

    if given and not is_database_url(given):
        raise ConfigurationError(
            f"--database (SIGNAALHUB_DATABASE_URL) is no URL of a database: {DATABASE_URL}"
        )
    return given or endpoint(data_dir, "database")


def main() -> None:
    """Run a command; what the operator has to change is one line on stderr and exit code 1."""
    from services.common.errors import SignaalhubError

    logging.getLogger().addHandler(logging.NullHandler())  # libraries' complaints become that one line
    try:
        app()
    except SignaalhubError as error:
        print(f"signaalhub: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
