"""Wires ingest: the door through which signals, registrations and master data come in."""

from services.common.database import make_engine
from services.common.host import Parts
from services.common.masterkeys import MasterKeys
from services.common.projection import Projection
from services.common.pseudonyms import Pseudonyms
from services.common.publish import Publisher
from services.common.registry import Released
from services.common.runtime import Runtime
from services.common.vault import Vault
from services.common.view import View
from services.common.web import BASE, make_app
from services.ingest.agreements import Agreements
from services.ingest.api import agreements, deliveries, snapshots
from services.ingest.api.debts import debts
from services.ingest.api.masterdata import master_data
from services.ingest.api.registrations import registrations
from services.ingest.api.revisions import revisions
from services.ingest.api.schemas import schemas
from services.ingest.api.signals import signals
from services.ingest.company import Company
from services.ingest.counting import Answers, SnapshotAnswers
from services.ingest.debt_reports import DebtReports
from services.ingest.deliveries import Deliveries, Settler
from services.ingest.delivery_storage import DeliveryStorage
from services.ingest.directories import Directories
from services.ingest.erasing import Erasing
from services.ingest.forgetting import Forgetting
from services.ingest.helped import PROJECTION, TOPICS, helped
from services.ingest.intake import Intake
from services.ingest.kafka_intake import KafkaIntake
from services.ingest.making import Maker
from services.ingest.masterdata import MasterData, Views
from services.ingest.means import Means
from services.ingest.registrations import Registrations
from services.ingest.revisions import Revisions
from services.ingest.snapshots import Snapshots
from services.ingest.turns import Turns
from services.ingest.watching import Watching

DESCRIPTION = """Signalen, registraties en schuldmeldingen leveren; beheer van partijen en overeenkomsten."""


def build(runtime: Runtime) -> Parts:
    """Return the parts of this service; nothing connects before they start."""
    settings, clock = runtime.settings, runtime.clock
    engine, publisher = make_engine(settings), Publisher(runtime)
    views = Views(
        parties=View("parties.v1", runtime),
        agreements=View("agreements.v1", runtime),
        policies=View("policies.v1", runtime),
        teams=View("teams.v1", runtime),
    )
    directories = Directories(views.parties, views.agreements, views.policies)
    pseudonyms = Pseudonyms(settings.pseudonym_key)
    maker, vault = Maker(pseudonyms), Vault(MasterKeys.of(settings.vault_key.get_secret_value()))
    terms, answers = settings.terms, Answers(runtime.metrics)
    means = Means(engine, publisher, clock, directories, maker, vault, terms)
    intake = Intake(engine, publisher, clock, directories, maker, vault, answers, terms)
    storage = DeliveryStorage(engine, settings.replica)
    settler = Settler(storage)
    limits = {
        f"{BASE}{deliveries.PATH}": deliveries.MOST_BYTES,
        f"{BASE}{agreements.PATH}": agreements.MOST_BYTES,
        f"{BASE}{snapshots.PATH}/": snapshots.MOST_BYTES,
    }
    api = make_app(runtime, "Signaalhub: aanleveren", DESCRIPTION, body_limits=limits)
    api.include_router(signals(intake, Company(intake, runtime.tracing)))
    api.include_router(revisions(Revisions(means)))
    taking = Deliveries(intake, storage, clock, settler, pseudonyms)
    api.include_router(deliveries.deliveries(taking, storage))
    api.include_router(registrations(Registrations(means)))
    told = SnapshotAnswers(runtime.metrics)
    whole = Snapshots(means, told, settings.snapshot_most_gone_percent)
    api.include_router(snapshots.snapshots(whole, engine))
    watching = Watching(engine, publisher, clock, directories, told)
    api.include_router(debts(DebtReports(means)))
    api.include_router(schemas(Released(settings.schemas_dir)))
    claims = Turns(engine, "parties", views.parties)
    turns = Turns(engine, "agreements", views.agreements)
    agreed = Agreements(turns, publisher, views.agreements, clock)
    api.include_router(agreements.kept_agreements(agreed, settings))
    api.include_router(agreements.agreements(agreed, settings))
    api.include_router(master_data(MasterData(runtime, publisher, views, claims), settings))
    masters = (views.parties, views.agreements, views.policies, views.teams)
    erasing, forgetting = Erasing(engine, publisher, clock), Forgetting(engine, clock, terms)
    [topic] = runtime.catalogue.intake_topics
    own_topics = KafkaIntake(runtime, topic, intake)
    known = Projection(PROJECTION, TOPICS, helped(clock), runtime, engine)
    services = (publisher, *masters, settler, erasing, forgetting, watching, known, own_topics)
    return Parts(services, api)
