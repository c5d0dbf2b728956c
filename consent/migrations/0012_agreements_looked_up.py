"""Lets the owner's functions read agreements, to find those that a member of staff signed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_decisions_logged_at_once")]
    operations = [
        migrations.RunSQL(
            "CREATE POLICY looked_up ON consent_serviceagreement FOR SELECT TO paktaleem_owner USING (true)",
            "DROP POLICY looked_up ON consent_serviceagreement",
        ),
    ]
