"""What the plugin adds to the web. Importing this registers every route."""

from toubib.contracts.web import Entry, Permission, PublicRoute, WebPart
from toubib_queue.texts import say
from toubib_queue.web import board, desk, form, front, place
from toubib_queue.web.shared import blueprint
from toubib_queue.web.slots import Beside, InWorklist

PAGES = (front, form, place, desk, board)

WEB = WebPart(
    blueprint=blueprint,
    permissions=(
        Permission("queue.prepare", "encounter", "Return to one's own unfinished place", like="encounter.prepare"),
        Permission("queue.wait", "encounter", "See one's place in the queue", like="encounter.join"),
        Permission("queue.leave", "encounter", "Leave the queue", like="encounter.cancel"),
        Permission("queue.desk", "site", "See whom one may take, and be on duty", like="site.staff"),
        Permission("queue.take", "encounter", "Look at a waiting patient's answers and take them", like="encounter.consider"),
        Permission("queue.give_back", "encounter", "Give a patient back to the queue", like="encounter.care"),
        Permission("queue.board", "site", "See the lines of the queue with their longest wait", like="site.staff"),
        Permission("queue.run", "site", "Open and close lines of the queue", roles=("administrator", "secretary")),
    ),
    public=(
        PublicRoute("queue.start", "says whether somebody can be seen now, and whom to call otherwise"),
        PublicRoute("queue.elsewhere", "gives the numbers to call in another place"),
        PublicRoute("queue.ask", "asks for signs of an emergency"),
        PublicRoute("queue.answer", "takes the answers of a visitor's own browser"),
    ),
    slots=(Beside(), InWorklist()),
    entries=(
        Entry("queue.start", say("See a doctor now"), "queue.start"),
        Entry("queue.desk", say("Queue"), "queue.desk", "practitioner"),
        Entry("queue.board", say("Queues"), "queue.board", "staff"),
    ),
    request_page="queue.place",
    request_start="queue.start",
)
