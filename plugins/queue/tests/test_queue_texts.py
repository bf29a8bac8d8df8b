"""Texts: four complete catalogues, each entry with its state; a sign of an emergency is never shown in an unreviewed translation alone."""

from collections.abc import Callable
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask

from toubib.contracts.common import Message
from toubib.contracts.demo import DemoRole
from toubib.db import database
from toubib.i18n import Catalogues
from toubib.seams.clock import FixedClock
from toubib.testing.catalogues import faults, read
from toubib_queue import duty, lines, questions
from toubib_queue.demo import DemoDuty
from toubib_queue.privacy import QueueData
from toubib_queue.testing import World

PACKAGE = Path(questions.__file__).parent
CORE = Path(read.__code__.co_filename).parents[1]
SAFETY = [*(sign.word for sign in questions.SIGNS), questions.NO_SIGNS, questions.STOP]


@pytest.mark.parametrize("language", ["sv", "de"])
def test_swedish_and_german_are_complete(language: str) -> None:
    inherited = {language: read(CORE, language)}
    assert faults(PACKAGE, language, inherited) == []


@pytest.mark.parametrize("language", ["fr", "en", "sv", "de"])
def test_every_sign_and_answer_is_in_every_catalogue(language: str) -> None:
    words = {choice.word.key for choice in (*questions.SIGNS, *(c for asked in questions.ASKED for c in asked.choices))}
    assert len(words) > 20, "they come from a table, where the search for texts does not see them"
    known = {str(entry.id) for package in (PACKAGE, CORE) for entry in read(package, language) if entry.string}
    assert sorted(words - known) == []


@pytest.mark.parametrize("language", ["fr", "sv", "de"])
def test_every_translated_text_says_who_answers_for_it(language: str) -> None:
    with (PACKAGE / "translations" / language / "LC_MESSAGES" / "queue.po").open("rb") as file:
        entries = [message for message in read_po(file) if message.id]
    assert [m.id for m in entries if not any(c.startswith("state: ") for c in m.auto_comments)] == []


def test_an_unreviewed_sign_stands_beside_its_original(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    visitor, path = World.opened(app).browser(), "/queue/lines/now"
    assert "queue-original" not in visitor.get(path), "the original alone for whoever reads it"
    for language in ("fr", "sv", "de"):
        visitor.headers["Accept-Language"] = language
        page = visitor.get(path).replace("&#39;", "&#x27;")
        assert f'<span lang="{language}">' in page
        for text in SAFETY[:-1]:
            assert f'<span class="queue-original" lang="en">{escape(text.key)}</span>' in page, text.key
        assert f'lang="en">{questions.STOP.key}' in visitor.send(path, path, sign="breath").text


HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.mark.parametrize(("comment", "beside"), [
    ("#. state: reviewed (Dr Vera Test, 2026-11-20)\n", ""),
    ("#. state: reviewed\n", "Head"),
    ("#. state: machine\n", "Head"),
    ("", "Head"),
])  # fmt: skip
def test_only_a_named_review_lets_a_translation_stand_alone(tmp_path: Path, comment: str, beside: str) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "sv.po").write_text(f'{HEADER}{comment}msgid "Head"\nmsgstr "Huvudet"\n')
    shown = Catalogues({"queue": PACKAGE / "translations"}, texts).safety(Message("queue", "Head", {}), "sv")
    assert (shown.text, shown.language, shown.original) == ("Huvudet", "sv", beside)
    assert shown.state.by == ("Dr Vera Test" if not beside else "")


def test_a_text_that_nobody_translated_is_shown_as_the_original(tmp_path: Path) -> None:
    folder = tmp_path / "sv" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "queue.po").write_text(HEADER)
    shown = Catalogues({"queue": tmp_path}).safety(Message("queue", "Head", {}), "sv")
    assert (shown.text, shown.language, shown.original, shown.state.state) == ("Head", "en", "", "original")


def test_a_demonstration_is_open_with_somebody_on_duty(app: Callable[..., Flask], now: FixedClock) -> None:
    world = World.opened(app, on_duty=False)
    now.advance(timedelta(hours=14))
    for _ in range(2):
        DemoDuty().seed([DemoRole(world.made.role_id, "EUR", {"queue": "on duty"}), DemoRole("nobody", "EUR", {})])
    with database().reading():
        assert lines.state(lines.line("now")).open
    assert "Open now&nbsp;· somebody is free now" in world.browser().get("/queue/")


def test_duties_are_exported_and_erased(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    world = World.opened(app)
    with database().unit_of_work():
        assert [item.table for item in QueueData().export(world.made.practitioner_id)] == ["queue_duty"]
        QueueData().erase(world.made.practitioner_id)
        assert list(QueueData().export(world.made.practitioner_id)) == []
        assert duty.of(world.made.role_id) is None
