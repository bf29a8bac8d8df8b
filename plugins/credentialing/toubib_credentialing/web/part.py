"""What the plugin adds to the web. Importing this registers every route."""

from toubib.contracts.web import Entry, Permission, PublicRoute, WebPart
from toubib_credentialing.slots import Vetted
from toubib_credentialing.texts import DOMAIN, say
from toubib_credentialing.web import applicant, reviewer
from toubib_credentialing.web.shared import blueprint

PAGES = (applicant, reviewer)

WEB = WebPart(
    blueprint=blueprint,
    permissions=(
        Permission("credentialing.apply", "site", "Apply to practise, and follow one's application", like="site.account"),
        Permission("credentialing.review", "site", "Decide on applications", roles=("reviewer",)),
        Permission("credentialing.visits", "site", "See coming visits of practitioners who may not act", roles=reviewer.STAFF),
    ),
    public=(PublicRoute(f"{DOMAIN}.apply", "says what a practitioner needs to apply"),),
    slots=(Vetted(),),
    entries=(
        Entry(f"{DOMAIN}.apply", say("Practise here"), f"{DOMAIN}.apply"),
        Entry(f"{DOMAIN}.review", say("Applications"), f"{DOMAIN}.review", "staff"),
    ),
)
