"""Adds the function that finds the agreements that a member of staff signed."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("agreements", "0004_has_a_ground"), ("consent", "0012_agreements_looked_up")]
    operations = [
        migrations.RunSQL(
            "CREATE POLICY looked_up ON agreements_agreementsigning FOR SELECT TO paktaleem_owner USING (true)",
            "DROP POLICY looked_up ON agreements_agreementsigning",
        ),
        ApplySql("agreements_signatures", digest="a77a43ce1a54"),
    ]
