"""That a recipient is approved is told, with the day until which a client may object, and every change of that."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
before = import_module("paktaleem.directory.webhooks.migrations.0010_checks_of_guardians_are_told")

ROW, FACTS = "consent.recipientapproval", ("id", "recipient", "objection_until")
ADDED = [
    ("recipient.approved", "register.added", ROW, FACTS, True),
    ("recipient.approval_changed", "register.changed", ROW, FACTS, True),
]
PLACE = [name for name, *_ in before.EVENTS].index("guardian.claimed")
EVENTS = [*before.EVENTS[:PLACE], *ADDED, *before.EVENTS[PLACE:]]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0010_checks_of_guardians_are_told")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
