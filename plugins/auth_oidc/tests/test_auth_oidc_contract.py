"""The promises of the contract, kept with the demonstration provider as the house."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.db import database, session
from toubib.db.tables.access import AuthSession
from toubib.db.tables.directory import Practitioner
from toubib.testing.conformance.identity import IdentityProviderContract, IdentitySubject
from toubib.testing.practices import practice
from toubib_auth_oidc.double.launcher import Running, choose, provider
from toubib_auth_oidc.double.sample import DOCTOR, JEANNE, NUMBER, houses, settings


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demonstration provider, a program of its own."""
    with provider(tmp_path_factory.mktemp("provider"), houses()) as found:
        yield found


class TestHouses(IdentityProviderContract):
    """Both houses: staff with refresh tokens, patients."""

    @pytest.fixture(params=[("hospital", DOCTOR), ("national", JEANNE)], ids=lambda p: p[0])
    def subject(self, request: pytest.FixtureRequest, app: Callable[..., Flask], running: Running) -> Iterator[IdentitySubject]:
        """A house with a session that it opened just now."""
        key, person = request.param
        client = app("auth_oidc", settings={"auth_oidc": settings(running.base)}).test_client()
        with database().unit_of_work():
            session().get_one(Practitioner, practice().practitioner_id).registry_number = NUMBER
        address = urlsplit(choose(client.get(f"/auth_oidc/sign-in/{key}").location, person))
        assert client.get(f"{address.path}?{address.query}").location == "/"
        with database().reading() as reading:
            opened = reading.exec(select(AuthSession)).one().id
        yield IdentitySubject(
            runtime.current().registry.identity_providers[f"auth_oidc.{key}"],
            opened,
            dismiss=lambda: running.control(key, gone={person: True}),
            silence=lambda: running.control(key, down=True),
        )
        running.control(key, gone={person: False}, down=False)
