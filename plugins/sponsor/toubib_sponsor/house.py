"""The plugin's settings, and the organisation behind each sponsor."""

from sqlmodel import select

from toubib import runtime
from toubib.db import session
from toubib.db.tables.directory import Organisation
from toubib_sponsor.settings import Plan, SponsorSettings
from toubib_sponsor.texts import DOMAIN


def settings() -> SponsorSettings:
    """The installation's settings."""
    found = runtime.current().registry.plugins[DOMAIN].settings
    if not isinstance(found, SponsorSettings):
        raise TypeError("the settings of another plugin")
    return found


def organisation(plan: Plan, *, make: bool = False) -> Organisation | None:
    """The sponsor itself, by the slug that the settings give; made when asked. Its desk gets roles there; it treats nobody."""
    found = session().exec(select(Organisation).where(Organisation.slug == plan.organisation)).first()
    if found is None and make:
        site = runtime.current().settings.site
        found = Organisation(
            name=plan.name, slug=plan.organisation, kind="sponsor", country=site.country, zone=site.zone, currency=plan.currency
        )
        session().add(found)
        session().flush()
    return found


def plans_of(organisation_id: str) -> list[Plan]:
    """The plans of a sponsor."""
    slug = session().get_one(Organisation, organisation_id).slug
    return [plan for plan in settings().plans if plan.organisation == slug]
