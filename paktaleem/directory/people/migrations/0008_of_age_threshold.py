"""For which threshold the moment of coming of age was computed; what is there was computed for the present one."""

from django.db import migrations, models

PRESENT = """
ALTER TABLE subjects_subject NO FORCE ROW LEVEL SECURITY;
UPDATE subjects_subject s SET of_age_threshold = c.age_threshold
FROM accounts_client c WHERE c.id = s.client_id AND s.of_age_at IS NOT NULL AND s.role <> 'guardian';
ALTER TABLE subjects_subject FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("subjects", "0007_subject_events_wall")]
    operations = [
        migrations.AddField("historicalsubject", "of_age_threshold", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("subject", "of_age_threshold", models.PositiveSmallIntegerField(null=True)),
        migrations.RunSQL(PRESENT, migrations.RunSQL.noop),
    ]
