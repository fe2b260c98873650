"""What the hub itself knows about a signal, and the rules that ask it: parties, agreements, place, dates."""

from services.common.events import Role, SignalKind
from services.ingest.domain.directory import Directory, Facts, may_act_for
from services.ingest.domain.drafts import Common, SignalClaim
from services.ingest.domain.limits import LEAST_CENTS, in_force
from services.ingest.domain.windows import window_on

OLDEST_SIGNAL_DAYS = 31


def facts_of(common: Common, directory: Directory) -> Facts:
    """Look up once what the rules ask."""
    municipality = directory.municipalities.get(common.municipality_code or "")
    creditor, on, kind = common.creditor, common.signal_date, common.partner_type
    agreements = None
    if municipality and creditor and on:
        pair = directory.signals.get((municipality.party_id, creditor), ())
        agreements = tuple(each for each in pair if each.holds(on))
    return Facts(
        today=common.today.isoformat(),
        municipality=municipality,
        creditor=directory.parties.get(creditor or ""),
        agreements=agreements,
        may_act=creditor is None or may_act_for(creditor, common.sender, directory, common.today),
        window=window_on(kind, on) if kind and on else None,
        least_cents=in_force(LEAST_CENTS.get(kind, ()), on) or 0 if kind and on else 0,
        threshold_cents=directory.thresholds.get(municipality.party_id, 0) if municipality else 0,
    )


def municipality_unknown(common: Common, facts: Facts) -> bool:
    return facts.municipality is None and common.municipality_code is not None


def municipality_inactive(common: Common, facts: Facts) -> bool:
    return facts.municipality is not None and not facts.municipality.active


def creditor_unknown(common: Common, facts: Facts) -> bool:
    if common.creditor is None:
        return False
    return facts.creditor is None or Role.CREDITOR not in facts.creditor.roles


def other_partner_type(common: Common, facts: Facts) -> bool:
    if common.partner_type is None or facts.creditor is None or Role.CREDITOR not in facts.creditor.roles:
        return False
    return common.partner_type is not facts.creditor.partner_type


def no_agreement(common: Common, facts: Facts) -> bool:
    return facts.agreements == ()


def kind_not_agreed(common: Common, facts: Facts) -> bool:
    """No kinds at all means all of them."""
    for each in facts.agreements or ():
        if not each.kinds or common.kind in each.kinds:
            return False
    return bool(facts.agreements)


def not_represented(common: Common, facts: Facts) -> bool:
    """Sender and creditor are two roles: an agreement names who may send besides the creditor."""
    creditor, sender = common.creditor, common.sender
    if creditor is None or creditor == sender:
        return False
    if facts.agreements is None:  # then at least some agreement of today must name the sender
        return not facts.may_act
    return not any(each.sender == sender for each in facts.agreements)


def born_in_future(claim: SignalClaim, facts: Facts) -> bool:
    born = claim.person.birth_date
    return born is not None and born > facts.today


def in_future(common: Common, facts: Facts) -> bool:
    return common.signal_date is not None and common.signal_date > common.today


def too_old(common: Common, facts: Facts) -> bool:
    return common.signal_date is not None and (common.today - common.signal_date).days > OLDEST_SIGNAL_DAYS


def below_threshold(claim: SignalClaim, facts: Facts) -> bool:
    """A crisis is never too small."""
    if claim.amount_cents is None or claim.kind is not SignalKind.EARLY:
        return False
    return claim.amount_cents < facts.threshold_cents


def outside_municipality(common: Common, facts: Facts) -> bool:
    """An address that the table does not know passes: new streets are in it a year later."""
    if common.place_code is None or common.municipality_code is None:
        return False
    return common.place_code != common.municipality_code
