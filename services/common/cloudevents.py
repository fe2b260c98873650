"""CloudEvents 1.0 in Kafka binary mode, as the NL GOV profile 1.1 wants it: one header per attribute."""

from collections.abc import Iterable
from datetime import UTC, datetime

from services.common.errors import ContractError
from services.common.records import Meta

CONTENT_TYPE = "application/avro"
TYPE_PREFIX = "nl.signaalhub"


def type_of(subject: str, what: str) -> str:
    """Return ce_type, for example nl.signaalhub.pauses.started."""
    return f"{TYPE_PREFIX}.{subject}.{what}"


def source_of(oin: str, service: str) -> str:
    """Return ce_source: the organisation that runs the hub, then the system that wrote the event."""
    return f"urn:nld:oin:{oin}:systeem:{service}"


def rfc3339(moment: datetime) -> str:
    """Return an aware moment in UTC with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def id_header(id: str) -> tuple[str, bytes]:
    """Return the first header of an event: the only one that events that are written together never share."""
    return "ce_id", id.encode()


def headers(meta: Meta) -> list[tuple[str, bytes]]:
    """Return the Kafka headers of an event, `id_header` first."""
    found = [
        id_header(meta.id),
        ("ce_source", meta.source.encode()),
        ("ce_type", meta.type.encode()),
        ("ce_time", rfc3339(meta.time).encode()),
        ("ce_specversion", b"1.0"),
        ("content-type", CONTENT_TYPE.encode()),
    ]
    if meta.traceparent:
        found.append(("traceparent", meta.traceparent.encode()))
    return found


def read(found: Iterable[tuple[str, bytes | None]]) -> Meta:
    """Return the attributes of a record's headers; a missing or unreadable one is a `ContractError`."""
    values = {name: value for name, value in found if value is not None}  # Kafka knows those without a value
    try:
        return Meta(
            id=values["ce_id"].decode(),
            source=values["ce_source"].decode(),
            type=values["ce_type"].decode(),
            time=_moment(values["ce_time"].decode()),
            traceparent=values["traceparent"].decode() if "traceparent" in values else None,
        )
    except KeyError as error:
        raise ContractError(f"header {error.args[0]} is missing") from None
    except ValueError as error:
        raise ContractError(
            "a CloudEvents header is not UTF-8 or ce_time is not RFC 3339 with an offset"
        ) from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment
