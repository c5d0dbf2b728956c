"""That somebody erased may be registered again is told when it is approved: the act is recorded under another name."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
before = import_module("paktaleem.directory.webhooks.migrations.0011_approvals_of_recipients_are_told")

KINDS = {"subject.readmitted": "readmission.approved"}
EVENTS = [(name, KINDS.get(name, kind), *rest) for name, kind, *rest in before.EVENTS]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0011_approvals_of_recipients_are_told")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
