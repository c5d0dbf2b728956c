"""Confirmed memberships are ids on the review; the day of the lock is stored, and no reminder moves it."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access_reviews", "0002_tenancy")]
    operations = [
        migrations.DeleteModel("AccessConfirmation"),
        migrations.RemoveField("AccessReview", "reminded_on"),
        migrations.RenameField("AccessReview", "opened_on", "locks_on"),
        migrations.AlterField("AccessReview", "locks_on", models.DateField("locked on")),
        migrations.RunSQL(
            "ALTER TABLE access_reviews_accessreview ALTER COLUMN locks_on TYPE date USING locks_on + 21",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            "AccessReview",
            "confirmed",
            django.contrib.postgres.fields.ArrayField(models.UUIDField(), db_default=[], default=list, size=None),
        ),
    ]
