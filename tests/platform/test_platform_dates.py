"""Dates and times in words follow the language, not one country."""

from datetime import UTC, datetime

import pytest

from toubib import i18n

AT = datetime(2026, 3, 2, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(("language", "zone", "moment", "day", "short"), [
    ("fr", "Europe/Paris", "lundi 2 mars à 14\u00a0h\u00a020", "lundi 2 mars 2026", "lun. 2 mars"),
    ("sv", "Europe/Stockholm", "måndag 2 mars kl. 14:20", "måndag 2 mars 2026", "mån 2 mars"),
    ("de", "Europe/Berlin", "Montag, 2. März um 14:20", "Montag, 2. März 2026", "Mo., 2. März"),
    ("hu", "Europe/Budapest", "március 2., hétfő 14:20", "2026. március 2., hétfő", "márc. 2., H"),
])  # fmt: skip
def test_a_moment_is_said_as_its_language_says_it(language: str, zone: str, moment: str, day: str, short: str) -> None:
    said = (i18n.moment(AT, zone, language), i18n.day(AT, zone, language), i18n.weekday(AT.date(), language, short=True))
    assert said == (moment, day, short)
