"""That a guardian's verification was found false is told, and how far a provider's check of a guardian is."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
guardians = import_module("paktaleem.directory.webhooks.migrations.0004_guardians_are_told")
before = import_module("paktaleem.directory.webhooks.migrations.0009_rights_requests_are_told")

CHECK = ("check", *guardians.GUARDIAN, "method", "state")
ADDED = [
    guardians.told("guardian.verification_false", *guardians.GUARDIAN, "method"),
    *(guardians.told(f"guardian.check_{step}", *CHECK) for step in ("started", "settled")),
]
PLACE = [name for name, *_ in before.EVENTS].index("guardian.changed")
EVENTS = [*before.EVENTS[:PLACE], *ADDED, *before.EVENTS[PLACE:]]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0009_rights_requests_are_told")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
