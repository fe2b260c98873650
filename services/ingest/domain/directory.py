"""Parties, agreements and policy, arranged in the order in which the gate asks for them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.common.events import Agreement, AgreementKind, Area, Party, Policy
from services.ingest.domain.drafts import Common, SignalClaim
from services.ingest.domain.reasons import Problem
from services.ingest.domain.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an address lies by the CBS table; `municipality_code` has 4 digits."""

    municipality_code: str
    area: Area


@dataclass(slots=True)
class Facts:
    """What the hub itself knows about signals that have the same in common."""

    today: str
    """YYYY-MM-DD, as birth dates are."""
    municipality: Party | None
    creditor: Party | None
    agreements: tuple[Agreement, ...] | None
    """Of this municipality and creditor on the signal's date; None when one of the three is not known."""
    may_act: bool
    """Whether the sender may send signals of this creditor to any municipality."""
    window: Window | None
    """Days in arrears; None when kind of creditor or date is not known."""
    least_cents: int
    """What the law sets for this kind of creditor."""
    threshold_cents: int
    """What the municipality set, for an early signal."""


Fails = Callable[[SignalClaim, Facts], bool]
"""Tells whether a signal falls under a ground for refusal; what could not be read is not judged."""
Judgement = tuple[Facts, tuple[tuple[Fails, Problem], ...]]
"""What is left to be asked of each signal by itself."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Parties and agreements, in the order in which the gate asks for them."""

    parties: Mapping[str, Party] = field(default_factory=dict)
    municipalities: Mapping[str, Party] = field(default_factory=dict)
    """By gemeentecode."""
    signals: Mapping[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict)
    """SIGNALS agreements by municipality and creditor."""
    senders: Mapping[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict)
    """SIGNALS agreements by creditor and (other) sender."""
    representations: Mapping[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict)
    """REPRESENTATION agreements by who is represented and who acts."""
    thresholds: Mapping[str, int] = field(default_factory=dict)
    """Cents below which a municipality wants no early signal."""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """By municipality."""
    judged: dict[Common, Judgement] = field(default_factory=dict, repr=False, compare=False)
    """What follows from all this for signals that have the same in common, as the gate found it before."""


def directory_of(
    parties: Iterable[Party], agreements: Iterable[Agreement], policies: Iterable[Policy] = ()
) -> Directory:
    """Arrange the master data for the gate."""
    known, granted, decided = list(parties), list(agreements), list(policies)
    signals = [each for each in granted if each.kind is AgreementKind.SIGNALS]
    others = [each for each in granted if each.kind is AgreementKind.REPRESENTATION]
    return Directory(
        parties={each.party_id: each for each in known},
        municipalities={each.municipality_code: each for each in known if each.municipality_code},
        signals=_grouped(((each.grantor, each.grantee), each) for each in signals),
        senders=_grouped(((each.grantee, each.sender), each) for each in signals if each.sender),
        representations=_grouped(((each.grantor, each.grantee), each) for each in others),
        thresholds={each.municipality: each.threshold_cents for each in decided if each.threshold_cents},
        policies={each.municipality: each for each in decided},
    )


def may_act_for(creditor: str, sender: str, directory: Directory, on: date) -> bool:
    """Tell whether a sender may send signals of a creditor to any municipality."""
    pair = directory.senders.get((creditor, sender), ())
    return creditor == sender or any(each.holds(on) for each in pair)


def represents(principal: str, actor: str, directory: Directory, on: date) -> bool:
    """Tell whether a party may act for another in what is no signal."""
    pair = directory.representations.get((principal, actor), ())
    return principal == actor or any(each.holds(on) for each in pair)


def _grouped(
    found: Iterable[tuple[tuple[str, str], Agreement]],
) -> dict[tuple[str, str], tuple[Agreement, ...]]:
    groups: dict[tuple[str, str], list[Agreement]] = {}
    for pair, agreement in found:
        groups.setdefault(pair, []).append(agreement)
    return {pair: tuple(group) for pair, group in groups.items()}
