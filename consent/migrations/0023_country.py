"""A decision is told in which country somebody lives, and a change of it is noted."""

from importlib import import_module

from django.db import migrations

rewritten = import_module("consent.migrations.0021_guardians_decide").rewritten
noted = import_module("consent.migrations.0008_changes_of_every_fact")

ONE = "consent_subject_facts(text, timestamptz, bytea)"
MANY = "consent_facts_of_many(text[])"


def replaced(function, before, after):
    """Replace a piece of a function, and back."""
    return migrations.RunSQL(rewritten(function, before, after), rewritten(function, after, before))


def read(row):
    """Read the country along, of people as they are or as they were."""
    return replaced(ONE, f"{row}.of_age_threshold INTO who", f"{row}.of_age_threshold, {row}.country INTO who")


def told(function, row):
    """Tell the country beside the threshold for which the age was computed."""
    before = f"'of_age_threshold', {row}.of_age_threshold,"
    return replaced(function, before, f"{before} 'country', {row}.country,")


class Migration(migrations.Migration):
    dependencies = [("consent", "0022_two_guardians"), ("subjects", "0015_country")]
    operations = [
        read("s"),
        read("h"),
        told(ONE, "who"),
        told(MANY, "s"),
        migrations.RunSQL(noted.note(*noted.COLUMNS, "country"), noted.note(*noted.COLUMNS)),
    ]
