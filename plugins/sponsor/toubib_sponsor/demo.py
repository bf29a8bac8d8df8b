"""The plugin's share in a demonstration: codes for every plan, a desk that can be entered, and a double of each service on this machine."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from sqlmodel import select

from toubib import i18n
from toubib.contracts.demo import Companion, DemoRole
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, RoleAssignment
from toubib.seams import clock
from toubib.services import directory, login
from toubib_sponsor import house, members
from toubib_sponsor.settings import LOOPBACK, Plan, SponsorSettings
from toubib_sponsor.texts import DOMAIN
from toubib_sponsor.web.shared import ROLE

CODES = 12


class DemoSponsor:
    """Codes PREFIX0001 to PREFIX0012 of each plan; PREFIX0099 has ended."""

    name = DOMAIN

    def __init__(self, settings: SponsorSettings) -> None:
        self._settings = settings

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """A double for each service that the settings expect on this machine."""
        asked = [p for p in self._settings.plans if p.entitlement == "service" and urlsplit(p.service_url).hostname == LOOPBACK]
        return tuple(_double(plan) for plan in asked)

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Codes and desks that are not there yet."""
        for plan in self._settings.plans:
            with database().unit_of_work():
                if plan.entitlement == "list":
                    members.load(plan, _codes(plan), whole=False, dry=False)
                _desk(plan, roles)


def _double(plan: Plan) -> Companion:
    codes = [argument for number in range(1, CODES + 1) for argument in ("--code", f"{plan.prefix}{number:04d}")]
    token = ("--token", plan.service_token.get_secret_value()) if plan.service_token else ()
    parts = urlsplit(plan.service_url)
    command = (sys.executable, "-m", "toubib_sponsor.double", "--port", str(parts.port or 80), *codes, *token)
    return Companion(f"{DOMAIN}:{plan.key}", command, f"http://{parts.netloc}/", about=f"a double of the service of {plan.name}, an invented sponsor")


def _codes(plan: Plan) -> str:
    today = clock.now().date()
    first, over = today - timedelta(days=90), today - timedelta(days=1)
    lines = [f"{plan.prefix}{number:04d},{first.isoformat()}," for number in range(1, CODES + 1)]
    return "\n".join(["code,valid_from,valid_to", *lines, f"{plan.prefix}0099,{first.isoformat()},{over.isoformat()}", ""])


def _desk(plan: Plan, roles: Sequence[DemoRole]) -> None:
    """Somebody at the desk, who signs in as everybody in the demonstration does: with the second factor of a seeded practitioner."""
    organisation = house.organisation(plan, make=True)
    account = login.account_for(f"bureau@{plan.organisation}.test", i18n.locale())
    if organisation is None or not roles or session().exec(select(RoleAssignment.id).where(RoleAssignment.account_id == account.id)).first():
        return
    model = session().exec(select(Account).where(Account.person_id == directory.role(roles[0].id).practitioner_id)).one()
    account.second_factor_required = True
    vault().seal(account, "totp_secret", vault().read(model, "totp_secret"))
    session().add(RoleAssignment(account_id=account.id, organisation_id=organisation.id, role=ROLE))
