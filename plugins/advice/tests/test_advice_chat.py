"""The chat by the minute: what runs the meter, what stops it, and that the bill is what it showed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from toubib import runtime
from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import database, session
from toubib.db.tables.machinery import JobRow
from toubib.db.tables.money import ChargeItem
from toubib.db.tables.room import ChatMessage, Segment
from toubib.seams.clock import FixedClock
from toubib.services import ledger, meter
from toubib.testing import books
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib_advice import chatting
from toubib_advice.trial import Trial, options

MINUTE = timedelta(minutes=1)


@pytest.fixture
def trial(app: Callable[..., Flask], now: FixedClock) -> Trial:
    application, provider = app("advice", **options()), MemoryProvider()
    use_memory_payments(runtime.current(), provider)
    return Trial.opened(application, provider, now, runtime.current().jobs)


def begun(trial: Trial, cap: int = 5) -> str:
    """A chat in which both have just come."""
    encounter = trial.paid("chat", cap=str(cap))
    trial.take(encounter)
    both(trial, encounter)
    return encounter


def both(trial: Trial, encounter: str, seconds: int = 0) -> str:
    """Let time pass with a sign of life of both at least every forty seconds; what the patient's meter shows at the end."""
    while seconds > 0:
        trial.clock.advance(timedelta(seconds=min(40, seconds)))
        seconds -= 40
        alive(trial, encounter, "practitioner")
        alive(trial, encounter, "patient")
    trial.see(f"/advice/questions/{encounter}/live", trial.doctors[0])
    return trial.see(f"/advice/{encounter}/live")


def alive(trial: Trial, encounter: str, who: str) -> None:
    """A sign of life of one side, without its page."""
    role = f"practitioner-{trial.made.role_id}" if who == "practitioner" else f"patient-{trial.person_id}"
    with database().unit_of_work():
        chatting.here(encounter, Participant(role, ParticipantRole(who), ""))


def billed(encounter: str) -> tuple[int, int]:
    """Minutes and their price, as frozen."""
    with database().reading():
        row = session().exec(select(ChargeItem).where(ChargeItem.encounter_id == encounter)).one()
        return row.qty, row.charged_minor


def metered(encounter: str) -> timedelta:
    """What the segments say."""
    with database().reading():
        return meter.total_of(encounter)


@pytest.mark.feature("ADVICE-03:a", "ADVICE-03:b", "PAY-10:a")
def test_the_bill_is_what_the_meter_showed(trial: Trial) -> None:
    encounter = begun(trial)
    assert trial.money(encounter) == ("secured", 0, 5 * 199)
    shown = both(trial, encounter, 125)
    assert all(words in shown for words in ("2 min 05 s", "billed as 3 min", "€5.97", "The meter runs", "Stops by itself at 5 min, €9.95"))
    assert "€5.97" in trial.see(f"/advice/questions/{encounter}", trial.doctors[0])
    assert "each minute begun counts as one" in trial.see(f"/advice/{encounter}")
    page = f"/advice/{encounter}"
    assert trial.post(f"{page}/stop", page).status_code == 303
    trial.work()
    assert billed(encounter) == (3, 199)
    assert metered(encounter) == timedelta(seconds=125)
    assert trial.money(encounter) == ("settled", 597, 0)
    assert sum(trial.shares(encounter).values()) == 597
    over = trial.see(page)
    assert "billed as 3 min" in over
    assert "Charged: €5.97" in over
    with database().reading():
        revenue = [b.balance.minor for b in ledger.balances(trial.made.organisation_id) if b.account.kind == ledger.REVENUE]
        assert list(books.papers_and_books().values()) == [(597, 597)], "the minutes are invoiced to the cent"
    assert revenue == [0]


