import pytest
from pydantic import ValidationError

from services.common.problems import fout_of
from services.matcher.api import Vraag

QUESTION = {"burgerservicenummer": "999990019", "reden": "dagvaarding"}


@pytest.mark.parametrize("dossier", ["D-1", "2026/12 Jansen & Zn.", "=1+1", "dossier é"])
def test_a_dossier_is_any_line_of_readable_text(dossier: str) -> None:
    assert Vraag.model_validate(QUESTION | {"dossiernummer": dossier}).dossiernummer == dossier


@pytest.mark.parametrize(
    "dossier",
    [
        pytest.param("D-1\t=1", id="tab"),
        pytest.param("D-1\r\n=1", id="new-line"),
        pytest.param("D-\x00", id="null"),
        pytest.param("D-\u202e1", id="right-to-left"),
    ],
)
def test_a_dossier_with_control_characters_is_refused_in_words(dossier: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Vraag.model_validate(QUESTION | {"dossiernummer": dossier})
    (error,) = map(fout_of, refused.value.errors())
    assert error == (
        "FIELD_INVALID",
        "dossiernummer",
        "Alleen leesbare tekens: geen tab, regeleinde of ander stuurteken.",
    )
