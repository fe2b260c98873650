"""What a municipality shares of its debt help: which persons, and what of the helper (Bgs art. 17).

The guide of NVVK, VNG and SZW shares from the stabilisation phase, after the admission decision; NVVK sooner
(domain.md 5.1): each municipality chooses. By what it selects (phase, decision) is told to nobody.
"""

from dataclasses import replace
from datetime import date

from services.common.events import ContactField, HelpPhase, Policy
from services.ingest.domain.drafts import Reach, RegistrationClaim

_ORDER = tuple(HelpPhase)
_ALL = frozenset(ContactField)


def is_shared(claim: RegistrationClaim, policy: Policy | None, on: date) -> bool:
    """Tell whether the municipality shares this person on a day; what is not said is not shared."""
    if policy is None:
        return True
    if policy.admission_required and (claim.admitted_on is None or claim.admitted_on > on):
        return False
    if policy.first_phase is None:
        return True
    return claim.phase is not None and _ORDER.index(claim.phase) >= _ORDER.index(policy.first_phase)


def as_shared(claim: RegistrationClaim, policy: Policy | None) -> RegistrationClaim:
    """Return a registration with what is shared of the helper, and without what is selected by."""
    if policy is None and claim.phase is None and claim.admitted_on is None:
        return claim
    told = _ALL if policy is None else frozenset(policy.contact_fields)
    reach = Reach(
        phone=claim.reach.phone if ContactField.PHONE in told else None,
        email=claim.reach.email if ContactField.EMAIL in told else None,
    )
    return replace(claim, reach=reach, phase=None, admitted_on=None)
