"""A decision is told which guardian gave a consent; a guardian's yes need not become the state while another's no stands."""

from importlib import import_module

from django.db import migrations, models

rewritten = import_module("consent.migrations.0021_guardians_decide").rewritten

ONE = "consent_subject_facts(text, timestamptz, bytea)"
MANY = "consent_facts_of_many(text[])"
NOW = "'by', c.given_by"
THEN = "'by', e.given_by"


def tells(function, before, column):
    """Tell the guardian beside who gave."""
    after = f"{before}, 'guardian', {column}"
    return migrations.RunSQL(rewritten(function, before, after), rewritten(function, after, before))


def may_stay_without_effect(*states):
    """Say which events need not become the state."""
    return models.CheckConstraint(
        condition=models.Q(("becomes_state", True), ("state__in", list(states)), _connector="OR"),
        name="consentevent_answer_becomes_state",
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0021_guardians_decide")]
    operations = [
        tells(ONE, NOW, "c.guardian_id"),
        tells(ONE, THEN, "e.guardian_id"),
        tells(MANY, NOW, "c.guardian_id"),
        migrations.RemoveConstraint(model_name="consentevent", name="consentevent_answer_becomes_state"),
        migrations.AddConstraint(
            model_name="consentevent", constraint=may_stay_without_effect("requested", "deferred", "given")
        ),
    ]