@pytest.mark.feature("ADVICE-03:c")
def test_it_stops_by_itself_at_the_limit_however_late_anybody_looks(trial: Trial) -> None:
    encounter = begun(trial)
    both(trial, encounter, 280)
    trial.clock.advance(timedelta(seconds=40))
    trial.see(f"/advice/{encounter}/live")
    trial.work()
    assert metered(encounter) == 5 * MINUTE
    assert trial.money(encounter) == ("settled", 995, 0)
    assert "The chat is over" in trial.see(f"/advice/{encounter}")
    assert trial.post(f"/advice/{encounter}/say", "/advice/", message="More?").status_code == 409


def test_a_line_that_comes_after_the_limit_ends_the_chat_and_is_not_kept(trial: Trial) -> None:
    encounter = begun(trial)
    both(trial, encounter, 280)
    trial.clock.advance(timedelta(seconds=40))
    assert trial.post(f"/advice/{encounter}/say", "/advice/", message="One more thing").status_code == 409
    trial.work()
    assert trial.money(encounter) == ("settled", 995, 0)
    with database().reading():
        assert session().exec(select(ChatMessage)).all() == []


def test_a_written_question_has_no_chat(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    assert trial.post(f"/advice/{encounter}/say", "/advice/", message="Hello?").status_code == 409


@pytest.mark.parametrize("who", ["patient", "practitioner"])
def test_either_stops_it_and_stopping_twice_changes_nothing(trial: Trial, who: str) -> None:
    encounter = begun(trial)
    both(trial, encounter, 30)
    page, client = (f"/advice/{encounter}", trial.patient) if who == "patient" else (f"/advice/questions/{encounter}", trial.doctors[0])
    assert trial.post(f"{page}/stop", page, client).status_code == 303
    trial.clock.advance(MINUTE)
    assert trial.post(f"{page}/stop", "/advice/", client).status_code == 303
    trial.work()
    assert trial.money(encounter) == ("settled", 199, 0)


def test_a_closed_tab_stops_the_meter_at_its_last_sign_of_life(trial: Trial) -> None:
    encounter = begun(trial, cap=20)
    both(trial, encounter, 60)
    for _ in range(12):
        trial.clock.advance(timedelta(seconds=25))
        alive(trial, encounter, "practitioner")
        trial.work()
    assert metered(encounter) == MINUTE
    assert billed(encounter) == (1, 199)
    assert trial.money(encounter) == ("settled", 199, 0)


def test_who_comes_back_goes_on_and_the_time_between_is_not_counted(trial: Trial) -> None:
    encounter = begun(trial, cap=20)
    both(trial, encounter, 30)
    trial.clock.advance(2 * MINUTE)
    assert "The meter runs" in both(trial, encounter)
    both(trial, encounter, 20)
    page = f"/advice/{encounter}"
    trial.post(f"{page}/stop", page)
    assert metered(encounter) == timedelta(seconds=50)
    assert billed(encounter) == (1, 199)


def test_only_both_together_run_it(trial: Trial) -> None:
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    for _ in range(3):
        trial.clock.advance(timedelta(seconds=20))
        trial.see(f"/advice/questions/{encounter}/live", trial.doctors[0])
    assert metered(encounter) == timedelta()
    page = f"/advice/{encounter}"
    trial.post(f"{page}/cancel", "/advice/")
    trial.work()
    assert trial.money(encounter) == ("cancelled", 0, 0)


@pytest.mark.feature("ADVICE-02:b")
def test_a_chat_to_which_nobody_came_costs_nothing(trial: Trial) -> None:
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    trial.work(minutes=10)
    assert encounter in trial.see("/advice/questions", trial.doctors[1])
    trial.work(minutes=5)
    trial.work()
    assert trial.money(encounter) == ("cancelled", 0, 0)


def test_lines_reach_the_other_side_and_never_the_name(trial: Trial) -> None:
    encounter = trial.paid("chat", cap="5", pseudonym="1")
    trial.take(encounter)
    both(trial, encounter)
    page, theirs = f"/advice/{encounter}", f"/advice/questions/{encounter}"
    assert trial.post(f"{page}/say", page, message="Does it need ice?").status_code == 303
    assert trial.post(f"{theirs}/say", theirs, trial.doctors[0], message="For ten minutes.").status_code == 303
    assert "For ten minutes." in trial.see(f"{page}/live")
    seen = trial.see(f"{theirs}/live", trial.doctors[0])
    assert "Does it need ice?" in seen
    assert "Odile" not in seen
    assert trial.doctors[1].get(f"{theirs}/live").status_code == 404


def test_without_a_script_a_reload_is_a_sign_of_life(trial: Trial) -> None:
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    for _ in range(4):
        trial.see(f"/advice/{encounter}")
        trial.see(f"/advice/questions/{encounter}", trial.doctors[0])
        trial.clock.advance(timedelta(seconds=20))
    assert "1 min 20 s" in trial.see(f"/advice/{encounter}")


PAUSES = st.lists(st.tuples(st.sampled_from(["patient", "practitioner", "both", "job"]), st.integers(1, 90_000)), max_size=25)


@pytest.mark.feature("ADVICE-03:c", "PAY-10:a")
def test_any_signs_of_life_are_billed_as_a_plain_calculation_says(trial: Trial) -> None:
    """Against a reference that knows no rows: the time during which the last sign of both is younger than the silence."""

    @settings(max_examples=5, deadline=None, derandomize=True, database=None)
    @given(PAUSES)
    def check(signs: list[tuple[str, int]]) -> None:
        encounter = trial.paid("chat", cap="5")
        trial.take(encounter)
        expected = played(trial, encounter, signs)
        assert metered(encounter) == expected
        minutes = meter.minutes_begun(expected)
        assert minutes == -(-int(expected / timedelta(milliseconds=1)) // 60_000)
        status, paid, _ = trial.money(encounter)
        assert (status, paid) == (("settled", 199 * minutes) if minutes else ("cancelled", 0))

    check()


def played(trial: Trial, encounter: str, signs: list[tuple[str, int]]) -> timedelta:
    """Play signs of life, then let everybody leave; what a plain calculation bills."""
    silence, limit = timedelta(seconds=45), 5 * MINUTE
    seen: dict[str, Any] = {}
    total, since = timedelta(), None
    over = False
    for who, pause in [("both", 1), *signs]:
        trial.clock.advance(timedelta(milliseconds=pause))
        at = trial.clock.now()
        if since is not None:
            end = at if min(at - v for v in seen.values()) < silence and all(at - v < silence for v in seen.values()) else min(seen.values())
            counted = max(timedelta(), end - since)
            if total + counted >= limit:
                total, over = limit, True
            elif end < at:
                total, since = total + counted, None
        for one in ("practitioner", "patient") if who == "both" else (who,):
            if one == "job":
                trial.work()
                continue
            alive(trial, encounter, one)
            seen[one] = at
        if not over and since is None and len(seen) == 2 and all(at - v < silence for v in seen.values()) and who != "job":
            since = at
        if over:
            break
    if since is not None and not over:
        total = min(limit, total + max(timedelta(), min(seen.values()) - since))
    trial.work(minutes=5)
    trial.work()
    return total


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10**10))
def test_minutes_begun_are_counted_once(microseconds: int) -> None:
    total = timedelta(microseconds=microseconds)
    minutes = meter.minutes_begun(total)
    assert (minutes - 1) * MINUTE < total <= minutes * MINUTE or (minutes == 0 and not total)


def test_rows_say_where_each_stretch_ended_and_why(trial: Trial) -> None:
    encounter = begun(trial)
    both(trial, encounter, 20)
    trial.clock.advance(2 * MINUTE)
    both(trial, encounter, 10)
    page = f"/advice/{encounter}"
    trial.post(f"{page}/stop", page)
    with database().reading():
        rows = session().exec(select(Segment).order_by("started_at")).all()
        assert [(row.modality, row.reason) for row in rows] == [("text", "gone"), ("text", "stopped by patient")]
        assert session().exec(select(JobRow).where(JobRow.state == "dead")).first() is None
