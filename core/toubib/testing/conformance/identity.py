"""What every identity provider must do. A plugin's test inherits the class and gives a provider with a session that it opened:

class TestOidc(IdentityProviderContract):
    @pytest.fixture
    def subject(self, ...) -> IdentitySubject:
        return IdentitySubject(house, session_id=..., dismiss=..., silence=...)

`dismiss` makes the house no longer answer for whoever opened the session, `silence` makes it answer nothing at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from toubib.contracts.identity import Audience, IdentityLevel, IdentityProvider, ProviderSilent
from toubib.db import UnitOfWorkOpen, database

LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True)
class IdentitySubject:
    """The provider under test, and a session that it opened in the running installation."""

    provider: IdentityProvider
    session_id: str
    dismiss: Callable[[], object]
    silence: Callable[[], object]


class IdentityProviderContract:
    """The promises of `toubib.contracts.identity.IdentityProvider`."""

    @pytest.fixture
    def subject(self) -> IdentitySubject:
        """The provider under test; to be overridden."""
        raise NotImplementedError("give the fixture `subject`")

    def test_says_who_it_is_and_where_signing_in_begins(self, subject: IdentitySubject) -> None:
        provider = subject.provider
        owner, _dot, key = provider.name.partition(".")
        assert owner
        assert key
        assert provider.title
        assert all(provider.title.values())
        assert provider.path.startswith(f"/{owner}/")

    def test_staff_come_with_organisations_and_patients_without(self, subject: IdentitySubject) -> None:
        provider = subject.provider
        assert bool(provider.organisations) == (provider.audience is Audience.STAFF)
        assert provider.audience is Audience.PATIENTS or not provider.countries
        assert all(len(code) == 2 and code.isupper() for code in provider.countries)

    def test_asked_again_it_speaks_of_the_same_person(self, subject: IdentitySubject) -> None:
        first, second = (subject.provider.look_again(subject.session_id) for _ in range(2))
        assert first is not None
        assert second is not None
        assert first.issuer
        assert (first.issuer, first.subject) == (second.issuer, second.subject)
        assert first.level in (IdentityLevel.MAIL, IdentityLevel.VERIFIED)
        assert {role.organisation for role in first.roles} <= subject.provider.organisations

    def test_it_answers_for_nobody_who_left(self, subject: IdentitySubject) -> None:
        subject.dismiss()
        assert subject.provider.look_again(subject.session_id) is None

    def test_it_answers_for_no_session_that_it_did_not_open(self, subject: IdentitySubject) -> None:
        assert subject.provider.look_again("0" * 32) is None
        assert subject.provider.leaving("0" * 32) is None

    def test_silence_is_no_refusal(self, subject: IdentitySubject) -> None:
        subject.silence()
        with pytest.raises(ProviderSilent):
            subject.provider.look_again(subject.session_id)

    def test_it_asks_nobody_inside_a_unit_of_work(self, subject: IdentitySubject) -> None:
        with database().unit_of_work(), pytest.raises(UnitOfWorkOpen):
            subject.provider.look_again(subject.session_id)

    def test_signing_out_there_too_is_an_encrypted_address(self, subject: IdentitySubject) -> None:
        way = subject.provider.leaving(subject.session_id)
        if way is None:
            return
        address = urlsplit(way.url)
        assert address.scheme == "https" or address.hostname in LOOPBACK
        assert all(name for name, _value in way.fields)
        assert not address.query, "what is said of somebody is posted, never written in an address"
