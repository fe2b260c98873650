"""The master data of examples/: who takes part, who agreed what, which team works where, what lies where."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from services.local.demo.actions import Content

FOLDER = Path(__file__).resolve().parents[3] / "examples"
AREAS = FOLDER / "areas.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A postcode and house number with the CBS codes of where it lies, without their prefixes."""

    postcode: str
    number: int
    neighbourhood: str
    district: str
    municipality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The JSON bodies that the demo PUTs, and the area table."""

    parties: tuple[Content, ...]
    agreements: tuple[Content, ...]
    policies: tuple[Content, ...]
    teams: tuple[Content, ...]
    spots: tuple[Spot, ...]

    def of_role(self, role: str) -> list[Content]:
        """Return the parties with this role."""
        return [party for party in self.parties if role in party["rollen"]]

    def code_of(self, municipality: str) -> str:
        """Return the gemeentecode of a municipality."""
        return next(str(p["gemeentecode"]) for p in self.parties if p["oin"] == municipality)

    def name_of(self, oin: str) -> str:
        """Return a party's name."""
        return next(str(p["naam"]) for p in self.parties if p["oin"] == oin)


def load_examples() -> Examples:
    """Read examples/."""
    with AREAS.open() as lines:
        spots = [_spot(row) for row in csv.reader(lines, delimiter=";")][1:]
    return Examples(
        parties=_load("parties"),
        agreements=_load("agreements"),
        policies=_load("policies"),
        teams=_load("teams"),
        spots=tuple(spot for spot in spots if spot),
    )


def _load(name: str) -> tuple[Content, ...]:
    return tuple(json.loads((FOLDER / f"{name}.json").read_text()))


def _spot(row: list[str]) -> Spot | None:
    if not row[1].isdigit():
        return None
    return Spot(
        postcode=row[0], number=int(row[1]), neighbourhood=row[2], district=row[3], municipality=row[4]
    )
