"""The directory: practitioners and practices as the public sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib.db import session
from toubib.db.tables.directory import Location, Organisation, Practitioner, PractitionerRole
from toubib.services import standing


@dataclass(frozen=True, slots=True)
class RoleCard:
    """A practitioner at one practice, for cards and profiles. Coordinates in millionths of a degree."""

    id: str
    practitioner_id: str
    slug: str
    name: str
    title: str
    profession: str
    specialty: str
    sector: str
    languages: tuple[str, ...]
    about: Mapping[str, str]
    organisation_id: str
    organisation: str
    organisation_slug: str
    phone: str
    street: str
    postcode: str
    city: str
    country: str
    zone: str
    lat_e6: int
    lon_e6: int
    registry_key: str
    registry_number: str
    attributes: Mapping[str, str]

    @property
    def signature(self) -> str:
        """The name and the title behind it, as a paper signs: the name may begin with "Dr" already."""
        return ", ".join(part for part in (self.name, self.title) if part)


def _cards(*conditions: object) -> list[RoleCard]:
    query = (
        select(PractitionerRole, Practitioner, Organisation, Location)
        .where(PractitionerRole.practitioner_id == Practitioner.id, PractitionerRole.organisation_id == Organisation.id)
        .where(PractitionerRole.location_id == Location.id)
        .where(*conditions)  # type: ignore[arg-type]
    )
    return [_card(*row) for row in session().exec(query)]


def _card(role: PractitionerRole, person: Practitioner, organisation: Organisation, location: Location) -> RoleCard:
    return RoleCard(
        role.id,
        person.id,
        person.slug,
        person.display_name,
        person.title,
        role.profession,
        role.specialty,
        role.sector,
        tuple(person.languages),
        person.about,
        organisation.id,
        organisation.name,
        organisation.slug,
        organisation.phone,
        location.street,
        location.postcode,
        location.city,
        location.country,
        organisation.zone,
        location.lat_e6,
        location.lon_e6,
        person.registry_key,
        person.registry_number,
        role.attributes,
    )


def bookable() -> list[RoleCard]:
    """Every active role whose practitioner may practise now."""
    return _cards(col(PractitionerRole.active), col(PractitionerRole.practitioner_id).in_(may_practise()))


def pool(organisation_id: str, profession: str, specialty: str = "") -> list[RoleCard]:
    """Who may take a request at an organisation now, by profession and (when it matters) specialty."""
    wanted = [PractitionerRole.organisation_id == organisation_id, col(PractitionerRole.active)]
    wanted += [PractitionerRole.profession == profession] if profession else []
    wanted += [PractitionerRole.specialty == specialty] if specialty else []
    return _cards(*wanted, col(PractitionerRole.practitioner_id).in_(may_practise()))


def may_practise() -> SelectOfScalar[str]:
    """A query for the ids of practitioners who may practise now, as `toubib.services.standing` answers it."""
    return standing.able()


def receives(role_id: str) -> bool:
    """Whether somebody may be booked in this role now: it is active and its practitioner in good standing."""
    return standing.refusal(role_id) is None


def role(role_id: str) -> RoleCard:
    """One role by id; it must exist."""
    return _cards(PractitionerRole.id == role_id)[0]


def roles(role_ids: Sequence[str]) -> Mapping[str, RoleCard]:
    """Several roles by id."""
    return {card.id: card for card in _cards(col(PractitionerRole.id).in_(role_ids))}


def by_slug(slug: str) -> Sequence[RoleCard]:
    """Where a practitioner receives; empty when nobody has this address or they may not practise."""
    return _cards(
        Practitioner.slug == slug, col(PractitionerRole.active), col(PractitionerRole.practitioner_id).in_(may_practise())
    )


def of_practice(slug: str) -> Sequence[RoleCard]:
    """Who receives at a practice."""
    return _cards(
        Organisation.slug == slug, col(PractitionerRole.active), col(PractitionerRole.practitioner_id).in_(may_practise())
    )


def organisation(organisation_id: str) -> Organisation:
    """An organisation's own row."""
    return session().get_one(Organisation, organisation_id)
