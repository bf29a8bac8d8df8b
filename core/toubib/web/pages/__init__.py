"""The core's pages, one blueprint per part of the journey."""

from toubib.web.pages.account import account
from toubib.web.pages.admin import admin
from toubib.web.pages.booking_flow import booking_flow
from toubib.web.pages.design import design
from toubib.web.pages.desk import desk
from toubib.web.pages.documents_pages import documents
from toubib.web.pages.front import front
from toubib.web.pages.health import health
from toubib.web.pages.own_data import own_data
from toubib.web.pages.payments import payments
from toubib.web.pages.planning import planning
from toubib.web.pages.practice import practice
from toubib.web.pages.prescribed import prescribed
from toubib.web.pages.relatives import relatives
from toubib.web.pages.report import report
from toubib.web.pages.room import room
from toubib.web.pages.room_files import room_files
from toubib.web.pages.search import search
from toubib.web.pages.side import side
from toubib.web.pages.team import team
from toubib.web.pages.verify import verify
from toubib.web.pages.visits import visits
from toubib.web.pages.week import week

CORE_PAGES = (
    health,
    front,
    search,
    week,
    account,
    booking_flow,
    relatives,
    own_data,
    visits,
    payments,
    documents,
    room,
    room_files,
    practice,
    planning,
    side,
    prescribed,
    desk,
    team,
    verify,
    admin,
    report,
    design,
)
