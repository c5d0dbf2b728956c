"""Changes of ages behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("subjects", "0013_age_changes")]
    operations = [Walled("AgeChange"), BelongsTo("AgeChange", "subject", "Subject")]
