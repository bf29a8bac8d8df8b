"""The plugin in a running installation, and its catalogues."""

from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import toubib_country_fr
from toubib.runtime import Toubib
from toubib.services.country_basics import rows_of

PACKAGE = Path(toubib_country_fr.__file__).parent


def test_france_is_known_and_speaks_french(installation: Callable[..., Toubib]) -> None:
    toubib = installation("country_fr", site={"country": "FR"})
    country = toubib.country()
    assert country.code == "FR"
    assert toubib.catalogues.render(country.professions()["01"], "fr") == "Médecin généraliste"
    assert toubib.catalogues.render(country.fee_sectors()["2"], "fr") == "Secteur 2\u00a0: honoraires libres"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_profession_is_translated(language: str) -> None:
    with (PACKAGE / "translations" / language / "LC_MESSAGES" / "country_fr.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    labels = {cell["label"] for cell in rows_of("toubib_country_fr", "professions.csv")}
    assert all(label in catalogue and catalogue[label].string for label in labels)
    assert not any(message.fuzzy for message in catalogue if message.id)
