"""Settings of every service, from the environment (prefix SIGNAALHUB_)."""

from pathlib import Path
from typing import Literal

from pydantic import Base64Bytes, Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.identifiers import is_oin
from services.common.terms import Terms

REPOSITORY = Path(__file__).resolve().parents[2]
DATABASE_URL = "postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE"
_PREFIX = "SIGNAALHUB_"


class KafkaSettings(BaseSettings):
    """How to reach the broker (connection.py), also for a command that needs nothing else."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    kafka: str
    """Bootstrap servers, comma separated."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """SASL is SCRAM-SHA-512."""
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    """PEM of the authority that signed the brokers' certificates; absent = those of the system."""


class Settings(KafkaSettings):
    """What a service must know of its surroundings; a missing value stops the start with its name."""

    kafka_replication: int = Field(1, ge=1)
    """Replicas of each topic that `topics apply` makes."""
    database_url: SecretStr
    """SQLAlchemy URL; empty for a service that has no use for one."""
    issuer: str
    """`iss` that a token must carry."""
    audience: str = "signaalhub"
    jwks: str
    """URL or file of the issuer's public keys."""
    hub_oin: str = "00000099000000000001"
    """OIN of the organisation that runs this hub (ce_source); the default is of the test prefix."""
    pseudonym_key: Base64Bytes
    """32 bytes: the key under which households, persons and evidence become pseudonyms."""
    vault_key: SecretStr
    """32 bytes in base64: the master key that wraps the data keys in the vault; more of them, separated by
    spaces, while it is rotated: the first wraps, all are read (masterkeys.py)."""
    keep_signal_months: int = Field(6, ge=1)
    """Whole months: a signal that nobody picked up (domain.md 1.10, M1; terms.py says from when)."""
    keep_picked_up_months: int = Field(12, ge=1)
    """The signals of a case that was picked up (domain.md 1.10, M1)."""
    keep_case_months: int = Field(18, ge=1)
    """The signals of a case that was closed (domain.md 1.10, M1)."""
    keep_registration_months: int = Field(60, ge=1)
    """Debt help that nobody ended: BKR's 5 years, the longest of those published (domain.md 1.10, L4)."""
    keep_debt_report_months: int = Field(6, ge=1)
    """What a bailiff told a helper: as a signal; nobody published a period for it (domain.md 1.10)."""
    snapshot_most_gone_percent: int = Field(20, ge=0, le=100)
    """A snapshot that ends a larger part of a registrar's registrations is held until somebody confirms it; a
    municipality's policy may say another one. No source names a part (domain.md 9, no. 4)."""
    pause_acknowledge_hours: int = Field(72, ge=1)
    """A creditor that did not confirm a change of its pause by then is shown to the municipality. No source
    sets a term: the file of a day is there the next morning, and a weekend may be between."""
    replica: str = "0"
    """Name of this process among its like; two running processes of a service never share one."""
    shares: int = Field(4, ge=1)
    """Into how many shares the partitions of every group are cut. One process handles a share, in one
    transaction at a time: more replicas of a service than shares have no work, more shares than replicas make
    more and smaller transactions. The same for all replicas, and all of them stop before it changes."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(8000, ge=1, le=65_535)
    clock_file: Path | None = None
    """Simulated time (clock.py); absent in production."""
    schema_registry_url: str | None = None
    """A Confluent-compatible registry; absent = the repository's own ids."""
    schemas_dir: Path = REPOSITORY / "schemas"
    otlp_endpoint: str | None = None
    """Base URL of an OpenTelemetry collector (OTLP over HTTP); absent = no traces, unless OTEL_* says so."""
    trace_ratio: float = Field(0.01, ge=0, le=1)
    """Part of the requests of which a trace is recorded, when the caller does not say."""

    @field_validator("hub_oin")
    @classmethod
    def _an_oin(cls, value: str) -> str:
        if not is_oin(value):
            raise PydanticCustomError("oin", "an OIN has 20 digits")
        return value

    @field_validator("database_url")
    @classmethod
    def _a_url(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not is_database_url(text):
            raise PydanticCustomError("database_url", f"give {DATABASE_URL}")
        return value

    @property
    def terms(self) -> Terms:
        """How long personal data can be read."""
        return Terms(
            signal=self.keep_signal_months,
            picked_up=self.keep_picked_up_months,
            case=self.keep_case_months,
            registration=self.keep_registration_months,
            debt_report=self.keep_debt_report_months,
        )


def is_database_url(text: str) -> bool:
    """Tell whether a text is a URL for the hub's driver; whether anything answers there is another matter."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - commands about Kafka alone need none of it
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        return make_url(text).drivername == DATABASE_URL.partition(":")[0]
    except (ArgumentError, ValueError):  # the second: a port that is no number
        return False


def told(error: ValidationError) -> str:
    """Return what is wrong with settings: each by the name of its variable, none with its value."""
    return "; ".join(f"{_PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())
