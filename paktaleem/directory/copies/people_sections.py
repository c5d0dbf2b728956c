"""Sections of the apps below: details, age, account, access to them, and the ledger."""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.copies.sections import (
    ACTOR,
    ENDS,
    KIND,
    LANGUAGE,
    PART,
    REASON,
    RECORDED,
    RELATIONSHIP,
    REQUESTED,
    SETTLED,
    STARTS,
    STATE,
    Column,
    Reader,
    Section,
    Source,
    Value,
    ValueKind,
    get_actor,
    get_part,
    open_column,
    table_section,
)
from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.directory.people.fields import PERSONAL_FIELDS
from paktaleem.directory.people.models import AccessRecord, GuardianClaim, Subject, SubjectEvent
from paktaleem.foundation.audit.acts import ACT_NAMES
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen


def _open_if_possible(source: Any) -> Callable[[Any, Reader], Value]:
    """Return a source that is None for a value sealed under an earlier key of a person who was registered again."""

    def read(row: Any, reader: Reader) -> Value:
        try:
            found: Value = source(row, reader)
        except CannotOpen:
            return None
        return found

    return read


_COUNTRY = Column("country", _("Country of residence"))
_GRADE = Column("grade", _("Grade"))
_CHANGED = Column("changed_at", _("Changed"), ValueKind.TIME)
_VALUES: list[tuple[Column, Source]] = [
    (Column(one.name, _(one.label)), open_column(one.name, column=f"subjects_subject.{one.name}"))
    for one in PERSONAL_FIELDS
]
_EARLIER: list[tuple[Column, Source]] = [(column, _open_if_possible(source)) for column, source in _VALUES]
_ACTS = {kind: _(name) for kind, name in ACT_NAMES.items()}


def list_own_sections() -> Sequence[Section]:
    """List the sections of people, and of the ledger, which knows no people itself."""
    return (_details(), _account(), _earlier_details(), *_age_and_guardians(), *_traces())


def _details() -> Section:
    columns: list[tuple[Column, Source]] = [
        (Column("external_id", _("LMS id")), "external_id"),
        *_VALUES,
        (LANGUAGE, "language"),
        (_COUNTRY, "country"),
        (_GRADE, "grade"),
    ]
    return table_section("details", _("Your details"), Subject, columns, of=("id",), is_provided=True)


def _of_age_on(row: Any, _reader: Reader) -> Value:
    """Return the day of the age of consent, in the client's zone; None for adults, of whom no day is stored."""
    if row.of_age_at is None or row.of_age_at == ADULT_SENTINEL:
        return None
    day: str = row.of_age_at.astimezone(ZoneInfo(row.client.time_zone)).date().isoformat()
    return day


def _other_roles(row: Any, _reader: Reader) -> Value:
    """Return the roles besides the main one; None if there are none."""
    return ", ".join(row.other_roles) or None


def _account() -> Section:
    columns: list[tuple[Column, Source]] = [
        (Column("role", _("Role")), "role"),
        (Column("other_roles", _("Other roles")), _other_roles),
        (Column("is_enabled", _("Account enabled"), ValueKind.YES_NO), "is_enabled"),
        (Column("registered_at", _("Registered"), ValueKind.TIME), "registered_at"),
        (_CHANGED, "changed_at"),
        (Column("account_closed_at", _("Account closed"), ValueKind.TIME), "account_closed_at"),
        (Column("of_age_on", _("Of age from"), ValueKind.DAY), _of_age_on),
    ]
    return table_section("account", _("Your account"), Subject, columns, of=("id",))


def _earlier_details() -> Section:
    history: Any = Subject.history.model
    columns: list[tuple[Column, Source]] = [
        (_CHANGED, "history_date"),
        *_EARLIER,
        (LANGUAGE, "language"),
        (_COUNTRY, "country"),
        (_GRADE, "grade"),
        (ACTOR, get_actor),
    ]
    return table_section("earlier_details", _("Earlier versions of your details"), history, columns, of=("id",))


def _age_and_guardians() -> Sequence[Section]:
    return (
        table_section(
            "age_changes",
            _("Proposed changes of your age"),
            AgeChange,
            [
                (Column("proposal", _("Proposal")), open_column("proposal")),
                (Column("route", _("Channel")), "route"),
                (STATE, "state"),
                (REQUESTED, "requested_at"),
                (SETTLED, "settled_at"),
            ],
        ),
        table_section(
            "guardian_claims",
            _("Guardians claimed by the roster"),
            GuardianClaim,
            [
                (PART, get_part("child", "guardian")),
                (RELATIONSHIP, "relationship"),
                (STARTS, "starts_at"),
                (ENDS, "ends_at"),
            ],
            of=("child", "guardian"),
        ),
    )


def _traces() -> Sequence[Section]:
    return (
        table_section(
            "account_events",
            _("Events of your account"),
            SubjectEvent,
            [
                (KIND, "kind"),
                (Column("happened_at", _("Happened"), ValueKind.TIME), "happened_at"),
                (RECORDED, "recorded_at"),
                (ACTOR, get_actor),
            ],
        ),
        table_section(
            "access_records",
            _("Who looked at your data"),
            AccessRecord,
            [
                (Column("looked_at", _("Looked at"), ValueKind.TIME), "looked_at"),
                (REASON, "reason"),
                (Column("fields", _("Fields shown")), "fields"),
                (ACTOR, get_actor),
            ],
        ),
        table_section(
            "ledger",
            _("What was done with your data"),
            Entry,
            [
                (RECORDED, "recorded_at"),
                (Column("act", _("Act"), labels=_ACTS), "kind"),
                (ACTOR, get_actor),
            ],
            of=("subject_id",),
        ),
    )
