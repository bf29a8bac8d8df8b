"""The plugin's share in a demonstration: vetted practitioners, one whose insurance ends soon, and an application that waits for a decision."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import select

from toubib import i18n
from toubib.contracts.demo import Companion, DemoRole
from toubib.contracts.identity import Actor, ActorKind, Role
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, RoleAssignment
from toubib.db.tables.directory import Organisation, Practitioner, PractitionerRole
from toubib.db.tables.people import Person
from toubib.seams import clock
from toubib.services import directory, documents, login, pdf, people
from toubib_credentialing import applications, house, reviews
from toubib_credentialing.applications import Claim, File
from toubib_credentialing.texts import KINDS

SOON, FAR = 25, 300
PENDING = Claim("Dr Salomé Arnaud", "Docteure en médecine", "physician", "", "RPPS", "99700219910", ("fr", "en"))
REASONS = ("Numéro vérifié au registre, pièces lisibles et à son nom.", "Vu aussi, rien à redire.")


class DemoReviews:
    """Applies for everybody who is seeded, and lets two invented reviewers accept them."""

    name = "credentialing"

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """No process of its own."""
        return ()

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Applications of those who have none yet."""
        if not roles:
            return
        with database().unit_of_work():
            organisation_id = house.organisation().id
            actors = [_reviewer(f"comite{number}", organisation_id, roles[0].id) for number in (1, 2)]
            people_of = [p for role in roles if (p := _practitioner(role.id, organisation_id))]
            numbers = [_number(row, position) for position, row in enumerate(people_of)]
        for position, practitioner in enumerate(people_of):
            self._accepted(practitioner, numbers[position], SOON if position == len(people_of) - 1 else FAR, actors)
        self._pending()

    def _accepted(self, row: Practitioner, number: str, days: int, actors: Sequence[Actor]) -> None:
        files = _files(row.display_name, days)
        with database().unit_of_work():
            if applications.latest(row.id) is not None:
                return
            profession = session().exec(select(PractitionerRole.profession).where(PractitionerRole.practitioner_id == row.id)).first() or ""
            claim = Claim(row.display_name, row.title, profession, "", row.registry_key, number, tuple(row.languages))
            question = reviews.questions(applications.submit(row.id, claim, files))[0].id
        for actor, reason in list(zip(actors, REASONS, strict=True))[: house.settings().reviewers]:
            with database().unit_of_work(actor):
                reviews.vote(question, accept=True, reason=reason)

    def _pending(self) -> None:
        files = _files(PENDING.name, FAR)
        with database().unit_of_work():
            person_id = login.account_for("salome.arnaud@candidature.test", i18n.locale()).person_id
            if applications.latest(person_id) is None:
                people.set_traits(person_id, people.Traits("Arnaud", "Salomé"))
                applications.submit(person_id, PENDING, files)


def _reviewer(name: str, organisation_id: str, like: str) -> Actor:
    """A reviewer who signs in as everybody in the demonstration does: with the second factor of a seeded practitioner."""
    slug = session().get_one(Organisation, organisation_id).slug
    account = login.account_for(f"{name}@{slug}.test", i18n.locale())
    if session().exec(select(RoleAssignment.id).where(RoleAssignment.account_id == account.id)).first() is None:
        model = session().exec(select(Account).where(Account.person_id == directory.role(like).practitioner_id)).one()
        account.second_factor_required = True
        vault().seal(account, "totp_secret", vault().read(model, "totp_secret"))
        session().add(RoleAssignment(account_id=account.id, organisation_id=organisation_id, role=house.REVIEWER))
        session().get_one(Person, account.person_id).locale = i18n.locale()
    return Actor(ActorKind.USER, account.id, account.person_id, (Role(house.REVIEWER, organisation_id),), strong=True)


def _practitioner(role_id: str, organisation_id: str) -> Practitioner | None:
    """Whoever practises at the house."""
    card = directory.role(role_id)
    return session().get_one(Practitioner, card.practitioner_id) if card.organisation_id == organisation_id else None


def _number(row: Practitioner, position: int) -> str:
    """The seeded number, or one of the test range where a demonstration gives several people the same."""
    same = select(Practitioner.id).where(Practitioner.registry_number == row.registry_number, Practitioner.id != row.id)
    return f"997002{position:05d}" if session().exec(same).first() else row.registry_number


def _files(name: str, days: int) -> list[File]:
    """Papers that say SPECIMEN."""
    made = []
    for kind in KINDS:
        content = pdf.render(f"<title>SPECIMEN</title><h1>SPECIMEN</h1><p>{kind}: {name}</p>", "")
        ends = (clock.now() + timedelta(days=days)).date() if kind == "insurance" else None
        made.append(File(kind, documents.write_blob(content), content, ends))
    return made
