"""Sections of a copy of a person's data: consents, answers, restrictions, objections and acknowledgements."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext_lazy as _

from consent.consents.models import (
    Consent,
    ConsentEvent,
    ConsentEvidence,
    Objection,
    PolicyAcknowledgement,
    Restriction,
)
from paktaleem.directory.people.copies.sections import (
    ACTOR,
    ADDED,
    ENDS,
    EXPIRES,
    GIVEN_BY,
    LANGUAGE,
    METHOD,
    PART,
    PURPOSE,
    REASON,
    RECORDED,
    STARTS,
    STATE,
    Column,
    Reader,
    Section,
    Source,
    StoredFile,
    ValueKind,
    get_actor,
    get_part,
    open_column,
    table_section,
)

_EVIDENCE = "consent_evidence"
_PAIR = ("subject", "guardian")
_CLAIMED = Column("claimed_at", _("Collected, as stated"), ValueKind.TIME)


def list_consent_sections() -> Sequence[Section]:
    """List the sections of consents and of limits to processing."""
    return (_consents(), _answers(), *_limits(), *_proofs())


def _consents() -> Section:
    columns: list[tuple[Column, Source]] = [
        (PART, get_part(*_PAIR)),
        (PURPOSE, "purpose__code"),
        (STATE, "state"),
        (GIVEN_BY, "given_by"),
        (RECORDED, "recorded_at"),
        (EXPIRES, "expires_at"),
    ]
    return table_section("consents", _("Your consents"), Consent, columns, of=_PAIR)


def _answers() -> Section:
    columns: list[tuple[Column, Source]] = [
        (PART, get_part(*_PAIR)),
        (PURPOSE, "purpose__code"),
        (Column("answer", _("Answer")), "state"),
        (GIVEN_BY, "given_by"),
        (METHOD, "method"),
        (LANGUAGE, "language"),
        (REASON, "reason"),
        (_CLAIMED, "claimed_at"),
        (RECORDED, "recorded_at"),
        (EXPIRES, "expires_at"),
        (ACTOR, get_actor),
    ]
    title = _("Your answers about purposes")
    return table_section("answers", title, ConsentEvent, columns, of=_PAIR, is_provided=True)


def _limits() -> Sequence[Section]:
    period: list[tuple[Column, Source]] = [(PURPOSE, "purpose_code"), (STARTS, "starts_at"), (ENDS, "ends_at")]
    return (
        table_section("restrictions", _("Restrictions of processing"), Restriction, period),
        table_section("objections", _("Objections"), Objection, period),
    )


def _proofs() -> Sequence[Section]:
    return (
        table_section(
            "acknowledgements",
            _("Acknowledgements of the privacy policy"),
            PolicyAcknowledgement,
            [(METHOD, "method"), (LANGUAGE, "language"), (_CLAIMED, "claimed_at"), (RECORDED, "recorded_at")],
        ),
        table_section(
            _EVIDENCE,
            _("Evidence of your answers"),
            ConsentEvidence,
            [
                (Column("reference", _("Where it is kept")), open_column("reference")),
                (Column("has_file", _("With a file"), ValueKind.YES_NO), lambda row, _reader: row.file_id is not None),
                (ADDED, "added_at"),
                (ACTOR, get_actor),
            ],
        ),
    )


def list_evidence_files(reader: Reader) -> Iterator[StoredFile]:
    """List the files, such as signed forms, of the answers that the recipient of the copy gave.

    A form that another person signed shows their name and signature, and is left out (GDPR Art. 15(4)).
    """
    own = ConsentEvidence.objects.filter(
        client_id=reader.subject.client_id, subject=reader.subject, event__guardian=reader.guardian_id
    )
    for row in own.exclude(file=None).select_related("file__subject", "event__purpose").order_by("pk"):
        yield StoredFile(_EVIDENCE, row.event.purpose.code, row.file)
