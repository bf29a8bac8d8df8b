"""The operator's word on practitioners and roles, by commands as processes of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.db import database
from toubib.runtime import Toubib
from toubib.services import standing
from toubib.testing.commands import Site
from toubib.testing.practices import Practice, practice


@pytest.fixture
def made(installation: Callable[..., Toubib]) -> Practice:
    """A practice whose practitioner may act."""
    installation("sponsor")
    with database().unit_of_work():
        return practice()


@pytest.fixture
def site(made: Practice, tmp_path: Path, database_url: str) -> Site:
    """The same installation, by commands."""
    assert made.role_id
    return Site.laid_out(tmp_path, database_url, "sponsor")


def may(made: Practice) -> bool:
    with database().reading():
        return standing.may(made.practitioner_id)


def test_an_operator_suspends_and_lets_act_again(site: Site, made: Practice) -> None:
    assert site.done("standing", "say", "praxis-dr", "suspended", "--reason", "left") == "Dr Praxis may not act (practise)\n"
    assert not may(made)
    told = site.done("standing", "show", "praxis-dr").splitlines()
    assert (told[-1], "suspended (operator) left" in told[0], len(told)) == ("may not act", True, 3)
    assert "may act" in site.done("standing", "say", "praxis-dr", "good", "--until", "2099-01-01T00:00:00+01:00", "--reason", "back")
    assert may(made)


def test_nobody_is_judged_who_does_not_exist_and_no_role_is_invented(site: Site) -> None:
    missed = site.run("standing", "say", "nobody", "suspended", "--reason", "test")
    assert (missed.returncode, "there is no practitioner 'nobody'" in missed.stderr) == (1, True)
    wrong = site.run("user", "add", "a@desk.test", "praxis", "--role", "wizard")
    assert "choose one of administrator, reviewer, secretary, sponsor_desk" in wrong.stderr
    assert site.done("user", "add", "a@desk.test", "praxis", "--role", "sponsor_desk") == "a@desk.test is now sponsor_desk of praxis\n"


def test_an_administrator_is_told_while_nobody_is_said_to_run_the_installation(site: Site) -> None:
    assert site.done("user", "add", "a@desk.test", "praxis") == "a@desk.test is now administrator of praxis\n"
    with database().unit_of_work():
        practice("other")
    assert "Nobody opens /admin yet" in site.done("user", "add", "b@desk.test", "praxis")
