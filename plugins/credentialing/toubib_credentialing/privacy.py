"""What the plugin holds on persons: applications and votes. Decisions are evidence that must be kept; a refused wish need not be."""

from collections.abc import Iterable, Iterator

from sqlmodel import col, select

from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib_credentialing.models import TABLES, Application, Credential, Question, Vote


class CredentialingData:
    """Exports applications with their documents and the votes one gave; blanks applications that led to nothing."""

    name = "credentialing"
    tables = TABLES

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """Applications, documents, what was decided on them and why, and own votes. The files themselves are documents of the core."""
        for row in session().exec(select(Application).where(Application.person_id == person_id)):
            yield ExportedItem("credentialing_application", row.id, row.model_dump_json())
            for proof in session().exec(select(Credential).where(Credential.application_id == row.id)):
                yield ExportedItem("credentialing_credential", proof.id, proof.model_dump_json())
            yield from _decided(row.id)
        for vote in session().exec(select(Vote).where(Vote.reviewer_id == person_id)):
            yield ExportedItem("credentialing_vote", vote.id, vote.model_dump_json())

    def erase(self, person_id: str) -> None:
        """Blank names and numbers of refused and withdrawn applications; who practised here stays on record."""
        query = select(Application).where(Application.person_id == person_id, col(Application.state).in_(("refused", "withdrawn")))
        for row in session().exec(query):
            row.display_name = row.title = row.registry_number = ""
        session().flush()


def _decided(application_id: str) -> Iterator[ExportedItem]:
    """What reviewers were asked about somebody and answered; who the reviewers are is theirs."""
    for question in session().exec(select(Question).where(Question.application_id == application_id)):
        yield ExportedItem("credentialing_question", question.id, question.model_dump_json())
        for vote in session().exec(select(Vote).where(Vote.question_id == question.id)):
            yield ExportedItem("credentialing_vote", vote.id, vote.model_dump_json(exclude={"reviewer_id"}))
