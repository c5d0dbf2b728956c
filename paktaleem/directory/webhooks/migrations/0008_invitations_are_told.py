"""Invitations of guardians are told, step by step; cases about children's data; and who comes of age soon."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
guardians = import_module("paktaleem.directory.webhooks.migrations.0004_guardians_are_told")
before = import_module("paktaleem.directory.webhooks.migrations.0007_incidents_are_told")

INVITATION = ("invitation", "guardian", "state", "channel", "problem")
KINDS = (
    ("invited", "invited"),
    ("invitation_refused", "not_invited"),
    ("invitation_sent", "written_to"),
    ("invitation_reminded", "reminded"),
    ("invitation_delivered", "reached"),
    ("invitation_failed", "not_reached"),
    ("invitation_viewed", "viewed"),
    ("invitation_waits", "said_yes"),
    ("invitation_answered", "invitation_answered"),
    ("invitation_answered", "answered_elsewhere"),
    ("invitation_expired", "invitation_expired"),
)
CONCERN = ("concern", "kind", "due_at", "outcome")
ADDED = [
    *((f"guardian.{told}", f"guardian.{kind}", "", INVITATION, False) for told, kind in KINDS),
    guardians.told("guardian.data_kept", "guardian"),
    *(guardians.told(f"concern.{step}", *CONCERN) for step in ("received", "ordered", "orders_answered", "closed")),
    ("subject.comes_of_age", "subject.age_notice", "", ("notice",), False),
]
PLACE = [name for name, *_ in before.EVENTS].index("subject.quarantined")
LATER = [name for name, *_ in before.EVENTS].index("subject.erased")
OVERDUE = [guardians.told("incident.overdue", "incident", "cause", "due_at")]
EVENTS = [*before.EVENTS[:PLACE], *ADDED, *before.EVENTS[PLACE:LATER], *OVERDUE, *before.EVENTS[LATER:]]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0007_incidents_are_told")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
