"""CBS's table on real PostgreSQL: loaded, replaced as a whole, and used by the gate."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from services.common.errors import ConfigurationError
from services.common.events import Area, Signal
from services.common.settings import REPOSITORY
from services.ingest.areas import import_areas
from tests.real.ingest.house import LANDLORD, House, signal_body

pytestmark = pytest.mark.real
HEAD = "PC6;Huisnummer;Buurt2025;Wijk2025;Gemeente2025\n"


def loaded(url: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            query = text("SELECT * FROM ingest.areas ORDER BY postcode, number")
            return [tuple(row) for row in connection.execute(query)]
    finally:
        engine.dispose()


def file_of(folder: Path, content: str) -> Path:
    path = folder / "areas.csv"
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        HEAD + "9991AA;1;3630400;36304;363\n9991AA;1;3630400;36304;363\n9991AB;2;0363AD03;36304;363\n",
        (
            "\ufeffGemeente2024,PC6,Buurt2024,Huisnummer,Wijk2024\r\n"
            "GM0363,9991AA,BU03630400,1,WK036304\r\nGM0363,9991AB,BU0363AD03,2,WK036304\r\n"
        ),
    ],
)
def test_codes_come_in_full_whichever_way_the_file_has_them(
    database: str, tmp_path: Path, content: str
) -> None:
    assert import_areas(database, file_of(tmp_path, content)) == 2
    assert loaded(database) == [
        ("9991AA", 1, "BU03630400", "WK036304", "0363"),
        ("9991AB", 2, "BU0363AD03", "WK036304", "0363"),
    ]


def test_the_example_is_a_file_of_that_kind(database: str) -> None:
    path = REPOSITORY / "examples" / "areas.csv"
    lines = len(path.read_text().splitlines())
    assert import_areas(database, path) == lines - 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("PC6;Huisnummer\n1234AB;1\n", "no column for neighbourhood"),
        (HEAD + "9991AA;1;3630400;36304;363\n9991AA;een;1;1;1\n", "line 3"),
        (HEAD + "9991AA;1;3630400\n", "line 2"),
        (HEAD + "A;1;3630400;36304;363\n", "postcode"),
        (HEAD + "9991AA;1;363040000;36304;363\n", "BU code"),
        ("", "no column"),
    ],
)
def test_a_file_that_is_not_understood_changes_nothing(
    database: str, tmp_path: Path, content: str, complaint: str
) -> None:
    before = loaded(database)
    with pytest.raises(ConfigurationError, match=complaint):
        import_areas(database, file_of(tmp_path, content))
    assert loaded(database) == before


async def test_an_address_in_another_municipality_is_refused_an_unknown_one_is_not(
    house: House, tmp_path: Path
) -> None:
    content = HEAD + "9992AA;1;3630400;36304;363\n9992AA;2;5180400;51804;518\n"
    for _ in range(2):
        import_areas(house.runtime.settings.database_url.get_secret_value(), file_of(tmp_path, content))
        found = {}
        for number in (1, 2, 3):
            adres = {"postcode": "9992AA", "huisnummer": number}
            found[number] = await house.signal(LANDLORD, signal_body(adres=adres))
        assert [answer.status_code for answer in found.values()] == [202, 400, 202]
        assert [each["code"] for each in found[2].json()["fouten"]] == ["ADDRESS_OUTSIDE_MUNICIPALITY"]
    signals = [seen.event for seen in await house.on("signals.v1")]
    areas = {each.signal_id: each.area for each in signals if isinstance(each, Signal)}
    assert areas[found[1].json()["id"]] == Area(pc4="9992", district="WK036304", neighbourhood="BU03630400")
    assert areas[found[3].json()["id"]] == Area(pc4="9992")
