"""The rules about what a creditor did, and what it says of its customer and the arrears."""

import re

from services.common.events import SignalKind
from services.common.workdays import add_workdays
from services.ingest.domain.directory import Facts
from services.ingest.domain.drafts import Arrangement, Common, SignalClaim, Stage
from services.ingest.domain.limits import (
    BSN_PARTNERS,
    DECLARED_STAGE,
    EFFORTS,
    END_OF_SUPPLY_WORKDAYS,
    THREATS_OF,
    in_force,
)

_ORDER = {stage: number for number, stage in enumerate(Stage)}
_LEGAL_FORM = re.compile(
    r".*\s(?:b\.?v\.?|n\.?v\.?|u\.?a\.?)|(?:stichting|vereniging|co[öo]peratie\w*)\s.*", re.IGNORECASE
)
"""Of persons of their own right; who trades under a firm (VOF, eenmanszaak) is liable himself."""


def bsn_not_allowed(common: Common, facts: Facts) -> bool:
    return common.has_bsn and common.partner_type is not None and common.partner_type not in BSN_PARTNERS


def legal_person(common: Common, facts: Facts) -> bool:
    return common.declared.legal_person is True


def legal_person_by_name(claim: SignalClaim, facts: Facts) -> bool:
    name = claim.person.surname
    return name is not None and " " in name and _LEGAL_FORM.fullmatch(name) is not None


def too_short(claim: SignalClaim, facts: Facts) -> bool:
    since, on, window = claim.arrears_since, claim.signal_date, facts.window
    if since is None or on is None or window is None:
        return False
    return not window.reached(since, on)


def too_long(claim: SignalClaim, facts: Facts) -> bool:
    since, on, window = claim.arrears_since, claim.signal_date, facts.window
    if since is None or on is None or window is None or window.longest is None:
        return False
    return (on - since).days > window.longest


def end_of_supply_of_another(common: Common, facts: Facts) -> bool:
    if (
        common.kind is not SignalKind.END_OF_SUPPLY
        or common.partner_type is None
        or common.signal_date is None
    ):
        return False
    return in_force(END_OF_SUPPLY_WORKDAYS.get(common.partner_type, ()), common.signal_date) is None


def threat_of_another(common: Common, facts: Facts) -> bool:
    if common.threat is None or common.partner_type is None:
        return False
    return common.partner_type not in THREATS_OF[common.threat]


def end_of_supply_too_soon(common: Common, facts: Facts) -> bool:
    """Counted from the day on which the municipality gets it, today, whatever date the signal has."""
    if common.supply_ends_on is None or common.partner_type is None or common.signal_date is None:
        return False
    days = in_force(END_OF_SUPPLY_WORKDAYS.get(common.partner_type, ()), common.signal_date)
    return days is not None and common.supply_ends_on < add_workdays(common.today, days)


def below_minimum(claim: SignalClaim, facts: Facts) -> bool:
    return claim.amount_cents is not None and claim.amount_cents < facts.least_cents


def efforts_missing(common: Common, facts: Facts) -> bool:
    """Of a creditor whose kind could not be read, what is asked of every kind."""
    efforts = common.declared.efforts
    if efforts == "abcd":
        return False
    kinds = EFFORTS if common.partner_type is None else (common.partner_type,)
    on = common.signal_date or common.today
    needed = [set(in_force(EFFORTS[kind], on) or "") for kind in kinds]
    return not set.intersection(*needed) <= set(efforts or "")


def not_a_customer(common: Common, facts: Facts) -> bool:
    return common.declared.current_customer is False


def too_early(common: Common, facts: Facts) -> bool:
    """Of most the stage may be left unsaid: who declares the efforts did what social collection is."""
    stage, needed = common.declared.stage, None
    if common.partner_type and (rows := DECLARED_STAGE.get(common.partner_type)):
        needed = in_force(rows, common.signal_date or common.today)
    if stage is None:
        return needed is not None
    return _ORDER[stage] < _ORDER[needed or Stage.SOCIAL_DONE]


def objected(common: Common, facts: Facts) -> bool:
    return common.declared.objected is True


def arrangement_running(common: Common, facts: Facts) -> bool:
    return common.declared.arrangement in {Arrangement.RUNNING, Arrangement.DEFERRED}


def not_proportionate(common: Common, facts: Facts) -> bool:
    return common.declared.proportionate is False
