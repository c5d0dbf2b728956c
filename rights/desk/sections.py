"""Sections of a copy of a person's data: letters of staff, and their tasks about requests."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    ACTOR,
    ADDED,
    LANGUAGE,
    SENT,
    TEXT,
    Column,
    Section,
    ValueKind,
    get_actor,
    table_section,
)
from rights.desk.models import RequestLetter, RequestTask
from rights.requests.sections import OF_REQUEST, REQUEST, open_request_text


def list_desk_sections() -> Sequence[Section]:
    """List the sections of messages and tasks."""
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
    )
