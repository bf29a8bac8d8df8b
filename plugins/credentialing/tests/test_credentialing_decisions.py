"""Vetting through the services: who may act, from when, until when, and who decides; both databases."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from toubib.contracts.common import ContractError
from toubib.contracts.identity import Actor, ActorKind, Role
from toubib.contracts.journey import Command
from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session
from toubib.db.tables.access import RoleAssignment
from toubib.db.tables.directory import Organisation, PractitionerRole
from toubib.db.tables.machinery import NotificationRow
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import care, directory, documents, journey, login, prescriptions, standing
from toubib.services.care import AdmissionLine
from toubib.testing.booked import booked
from toubib.testing.practices import Practice, practice
from toubib_credentialing import announcing, applications, coming, reviews
from toubib_credentialing.applications import Claim, File
from toubib_credentialing.models import Announcement, Application, Question, Vote
from toubib_credentialing.privacy import CredentialingData

CLAIM = Claim("Dr Noé Essai", "Docteur en médecine", "physician", "", "RPPS", "99700219910", ("fr",))
PDF = b"%PDF-1.4 specimen"
LINE = MedicationLine(text="Paracétamol 1 g", dose="1", timing="midi", duration_days=3)
OK = "Number found in the register, documents read."


@dataclass
class Committee:
    """A house that vets, its reviewers and an applicant."""

    made: Practice
    now: FixedClock
    person_id: str
    reviewers: list[Actor] = field(default_factory=list)

    def files(self, days: int = 100) -> list[File]:
        ends = (clock.now() + timedelta(days=days)).date()
        return [File(kind, documents.write_blob(PDF), PDF, end) for kind, end in (("diploma", None), ("insurance", ends))]

    def apply(self, days: int = 100) -> str:
        files = self.files(days)
        with database().unit_of_work():
            return applications.submit(self.person_id, CLAIM, files)

    def question(self) -> str:
        with database().reading():
            return session().exec(select(Question.id).where(Question.outcome == "")).one()

    def vote(self, reviewer: int = 0, *, accept: bool = True, reason: str = OK, question: str = "") -> str:
        asked = question or self.question()
        with database().unit_of_work(self.reviewers[reviewer]):
            return reviews.vote(asked, accept=accept, reason=reason)

    def accepted(self, days: int = 100) -> str:
        application = self.apply(days)
        assert self.vote() == "accepted"
        return application

    def role(self) -> str:
        with database().reading():
            return session().exec(select(PractitionerRole.id).where(PractitionerRole.practitioner_id == self.person_id)).one()

    def may(self) -> bool:
        with database().reading():
            return standing.may(self.person_id)

    def mails(self) -> list[str]:
        with database().reading():
            return sorted(session().exec(select(NotificationRow.template)))


@pytest.fixture
def committee(installation: Callable[..., Toubib], now: FixedClock) -> Committee:
    return _committee(installation, now)


@pytest.fixture
def two(installation: Callable[..., Toubib], now: FixedClock) -> Committee:
    return _committee(installation, now, reviewers=2)


def _committee(installation: Callable[..., Toubib], now: FixedClock, **settings: object) -> Committee:
    installation(
        "credentialing",
        journeys={"booked": {"steps": []}},
        rules={"standing": ["credentialing"]},
        settings={"credentialing": settings},
    )
    with database().unit_of_work():
        made = practice()
        session().get_one(Organisation, made.organisation_id).email = "practice@praxis.test"
        person = login.account_for("noe@applicant.test", "fr").person_id
        reviewers = [_reviewer(made, f"{name}@praxis.test") for name in ("vera", "walid")]
    return Committee(made, now, person, reviewers)


def _reviewer(made: Practice, email: str) -> Actor:
    account = login.account_for(email, "en")
    session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role="reviewer"))
    return Actor(ActorKind.USER, account.id, account.person_id, (Role("reviewer", made.organisation_id),), strong=True)


@contextmanager
def refusal(words: str) -> Iterator[None]:
    with pytest.raises(ContractError) as caught:
        yield
    assert words in caught.value.message.key


@pytest.mark.feature("ADVICE-04:b", "ADVICE-04:c")
def test_only_an_accepted_applicant_enters_the_directory_and_may_act(committee: Committee) -> None:
    committee.apply()
    with database().reading():
        assert [card.practitioner_id for card in directory.bookable()] == []
        assert session().exec(select(PractitionerRole).where(PractitionerRole.practitioner_id == committee.person_id)).all() == []
    assert committee.vote() == "accepted"
    with database().reading():
        card = directory.bookable()[0]
        assert (card.practitioner_id, card.registry_number, card.slug) == (committee.person_id, CLAIM.registry_number, "dr-noe-essai")
    assert committee.mails().count("credentialing.decided") == 1


@pytest.mark.feature("ADVICE-04:b")
def test_a_refusal_needs_its_reason_and_leaves_nobody_in_the_directory(committee: Committee) -> None:
    application = committee.apply()
    with refusal("Write the reason"):
        committee.vote(accept=False, reason="  ")
    assert committee.vote(accept=False, reason="The insurance is not readable.") == "refused"
    with database().reading():
        assert session().get_one(Application, application).state == "refused"
        assert directory.bookable() == []
    assert committee.apply() != application


def test_nobody_decides_on_themselves_and_only_reviewers_of_the_house_do(committee: Committee) -> None:
    committee.apply()
    own = Actor(ActorKind.USER, "x", committee.person_id, committee.reviewers[0].roles, strong=True)
    weak = Actor(ActorKind.USER, committee.reviewers[0].id, committee.reviewers[0].person_id, committee.reviewers[0].roles)
    elsewhere = Actor(ActorKind.USER, "y", committee.reviewers[0].person_id, (Role("reviewer", "another"),), strong=True)
    for actor, words in ((own, "themselves"), (weak, "Only the reviewers"), (elsewhere, "Only the reviewers")):
        committee.reviewers[0] = actor
        with refusal(words):
            committee.vote()
    assert not committee.may()


@pytest.mark.feature("ADVICE-04:b")
def test_two_different_reviewers_must_accept_where_the_deployment_asks(two: Committee) -> None:
    two.apply()
    assert two.vote(0) == ""
    with refusal("already"):
        two.vote(0)
    assert not two.may()
    assert two.vote(1) == "accepted"
    assert two.may()


def test_one_of_two_is_enough_to_refuse(two: Committee) -> None:
    two.apply()
    question = two.question()
    assert two.vote(0) == ""
    assert two.vote(1, accept=False, reason="No.") == "refused"
    with refusal("decided meanwhile"):
        two.vote(0, question=question)


def _race(committee: Committee, *reviewers: int) -> list[str]:
    """The votes of these reviewers at one instant, and what came of each."""
    question, together = committee.question(), Barrier(len(reviewers))

    def one(number: int) -> str:
        together.wait(timeout=30)
        try:
            return committee.vote(number, question=question)
        except ContractError as error:
            return error.message.key

    with ThreadPoolExecutor(len(reviewers)) as pool:
        return sorted(pool.map(one, reviewers))


def test_one_reviewer_clicking_many_times_at_once_is_one_vote(two: Committee) -> None:
    two.apply()
    outcomes = _race(two, *[0] * 8)
    assert outcomes.count("") == 1
    assert "accepted" not in outcomes
    assert not two.may()
    with database().reading():
        assert len(session().exec(select(Vote)).all()) == 1


def test_two_reviewers_at_once_decide_once(two: Committee) -> None:
    two.apply()
    assert _race(two, 0, 1) == ["", "accepted"]
    with database().reading():
        assert len(session().exec(select(PractitionerRole).where(PractitionerRole.practitioner_id == two.person_id)).all()) == 1
        assert len(standing.history(two.person_id)) == 1


def test_a_person_applies_once_even_twice_at_once(committee: Committee) -> None:
    together = Barrier(4)

    def one(_number: int) -> str:
        files = committee.files()
        together.wait(timeout=30)
        try:
            with database().unit_of_work():
                return applications.submit(committee.person_id, CLAIM, files)
        except ContractError:
            return ""

    with ThreadPoolExecutor(4) as pool:
        assert len([found for found in pool.map(one, range(4)) if found]) == 1


@pytest.mark.feature("ADVICE-04:a", "ADVICE-04:c")
def test_the_end_of_the_insurance_bars_by_the_clock_with_no_job(committee: Committee) -> None:
    committee.accepted(days=10)
    committee.now.advance(timedelta(days=10, hours=13, minutes=59))
    assert committee.may()
    committee.now.advance(timedelta(minutes=1))
    assert not committee.may()


@pytest.mark.feature("ADVICE-04:c")
@pytest.mark.parametrize("how", ["expired", "suspended", "withdrawn"])
def test_who_may_not_act_is_not_found_booked_admitted_answering_or_prescribing_from_that_instant(committee: Committee, how: str) -> None:
    application = committee.accepted(days=1)
    role_id = committee.role()
    with database().unit_of_work():
        visit = booked(Practice(committee.made.organisation_id, committee.person_id, role_id), clock.now() + timedelta(days=1, hours=15))
        assert [card.id for card in directory.bookable()] == [role_id]
        assert all(journey.guard(command, journey.view(visit.encounter_id)) is None for command in Command)
        assert standing.may(committee.person_id, standing.ANSWER)
    _bar(committee, application, how)
    with database().unit_of_work():
        assert directory.bookable() == []
        assert directory.by_slug("dr-noe-essai") == []
        assert not directory.receives(role_id)
        assert {c for c in Command if journey.guard(c, journey.view(visit.encounter_id)) == standing.BARRED} == standing.COMMANDS
        assert care.arrive(visit.encounter_id) is None
        assert care.admit(visit.encounter_id, AdmissionLine(True, "FR", "Lyon", "01 99 00 00 01")) == standing.BARRED
        assert not standing.may(committee.person_id, standing.ANSWER)
        draft = prescriptions.draft(visit.encounter_id)
        prescriptions.set_lines(draft, [LINE])
        assert prescriptions.issue(draft) == standing.BARRED
        assert [v.practitioner for v in coming.affected([committee.made.organisation_id])] == [CLAIM.name]
        assert coming.affected(["another"]) == []


def _bar(committee: Committee, application: str, how: str) -> None:
    if how == "expired":
        committee.now.advance(timedelta(days=1, hours=14))
    elif how == "suspended":
        with database().unit_of_work(committee.reviewers[0]):
            reviews.suspend(application, "Complaint under inquiry.")
        assert committee.mails().count("credentialing.visits") == 1
    else:
        with database().unit_of_work():
            applications.withdraw(committee.person_id)


def test_a_suspension_ends_by_a_decision_only(two: Committee) -> None:
    application = two.apply()
    assert (two.vote(0), two.vote(1)) == ("", "accepted")
    with database().unit_of_work(two.reviewers[0]):
        reviews.suspend(application, "Complaint under inquiry.")
    two.now.advance(timedelta(days=1))
    assert not two.may()
    with database().unit_of_work(two.reviewers[0]):
        applications.ask_back(application)
    assert (two.vote(0), two.may()) == ("", False)
    assert (two.vote(1), two.may()) == ("accepted", True)


@pytest.mark.feature("ADVICE-04:a")
def test_a_newer_document_prolongs_only_once_it_was_accepted(committee: Committee) -> None:
    application = committee.accepted(days=10)
    newer = committee.files(days=40)[1]
    with database().unit_of_work():
        applications.renew(committee.person_id, newer)
    with database().unit_of_work(), refusal("waits for its decision"):
        applications.renew(committee.person_id, newer)
    committee.now.advance(timedelta(days=12))
    assert not committee.may()
    assert committee.vote() == "accepted"
    assert committee.may()
    with database().reading():
        assert applications.ends_on(application) == date(2026, 4, 11)


@pytest.mark.feature("ADVICE-04:a")
def test_an_end_is_announced_once_for_each_threshold_to_practitioner_and_reviewers(committee: Committee) -> None:
    committee.accepted(days=61)
    said = []
    for days in (0, 1, 1, 30, 22, 6, 1, 1):
        committee.now.advance(timedelta(days=days))
        announcing.announce({})
        announcing.announce({})
        with database().reading():
            said.append(sorted(session().exec(select(Announcement.days)), reverse=True))
    assert said == [[], [60], [60], [60, 30], [60, 30, 7], [60, 30, 7], [60, 30, 7], [60, 30, 7, 0]]
    told = committee.mails()
    assert (told.count("credentialing.ending"), told.count("credentialing.ending_for_reviewers")) == (3, 6)
    assert (told.count("credentialing.ended"), told.count("credentialing.ended_for_reviewers")) == (1, 2)


def test_an_end_that_cannot_be_announced_keeps_no_other_quiet(committee: Committee) -> None:
    first = committee.accepted(days=61)
    with database().unit_of_work():
        committee.person_id = login.account_for("orla@applicant.test", "fr").person_id
    files = committee.files(days=61)
    with database().unit_of_work():
        second = applications.submit(committee.person_id, replace(CLAIM, registry_number="10000001900"), files)
    committee.vote()
    committee.now.advance(timedelta(days=5))
    for broken, told in ((first, second), (second, first)):
        with database().unit_of_work():
            for announcement in session().exec(select(Announcement)):
                session().delete(announcement)
            session().get_one(Application, broken).locale = "zz"
            session().get_one(Application, told).locale = "fr"
        announcing.announce({})
        with database().reading():
            assert list(session().exec(select(Announcement.application_id))) == [told]


def test_what_was_decided_on_somebody_is_theirs_to_take_away_and_who_decided_is_not(committee: Committee) -> None:
    committee.accepted()
    with database().reading():
        items = list(CredentialingData().export(committee.person_id))
    assert sum(item.table == "credentialing_question" for item in items) == 1
    assert [OK in item.content for item in items if item.table == "credentialing_vote"] == [True]
    assert str(committee.reviewers[0].person_id) not in "".join(item.content for item in items)


def test_a_late_worker_announces_the_nearest_threshold_only(committee: Committee) -> None:
    committee.accepted(days=61)
    committee.now.advance(timedelta(days=56))
    announcing.announce({})
    with database().reading():
        assert list(session().exec(select(Announcement.days))) == [7]


def test_a_number_that_somebody_else_uses_is_not_accepted_unseen(committee: Committee) -> None:
    committee.accepted()
    files = committee.files()
    with database().unit_of_work():
        other = login.account_for("impostor@applicant.test", "fr").person_id
        applications.submit(other, CLAIM, files)
    with refusal("registered under this number"):
        committee.vote()
    with database().reading():
        assert not standing.may(other)


def test_without_the_rule_the_operators_word_still_counts(installation: Callable[..., Toubib], now: FixedClock) -> None:
    installation("credentialing")
    with database().unit_of_work():
        made = practice()
        assert now.now().tzinfo
        assert standing.may(made.practitioner_id)
