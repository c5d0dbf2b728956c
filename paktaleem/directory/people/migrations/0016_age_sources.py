"""Ages that people declare, and what providers found: sealed beside the birth date and the age the school vouches for."""

from importlib import import_module

from django.db import migrations

import paktaleem.foundation.encryption.sealing

emptied = import_module("paktaleem.directory.people.migrations.0015_country").emptied
SOURCES = ("declared_age", "age_check")


class Migration(migrations.Migration):
    dependencies = [("subjects", "0015_country")]
    operations = [
        *(
            migrations.AddField(model, name, paktaleem.foundation.encryption.sealing.SealedField(null=True))
            for model in ("subject", "historicalsubject")
            for name in SOURCES
        ),
        migrations.RemoveConstraint("subject", "subject_erased_holds_nothing"),
        migrations.AddConstraint("subject", emptied(("country", ""), *((name, None) for name in SOURCES))),
    ]
