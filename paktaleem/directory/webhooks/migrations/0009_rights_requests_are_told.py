"""What a guardian asks for about a child's data is told as a request by which a right is exercised, not as a concern."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
guardians = import_module("paktaleem.directory.webhooks.migrations.0004_guardians_are_told")
before = import_module("paktaleem.directory.webhooks.migrations.0008_invitations_are_told")

CASE = ("kind", "due_at", "outcome")
ADDED = [
    *(guardians.told(f"concern.{step}", "concern", *CASE) for step in ("received", "closed")),
    *(
        guardians.told(f"rights_request.{step}", "rights_request", *CASE)
        for step in ("received", "ordered", "orders_answered", "closed")
    ),
]
PLACE = [name for name, *_ in before.EVENTS].index("concern.received")
OTHERS = [event for event in before.EVENTS if not event[0].startswith("concern.")]
EVENTS = [*OTHERS[:PLACE], *ADDED, *OTHERS[PLACE:]]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0008_invitations_are_told")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
