"""Indexes by which the lists of the console find a page among millions of rows, in one client and across all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_wall"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="entry",
            name="ledger_entry_by_time",
        ),
        migrations.AddField(
            model_name="entry",
            name="family",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("kind", models.Value("."), models.Value(1), function="split_part"),
                output_field=models.CharField(max_length=64),
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["client_id", "-recorded_at", "-id"], name="ledger_entry_by_time"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["-recorded_at", "-id"], name="ledger_entry_by_time_all"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["client_id", "family", "-recorded_at", "-id"], name="ledger_entry_by_family"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["family", "-recorded_at", "-id"], name="ledger_entry_by_family_all"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["client_id", "actor_kind", "-recorded_at", "-id"], name="ledger_entry_by_actor"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["actor_kind", "-recorded_at", "-id"], name="ledger_entry_by_actor_all"),
        ),
    ]
