"""The walk over a demonstration that is lived in: everybody over all that they can reach, the pharmacist's page, refusals, then every form empty."""

from toubib.testing.crawling import Crawl
from toubib.testing.lived_in import House
from toubib.testing.lived_visits import PHARMACY, codes

FIRST = ("patient", "practitioner", "administrator", "secretary", "nurse")
"""Who walks first: whoever meets a kind of page first looks at many of it."""
ASIDE = ("guest", "visitor", "weak", "at the code")
"""Browsers that stand at one page: what they could reach beyond it is everybody's."""
SEARCH = "/search?what=m%C3%A9decin+g%C3%A9n%C3%A9raliste&where=Lyon"


def walked(house: House) -> Crawl:
    """All pages that anybody can reach, as they are now; forms are sent only when all have been seen."""
    crawl = Crawl(house.app, house.language)
    alone = [rule.rule for rule in house.app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())]
    for who in [*(name for name in FIRST if name in house.people), *(name for name in house.people if name not in FIRST)]:
        starts = [] if who in ASIDE else ["/", SEARCH, *alone, "/nothing/here"]
        crawl.walk(who, house.people[who], [*house.starts.get(who, ()), *starts], further=who not in ASIDE)
    _at_the_pharmacy(crawl, house)
    crawl.send("anonymous", house.people["anonymous"], "/sign-in", "")
    crawl.send_empty(house.people)
    return crawl


def _at_the_pharmacy(crawl: Crawl, house: House) -> None:
    """A code that nobody has, one that holds, the lines without and with the patient's own code, and a line that is not there."""
    client, (code, patients) = house.people["anonymous"], codes()
    crawl.send("anonymous", client, "/verify", "/verify", code="1" * 16)
    if code:
        crawl.send("anonymous", client, "/verify", "/verify", code=code)
        crawl.send("anonymous", client, "/verify/lines", "/verify", code=code, patient_code="000 000")
        crawl.send("anonymous", client, "/verify/lines", "/verify", code=code, patient_code=patients, pharmacy=PHARMACY)
        crawl.send("anonymous", client, "/verify/dispense", "/verify", code=code, patient_code=patients, pharmacy=PHARMACY, part="1")
