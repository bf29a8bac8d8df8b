"""What the plugin adds to the web. Importing this registers every route."""

from toubib.contracts.web import Entry, Permission, PublicRoute, WebPart
from toubib_advice.texts import say
from toubib_advice.web import ask, chat, forward, letters, operator, pool, statements
from toubib_advice.web.shared import blueprint

PAGES = (ask, chat, forward, letters, operator, pool, statements)

WEB = WebPart(
    blueprint=blueprint,
    permissions=(
        Permission("advice.enter", "site", "Find one's own questions", like="site.account"),
        Permission("advice.read", "encounter", "Read and follow one's own question", like="encounter.cancel"),
        Permission("advice.work", "site", "Find questions to answer", like="site.staff"),
        Permission("advice.consider", "encounter", "Look at a question before accepting it", like="encounter.consider"),
        Permission("advice.answer", "encounter", "Answer a question", like="encounter.answer"),
        Permission("advice.operate", "site", "Record the legal basis of a mode; see everybody's statements", like="site.administer"),
    ),
    public=(
        PublicRoute("advice.ask", "where a question is written; nothing is kept before it is sent"),
        PublicRoute("advice.begin", "keeps a question for a visitor's own browser"),
        PublicRoute("advice.forwarded", "asks a treating doctor for the patient's date of birth; opens nothing"),
        PublicRoute("advice.open_forwarded", "shows a treating doctor the letters, with the patient's date of birth; few tries an hour"),
    ),
    entries=(
        Entry("advice.ask", say("Ask a question"), "advice.ask"),
        Entry("advice.mine", say("My questions"), "advice.mine", "patient"),
        Entry("advice.pool", say("Questions"), "advice.pool", "practitioner"),
        Entry("advice.earnings", say("Statements"), "advice.own_earnings", "practitioner"),
        Entry("advice.basis", say("Legal basis"), "advice.operate", "staff"),
    ),
    request_page="advice.letters_page",
    request_start="advice.ask",
)
