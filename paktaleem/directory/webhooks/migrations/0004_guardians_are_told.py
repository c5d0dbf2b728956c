"""Guardians are told: named, verified, changed, what they answered, when they disagree; and who is held back."""

from importlib import import_module

from django.db import migrations

first = import_module("paktaleem.directory.webhooks.migrations.0002_wall")
before = import_module("paktaleem.directory.webhooks.migrations.0003_orders_are_told")

GUARDIAN = ("guardianship", "guardian")


def told(kind, *facts):
    """Tell an entry of the ledger under its own name."""
    return (kind, kind, "", facts, False)


ADDED = [
    told("guardian.named", *GUARDIAN),
    told("guardian.verified", *GUARDIAN, "method", "strength", "expires_at"),
    told("guardian.changed", *GUARDIAN),
    told("guardian.ended", *GUARDIAN),
    *(told(f"guardian.change_{state}", "change", "guardianship", "state") for state in ("waiting", "settled")),
    *(
        told(f"guardian.{answer}", "authorisation", "guardian", "shares", "expires_at")
        for answer in ("given", "refused", "withdrawn")
    ),
    *(told(f"guardian.conflict_{state}", "case", "purpose", "outcome") for state in ("opened", "closed")),
    *(
        told(f"guardian.{what}", "school_authorisation", "contract")
        for what in ("school_authorised", "school_authorisation_ended")
    ),
    told("subject.quarantined", "cause"),
    told("subject.released", "cause"),
]
PLACE = [name for name, *_ in before.EVENTS].index("subject.erased")
EVENTS = [*before.EVENTS[:PLACE], *ADDED, *before.EVENTS[PLACE:]]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_orders_are_told")]
    operations = [migrations.RunSQL(first.tell_entries(EVENTS), first.tell_entries(before.EVENTS))]
