"""Messages and master data of the rules' tests."""

from datetime import date
from typing import Any

from services.common.events import Agreement, AgreementKind, PartnerType, Party, Policy, Role
from services.ingest.domain.directory import Directory, directory_of

TOWN, OTHER_TOWN, CLOSED = "1" * 20, "2" * 20, "3" * 20
LANDLORD, INSURER, BROKER, CAK = "4" * 20, "5" * 20, "6" * 20, "7" * 20
ENERGY, TAX_OFFICE = "8" * 20, "0" * 20
TODAY = date(2026, 3, 10)


def party(oin: str, role: Role, **more: Any) -> Party:
    content: dict[str, Any] = {"active": True} | more
    return Party(party_id=oin, name="x", roles=(role,), **content)


def agreement(name: str, grantor: str, grantee: str, **more: Any) -> Agreement:
    content: dict[str, Any] = {"kind": AgreementKind.SIGNALS, "valid_from": date(2021, 1, 1)} | more
    return Agreement(agreement_id=name, grantor=grantor, grantee=grantee, **content)


PARTIES = (
    party(TOWN, Role.MUNICIPALITY, municipality_code="0363", public_key="{}"),
    party(OTHER_TOWN, Role.MUNICIPALITY, municipality_code="0518", public_key="{}"),
    party(CLOSED, Role.MUNICIPALITY, municipality_code="0344", active=False),
    party(LANDLORD, Role.CREDITOR, partner_type=PartnerType.RENT),
    party(INSURER, Role.CREDITOR, partner_type=PartnerType.HEALTH),
    party(CAK, Role.CREDITOR, partner_type=PartnerType.CAK_CONTRIBUTION),
    party(ENERGY, Role.CREDITOR, partner_type=PartnerType.ENERGY),
    party(TAX_OFFICE, Role.CREDITOR, partner_type=PartnerType.TAX_OFFICE),
    party(BROKER, Role.INTERMEDIARY),
)
AGREEMENTS = (
    agreement("a", TOWN, LANDLORD),
    agreement("b", TOWN, INSURER),
    agreement("c", CLOSED, LANDLORD),
    agreement("d", TOWN, CAK),
    agreement("f", TOWN, ENERGY),
    agreement("g", TOWN, TAX_OFFICE),
    agreement("e", TOWN, LANDLORD, sender=BROKER, valid_until=date(2026, 3, 8)),
)


def directory(*more: Agreement, policies: tuple[Policy, ...] = ()) -> Directory:
    return directory_of(PARTIES, (*AGREEMENTS, *more), policies)


def message(**changes: Any) -> dict[str, Any]:
    """A signal of LANDLORD that passes; `changes` are paths with __ for the dot, None takes away."""
    found: dict[str, Any] = {
        "kenmerk": "H-1",
        "gemeentecode": "0363",
        "signaalpartner": "Huur",
        "bedragInCenten": 45_050,
        "ontstaansdatum": "2026-01-01",
        "signaaldatum": "2026-03-09",
        "inspanningen": ["a", "b", "c", "d"],
        "crisissignaal": False,
        "persoon": {"voorletters": "J.", "geslachtsnaam": "Jansen", "geboortedatum": "1980-02-29"},
        "adres": {"postcode": "1234AB", "huisnummer": 12},
        "contact": {"telefoon": "0612345678"},
    }
    for path, value in changes.items():
        *parents, name = path.split("__")
        target = found
        for parent in parents:
            target = target[parent]
        target[name] = value
    return found
