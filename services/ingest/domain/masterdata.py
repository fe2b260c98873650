"""Reading master data: party, policy of a municipality, district team. All errors at once."""

import re
from collections.abc import Callable, Mapping

from services.common.events import ContactField, Lane, Party, Policy, Role, Team
from services.common.identifiers import is_safe_url
from services.ingest.domain import formats
from services.ingest.domain.members import Members, all_of
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem, Reason

KeyCheck = Callable[[object], str | None]
"""Returns a public JWK (P-256) as JSON, None when it is none."""

ROLES: Mapping[str, Role] = {
    "schuldeiser": Role.CREDITOR,
    "gemeente": Role.MUNICIPALITY,
    "deurwaarder": Role.BAILIFF,
    "bemiddelaar": Role.INTERMEDIARY,
    "hulpverlener": Role.HELPER,
}
LANES: Mapping[str, Lane] = {"crisis": Lane.CRISIS, "jongeren": Lane.YOUTH}
CONTACT_FIELDS: Mapping[str, ContactField] = {"telefoon": ContactField.PHONE, "email": ContactField.EMAIL}
AREA = r"[1-9][0-9]{3}|WK[0-9A-Z]{6}|BU[0-9A-Z]{8}"
LONGEST_PAUSE_DAYS = 366
LONGEST_REPEAT_DAYS = 365
"""What a repeat repeats is kept for twelve whole months (services/matcher/domain/months.py)."""
_AREA = re.compile(AREA)
_WEBHOOK = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(?::[0-9]{1,5})?(?:/[!-~]{0,1000})?")
_UNREADABLE = (Problem(Reason.UNREADABLE),)


def read_party(oin: str, raw: object, key_check: KeyCheck) -> tuple[Party | None, Problems]:
    """Read a party; a municipality is active once it has a public key."""
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    name = members.required("naam", formats.text)
    roles = members.required("rollen", all_of(ROLES.get)) or ()
    collects = members.optional("eigenInning", formats.boolean) or False
    if raw.get("rollen") == [] and not collects:
        members.note(Reason.FIELD_MISSING, "rollen")
    of_creditor = members.required if Role.CREDITOR in roles else members.optional
    of_municipality = members.required if Role.MUNICIPALITY in roles else members.optional
    partner_type = of_creditor("signaalpartner", formats.partner_type, Reason.PARTNER_TYPE_INVALID)
    code = of_municipality("gemeentecode", formats.municipality_code)
    key = members.optional("publiekeSleutel", key_check)
    webhook = members.optional("webhook", _webhook)
    umbrella = members.optional("koepel", formats.oin, Reason.OIN_INVALID)
    members.close()
    if problems or name is None:
        return None, tuple(problems)
    party = Party(
        party_id=oin,
        name=name,
        roles=roles,
        partner_type=partner_type,
        municipality_code=code,
        public_key=key,
        webhook=webhook,
        active=Role.MUNICIPALITY not in roles or key is not None,
        umbrella=umbrella,
        collects=collects,
    )
    return party, ()


def read_policy(municipality: str, raw: object) -> tuple[Policy | None, Problems]:
    """Read what a municipality decided."""
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    days = members.required("pauzedagen", _days)
    threshold = members.optional("drempelbedragInCenten", formats.amount, Reason.AMOUNT_INVALID)
    repeats = members.optional("herhalingDagen", _repeat_days)
    told = members.optional("contactvelden", all_of(CONTACT_FIELDS.get))
    admission = members.optional("alleenNaBesluit", formats.boolean)
    first_phase = members.optional("vanafFase", formats.phase)
    most_gone = members.optional("hoogsteKrimpProcent", _percent)
    members.close()
    if problems or days is None:
        return None, tuple(problems)
    policy = Policy(
        municipality=municipality,
        pause_days=days,
        threshold_cents=threshold or 0,
        repeat_days=repeats,
        admission_required=admission or False,
        first_phase=first_phase,
        contact_fields=tuple(ContactField) if told is None else told,
        most_gone_percent=most_gone,
    )
    return policy, ()


def read_team(team_id: str, raw: object) -> tuple[Team | None, Problems]:
    """Read a district team."""
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    municipality = _oin(members, "gemeente")
    name = members.required("naam", formats.text)
    areas = members.optional("gebieden", all_of(_area)) or ()
    lanes = members.optional("lanen", all_of(LANES.get)) or ()
    fallback = members.optional("vangnet", formats.boolean) or False
    members.close()
    if problems or municipality is None or name is None:
        return None, tuple(problems)
    team = Team(
        team_id=team_id, municipality=municipality, name=name, areas=areas, lanes=lanes, fallback=fallback
    )
    return team, ()


def _oin(members: Members, name: str) -> str | None:
    return members.required(name, formats.oin, Reason.OIN_INVALID)


def _area(text: str) -> str | None:
    return text if _AREA.fullmatch(text) else None


def _webhook(value: object) -> str | None:
    """What is posted there must not be readable on the way, as when it is sent (notifier)."""
    return value if isinstance(value, str) and _WEBHOOK.fullmatch(value) and is_safe_url(value) else None


def _days(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 1 <= value <= LONGEST_PAUSE_DAYS else None


def _repeat_days(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= LONGEST_REPEAT_DAYS else None


def _percent(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= 100 else None
