"""The reviewed list of pages that are open to everybody, each with its reason."""

from toubib.contracts.web import PublicRoute

CORE_PUBLIC = (
    PublicRoute("theme.asset", "colours, fonts and pictures of the deployment"),
    PublicRoute("health.live", "says that the process answers"),
    PublicRoute("health.ready", "says that the database answers"),
    PublicRoute("account.sign_in", "where somebody signs in"),
    PublicRoute("account.ask", "asks for a code; tells nothing about the address"),
    PublicRoute("account.code", "where the code is typed"),
    PublicRoute("account.open_code", "takes the code"),
    PublicRoute("account.link", "shows the button of a mailed link; opens nothing on GET"),
    PublicRoute("account.open_link", "spends a mailed link"),
    PublicRoute("account.language", "chooses a language"),
    PublicRoute("front.home", "the first page"),
    PublicRoute("search.home", "where one looks for a practitioner"),
    PublicRoute("week.of_practice", "the free times of a practice's week"),
    PublicRoute("search.results", "finds practitioners"),
    PublicRoute("search.places", "suggests places from the gazetteer"),
    PublicRoute("search.profile", "a practitioner's public page"),
    PublicRoute("search.practice", "a practice's public page"),
    PublicRoute("search.order", "explains the order of results"),
    PublicRoute("booking_flow.hold", "holds a time for a visitor's own browser"),
    PublicRoute("room.link", "shows the button of a join link; opens nothing on GET"),
    PublicRoute("room.open_link", "spends a join link"),
    PublicRoute("payments.receive", "takes a provider's signed message"),
    PublicRoute("verify.form", "where a pharmacist types a code"),
    PublicRoute("verify.check", "says whether a prescription is authentic, and nothing of its content"),
    PublicRoute("design.states", "the components with invented data; test mode only"),
    PublicRoute("design.call", "the call page with invented data; test mode only"),
)
