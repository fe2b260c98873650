"""What the hub itself knows about a signal, and the rules that ask it: parties, agreements, place, dates."""

from dataclasses import dataclass
from datetime import date

from services.common.events import Agreement, Party, Role, SignalKind
from services.ingest.domain.directory import Directory, Place, may_act_for
from services.ingest.domain.drafts import SignalClaim

OLDEST_SIGNAL_DAYS = 31


@dataclass(slots=True)
class Facts:
    """What the rules look at besides the signal; not frozen, because thousands a second are made."""

    sender: str
    today: date
    place: Place | None
    directory: Directory
    municipality: Party | None
    creditor: Party | None
    agreements: tuple[Agreement, ...] | None
    """Of this municipality and creditor on the signal's date; None when one of the three is not known."""


def facts_of(
    claim: SignalClaim, sender: str, directory: Directory, place: Place | None, today: date
) -> Facts:
    """Look up once what the rules ask."""
    municipality = directory.municipalities.get(claim.municipality_code or "")
    creditor, on = directory.parties.get(claim.creditor or ""), claim.signal_date
    agreements = None
    if municipality and claim.creditor and on:
        pair = directory.signals.get((municipality.party_id, claim.creditor), ())
        agreements = tuple([each for each in pair if each.holds(on)])
    return Facts(sender, today, place, directory, municipality, creditor, agreements)


def municipality_unknown(claim: SignalClaim, facts: Facts) -> bool:
    return facts.municipality is None and claim.municipality_code is not None


def municipality_inactive(claim: SignalClaim, facts: Facts) -> bool:
    return facts.municipality is not None and not facts.municipality.active


def creditor_unknown(claim: SignalClaim, facts: Facts) -> bool:
    if claim.creditor is None:
        return False
    return facts.creditor is None or Role.CREDITOR not in facts.creditor.roles


def other_partner_type(claim: SignalClaim, facts: Facts) -> bool:
    if claim.partner_type is None or facts.creditor is None or Role.CREDITOR not in facts.creditor.roles:
        return False
    return claim.partner_type is not facts.creditor.partner_type


def no_agreement(claim: SignalClaim, facts: Facts) -> bool:
    return facts.agreements == ()


def kind_not_agreed(claim: SignalClaim, facts: Facts) -> bool:
    """No kinds at all means all of them."""
    for each in facts.agreements or ():
        if not each.kinds or claim.kind in each.kinds:
            return False
    return bool(facts.agreements)


def not_represented(claim: SignalClaim, facts: Facts) -> bool:
    """Sender and creditor are two roles: an agreement names who may send besides the creditor."""
    creditor, sender = claim.creditor, facts.sender
    if creditor is None or creditor == sender:
        return False
    if facts.agreements is None:  # then at least some agreement of today must name the sender
        return not may_act_for(creditor, sender, facts.directory, facts.today)
    return not any(each.sender == sender for each in facts.agreements)


def born_in_future(claim: SignalClaim, facts: Facts) -> bool:
    born = claim.person.birth_date
    return born is not None and born > facts.today.isoformat()


def in_future(claim: SignalClaim, facts: Facts) -> bool:
    return claim.signal_date is not None and claim.signal_date > facts.today


def too_old(claim: SignalClaim, facts: Facts) -> bool:
    return claim.signal_date is not None and (facts.today - claim.signal_date).days > OLDEST_SIGNAL_DAYS


def below_threshold(claim: SignalClaim, facts: Facts) -> bool:
    """A crisis is never too small."""
    if claim.amount_cents is None or facts.municipality is None or claim.kind is not SignalKind.EARLY:
        return False
    return claim.amount_cents < facts.directory.thresholds.get(facts.municipality.party_id, 0)


def outside_municipality(claim: SignalClaim, facts: Facts) -> bool:
    """An address that the table does not know passes: new streets are in it a year later."""
    if facts.place is None or claim.municipality_code is None:
        return False
    return facts.place.municipality_code != claim.municipality_code
