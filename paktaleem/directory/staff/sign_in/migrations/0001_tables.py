"""Counters of attempts to sign in."""

from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        CreateTables(
            migrations.CreateModel(
                name="Counter",
                fields=[
                    ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                    ("value", models.JSONField()),
                    ("expires_at", models.DateTimeField(db_index=True, null=True)),
                ],
            ),
        )
    ]
