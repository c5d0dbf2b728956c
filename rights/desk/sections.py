"""Sections of a copy of a person's data: letters of staff, their tasks about requests, and authorities' cases."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    ACTOR,
    ADDED,
    LANGUAGE,
    RECORDED,
    SENT,
    TEXT,
    Column,
    Section,
    ValueKind,
    get_actor,
    table_section,
)
from rights.desk.models import AuthorityCase, RequestLetter, RequestTask
from rights.requests.sections import OF_REQUEST, REQUEST, open_request_text


def list_desk_sections() -> Sequence[Section]:
    """List the sections of letters, tasks and authorities' cases."""
    return (
        table_section(
            "request_letters",
            _("Messages of staff about your requests"),
            RequestLetter,
            [
                REQUEST,
                (Column("occasion", _("Occasion")), "occasion"),
                (LANGUAGE, "language"),
                (Column("way", _("How")), "way"),
                (TEXT, open_request_text("text")),
                (SENT, "at"),
                (ACTOR, get_actor),
            ],
            of=OF_REQUEST,
        ),
        table_section(
            "request_tasks",
            _("Tasks of staff about your requests"),
            RequestTask,
            [
                REQUEST,
                (Column("task", _("Task")), "kind"),
                (Column("detail", _("Details")), open_request_text("detail")),
                (Column("due_on", _("Due on"), ValueKind.DAY), "due_on"),
                (ADDED, "created_at"),
                (Column("done_at", _("Done"), ValueKind.TIME), "done_at"),
                (ACTOR, get_actor),
            ],
            of=OF_REQUEST,
        ),
        table_section(
            "authority_cases",
            _("Cases of supervisory authorities about your requests"),
            AuthorityCase,
            [
                REQUEST,
                (Column("authority", _("Authority")), "authority"),
                (Column("reference", _("Reference number")), open_request_text("reference")),
                (Column("opened_on", _("Opened on"), ValueKind.DAY), "opened_on"),
                (Column("outcome", _("Outcome")), "outcome"),
                (Column("measures", _("Measures")), open_request_text("measures")),
                (Column("ended_on", _("Ended on"), ValueKind.DAY), "ended_on"),
                (RECORDED, "recorded_at"),
            ],
            of=OF_REQUEST,
        ),
    )
