"""Orders to systems are told: each by itself, and a set of very many once, by its number."""

from importlib import import_module

from django.db import migrations

before = import_module("paktaleem.directory.webhooks.migrations.0002_wall")

ORDER = ("order", "kind", "system")
EVENTS = [
    *before.EVENTS,
    ("order.set_created", "order.set_created", "", ("set", "kind", "count"), False),
    *(
        (f"order.{state}", f"order.{state}", "", ORDER, False)
        for state in ("created", "accepted", "confirmed", "not_found", "failed", "not_applicable", "waived")
    ),
]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_wall")]
    operations = [migrations.RunSQL(before.tell_entries(EVENTS), before.tell_entries(before.EVENTS))]
