"""Places: found as people write them."""

from itertools import pairwise

import pytest

from toubib_country_fr.gazetteer import entries, places

CITIES = [
    ("Lyon", "Lyon"),
    ("lyon 3ème", "Lyon 3e"),
    ("LYON 3E ARRONDISSEMENT", "Lyon 3e"),
    ("Lyon 1er", "Lyon 1er"),
    ("Paris 11", "Paris 11e"),
    ("75011", "Paris 11e"),
    ("69003 Lyon", "Lyon 3e"),
    ("marseille 8", "Marseille 8e"),
    ("13008", "Marseille 8e"),
    ("st etienne", "Saint-Étienne"),
    ("Saint-Étienne", "Saint-Étienne"),
    ("Rochelle", "La Rochelle"),
    ("l'hay", "L'Haÿ-les-Roses"),
    ("bourg en bresse", "Bourg-en-Bresse"),
    ("evry", "Évry-Courcouronnes"),
    ("67000", "Strasbourg"),
    ("Fort-de-France", "Fort-de-France"),
    ("mende", "Mende"),
    ("cayenne", "Cayenne"),
]
PREFECTURES = """
Bourg-en-Bresse
Laon
Moulins
Digne-les-Bains
Gap
Nice
Privas
Charleville-Mézières
Foix
Troyes
Carcassonne
Rodez
Marseille
Caen
Aurillac
Angoulême
La Rochelle
Bourges
Tulle
Ajaccio
Bastia
Dijon
Saint-Brieuc
Guéret
Périgueux
Besançon
Valence
Évreux
Chartres
Quimper
Nîmes
Toulouse
Auch
Bordeaux
Montpellier
Rennes
Châteauroux
Tours
Grenoble
Lons-le-Saunier
Mont-de-Marsan
Blois
Saint-Étienne
Nantes
Orléans
Cahors
Agen
Mende
Angers
Saint-Lô
Chaumont
Laval
Nancy
Bar-le-Duc
Vannes
Metz
Nevers
Lille
Beauvais
Alençon
Arras
Clermont-Ferrand
Pau
Tarbes
Perpignan
Strasbourg
Colmar
Lyon
Vesoul
Mâcon
Annecy
Paris
Rouen
Melun
Versailles
Niort
Amiens
Albi
Montauban
Toulon
Avignon
Poitiers
Limoges
Épinal
Auxerre
Belfort
Nanterre
Bobigny
Créteil
""".strip().splitlines()


@pytest.mark.feature("BOOK-01:b")
@pytest.mark.parametrize(("text", "name"), CITIES)
def test_a_place_is_found_as_people_write_it(text: str, name: str) -> None:
    assert places(text, 1)[0].name == name


@pytest.mark.parametrize("name", PREFECTURES)
def test_every_prefecture_is_there(name: str) -> None:
    assert places(name, 1)[0].name == name


def test_arrondissements_are_all_there() -> None:
    names = {entry.place.name for entry in entries()}
    for city, count in (("Paris", 20), ("Lyon", 9), ("Marseille", 16)):
        assert {f"{city} {n}{'er' if n == 1 else 'e'}" for n in range(1, count + 1)} <= names


def test_the_largest_comes_first() -> None:
    populations = {(e.place.name, e.place.postcode): e.population for e in entries()}
    found = [populations[p.name, p.postcode] for p in places("saint", 20)]
    assert all(before >= after for before, after in pairwise(found))


def test_the_postcode_that_was_typed_is_the_one_shown() -> None:
    assert {p.postcode for p in places("42100", 3)} == {"42100"}


def test_coordinates_lie_where_the_department_is() -> None:
    overseas = {"971": (16, -61), "972": (14, -60), "973": (4, -53), "974": (-21, 55), "976": (-12, 45)}
    for entry in entries():
        lat, lon = entry.place.lat_e6 / 1e6, entry.place.lon_e6 / 1e6
        if entry.place.region in overseas:
            near_lat, near_lon = overseas[entry.place.region]
            assert abs(lat - near_lat) < 3
            assert abs(lon - near_lon) < 3
        else:
            assert 41 < lat < 51.5
            assert -5.5 < lon < 10


@pytest.mark.parametrize("text", ["", "   ", "'", "zzz", "99999"])
def test_nothing_is_found_for_nothing(text: str) -> None:
    assert not places(text, 5)
    assert not places("Lyon", 0)
