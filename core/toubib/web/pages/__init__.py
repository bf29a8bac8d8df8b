"""The core's pages, one blueprint per part of the journey."""

from toubib.web.pages.account import account
from toubib.web.pages.health import health

CORE_PAGES = (health, account)
