"""Messages as anybody might send them: each member absent, sensible or anything at all."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from services.common.ddas import PARTNER_TYPE
from services.ingest.domain.drafts import Arrangement, Stage
from services.ingest.domain.formats import SIGNAL_KINDS, THREATS
from tests.unit.ingest.messages import BROKER, CAK, ENERGY, INSURER, LANDLORD

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | DAYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SENDERS = st.sampled_from((LANDLORD, INSURER, CAK, ENERGY, BROKER))
SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "schuldeiser": SENDERS,
    "gemeentecode": st.sampled_from(("0363", "0518", "0344", "9999")),
    "signaalpartner": st.sampled_from(sorted(PARTNER_TYPE.values())),
    "bedragInCenten": st.integers(0, 10**10),
    "ontstaansdatum": DAYS,
    "signaaldatum": DAYS,
    "soort": st.sampled_from(sorted(SIGNAL_KINDS)),
    "dreiging": st.sampled_from(sorted(THREATS)),
    "einddatumLevering": DAYS,
    "crisissignaal": st.booleans(),
    "adresTwijfel": st.booleans(),
    "inspanningen": st.lists(st.sampled_from("abcd"), max_size=5),
    "betalingsregeling": st.sampled_from(list(Arrangement)),
    "incassofase": st.sampled_from(list(Stage)),
    "achterstalligeTermijnen": st.integers(0, 999),
    "huidigeKlant": st.booleans(),
    "bezwaar": st.booleans(),
    "evenredig": st.booleans(),
    "rechtspersoon": st.booleans(),
    "persoon": st.fixed_dictionaries(
        {}, optional={"geboortedatum": DAYS, "geslachtsnaam": st.text(max_size=40)}
    ),
}
MESSAGES = st.fixed_dictionaries({}, optional={name: values | ANYTHING for name, values in SENSIBLE.items()})
