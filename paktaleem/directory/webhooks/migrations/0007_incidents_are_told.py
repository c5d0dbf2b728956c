"""Incidents with children's data are told: opened, widened, closed."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
before = import_module("paktaleem.directory.webhooks.migrations.0004_guardians_are_told")

ADDED = [before.told(f"incident.{step}", "incident", "cause", "due_at") for step in ("opened", "widened", "closed")]
PLACE = [name for name, *_ in before.EVENTS].index("subject.erased")
EVENTS = [*before.EVENTS[:PLACE], *ADDED, *before.EVENTS[PLACE:]]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0006_log_is_thrown_away")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
