"""How carefully creditors signal: who sees what, and that a small number is nobody."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.quality import (
    SMALLEST,
    Share,
    Tally,
    View,
    month_before,
    months_between,
    seen_as,
)

TOWN, OTHER, LANDLORD, ENERGY = "t" * 20, "o" * 20, "l" * 20, "e" * 20


def tally(
    creditor: str = LANDLORD, municipality: str | None = TOWN, month: str = "2026-03", **counts: int
) -> Tally:
    reasons = Counter({code: counts.pop(code) for code in list(counts) if code.isupper()})
    return Tally(month=month, creditor=creditor, municipality=municipality, reasons=reasons, **counts)


@pytest.mark.parametrize("view", [View.MUNICIPALITY, View.CREDITOR])
def test_who_sent_or_got_the_signals_sees_every_number_and_its_share(view: View) -> None:
    [seen] = seen_as(
        view, [tally(accepted=8, refused=2, contested=1, repeated=2, NO_AGREEMENT=2, DATE_INVALID=1)]
    )
    assert (seen.delivered, seen.refused) == (10, Share(2, 0.2))
    assert seen.reasons == {"DATE_INVALID": Share(1, 0.1), "NO_AGREEMENT": Share(2, 0.2)}
    assert (seen.contested, seen.repeated) == (Share(1, 0.125), Share(2, 0.25))


def test_an_umbrella_sees_the_sum_of_each_member_and_no_municipality() -> None:
    found = seen_as(
        View.UMBRELLA,
        [
            tally(accepted=10, refused=5, NO_AGREEMENT=5),
            tally(municipality=OTHER, accepted=10),
            tally(municipality=None, refused=5, MUNICIPALITY_UNKNOWN=5),
            tally(ENERGY, accepted=7),
        ],
    )
    assert [(each.creditor, each.municipality, each.delivered) for each in found] == [
        (ENERGY, None, 7),
        (LANDLORD, None, 30),
    ]
    assert found[1].refused == Share(10, 0.333)


def test_where_nothing_was_delivered_there_is_no_share() -> None:
    [seen] = seen_as(View.CREDITOR, [tally(municipality=None, refused=3, NO_AGREEMENT=3)])
    assert (seen.refused, seen.contested) == (Share(3, 1.0), Share(0, None))


counts = st.integers(0, 30)
tallies = st.lists(
    st.builds(
        tally,
        st.sampled_from([LANDLORD, ENERGY]),
        st.sampled_from([TOWN, OTHER, None]),
        st.sampled_from(["2026-02", "2026-03"]),
        accepted=counts,
        refused=counts,
        contested=counts,
        repeated=counts,
        NO_AGREEMENT=counts,
    ),
    max_size=6,
)


@given(tallies)
def test_an_umbrella_is_never_told_a_small_number(found: list[Tally]) -> None:
    for each in seen_as(View.UMBRELLA, found):
        shares = [each.refused, each.contested, each.repeated, *each.reasons.values()]
        told = [each.delivered, *(share.count for share in shares)]
        assert all(count is None or count == 0 or count >= SMALLEST for count in told)
        assert all(share.part is None for share in shares if share.count is None)


@given(tallies, st.sampled_from(View))
def test_months_and_creditors_come_in_order(found: list[Tally], view: View) -> None:
    order = [(each.month, each.creditor) for each in seen_as(view, found)]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("month", "count", "before"),
    [
        ("2026-03", 0, "2026-03"),
        ("2026-03", 2, "2026-01"),
        ("2026-03", 3, "2025-12"),
        ("2026-01", 36, "2023-01"),
    ],
)
def test_months_are_counted_over_the_turn_of_the_year(month: str, count: int, before: str) -> None:
    assert month_before(month, count) == before
    assert months_between(before, month) == count + 1
