"""The rules about what a creditor did, and what it says of its customer and the arrears."""

import re

from services.common.events import SignalKind
from services.common.workdays import add_workdays
from services.ingest.domain.drafts import Arrangement, SignalClaim, Stage
from services.ingest.domain.facts import Facts
from services.ingest.domain.limits import (
    BSN_PARTNERS,
    DECLARED_STAGE,
    EFFORTS,
    END_OF_SUPPLY_WORKDAYS,
    LEAST_CENTS,
    THREATS_OF,
    in_force,
)
from services.ingest.domain.windows import window_on

_ORDER = {stage: number for number, stage in enumerate(Stage)}
_LEGAL_FORM = re.compile(
    r".*\s(?:b\.?v\.?|n\.?v\.?|u\.?a\.?)|(?:stichting|vereniging|co[öo]peratie\w*)\s.*", re.IGNORECASE
)
"""Of persons of their own right; who trades under a firm (VOF, eenmanszaak) is liable himself."""


def bsn_not_allowed(claim: SignalClaim, facts: Facts) -> bool:
    return claim.has_bsn and claim.partner_type is not None and claim.partner_type not in BSN_PARTNERS


def legal_person(claim: SignalClaim, facts: Facts) -> bool:
    return claim.declared.legal_person is True


def legal_person_by_name(claim: SignalClaim, facts: Facts) -> bool:
    name = claim.person.surname
    return name is not None and " " in name and _LEGAL_FORM.fullmatch(name) is not None


def too_short(claim: SignalClaim, facts: Facts) -> bool:
    since, on = claim.arrears_since, claim.signal_date
    if since is None or on is None or claim.partner_type is None:
        return False
    return not window_on(claim.partner_type, on).reached(since, on)


def too_long(claim: SignalClaim, facts: Facts) -> bool:
    since, on = claim.arrears_since, claim.signal_date
    if since is None or on is None or claim.partner_type is None:
        return False
    longest = window_on(claim.partner_type, on).longest
    return longest is not None and (on - since).days > longest


def end_of_supply_of_another(claim: SignalClaim, facts: Facts) -> bool:
    if claim.kind is not SignalKind.END_OF_SUPPLY or claim.partner_type is None or claim.signal_date is None:
        return False
    return in_force(END_OF_SUPPLY_WORKDAYS.get(claim.partner_type, ()), claim.signal_date) is None


def threat_of_another(claim: SignalClaim, facts: Facts) -> bool:
    if claim.threat is None or claim.partner_type is None:
        return False
    return claim.partner_type not in THREATS_OF[claim.threat]


def end_of_supply_too_soon(claim: SignalClaim, facts: Facts) -> bool:
    """Counted from the day on which the municipality gets it, today, whatever date the signal has."""
    if claim.supply_ends_on is None or claim.partner_type is None or claim.signal_date is None:
        return False
    days = in_force(END_OF_SUPPLY_WORKDAYS.get(claim.partner_type, ()), claim.signal_date)
    return days is not None and claim.supply_ends_on < add_workdays(facts.today, days)


def below_minimum(claim: SignalClaim, facts: Facts) -> bool:
    if claim.partner_type is None or claim.amount_cents is None or claim.signal_date is None:
        return False
    rows = LEAST_CENTS.get(claim.partner_type)
    return rows is not None and claim.amount_cents < (in_force(rows, claim.signal_date) or 0)


def efforts_missing(claim: SignalClaim, facts: Facts) -> bool:
    efforts = claim.declared.efforts
    if efforts == "abcd" or claim.partner_type is None:
        return False
    needed = in_force(EFFORTS[claim.partner_type], claim.signal_date or facts.today) or ""
    return not set(needed) <= set(efforts or "")


def not_a_customer(claim: SignalClaim, facts: Facts) -> bool:
    return claim.declared.current_customer is False


def too_early(claim: SignalClaim, facts: Facts) -> bool:
    """Of most the stage may be left unsaid: who declares the efforts did what social collection is."""
    stage, needed = claim.declared.stage, None
    if claim.partner_type and (rows := DECLARED_STAGE.get(claim.partner_type)):
        needed = in_force(rows, claim.signal_date or facts.today)
    if stage is None:
        return needed is not None
    return _ORDER[stage] < _ORDER[needed or Stage.SOCIAL_DONE]


def objected(claim: SignalClaim, facts: Facts) -> bool:
    return claim.declared.objected is True


def arrangement_running(claim: SignalClaim, facts: Facts) -> bool:
    return claim.declared.arrangement in {Arrangement.RUNNING, Arrangement.DEFERRED}


def not_proportionate(claim: SignalClaim, facts: Facts) -> bool:
    return claim.declared.proportionate is False
