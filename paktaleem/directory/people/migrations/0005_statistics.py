"""Fresh planner statistics in the middle of a roster import, whose rows no autovacuum can see before it commits.

Without them the planner takes the client for empty, and foreign-key checks and look-ups walk through all its people
for each of them. The function is the owner's, says what it does in its body and takes nothing; SKIP_LOCKED, because
ANALYZE keeps its lock to the end of the transaction and two clients may import at once.
"""

from django.db import migrations

REFRESH = """
CREATE FUNCTION subjects_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE (SKIP_LOCKED) public.subjects_subject, public.subjects_subjectkey, public.subjects_guardianclaim;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("subjects", "0004_erasures_wall")]
    operations = [
        migrations.RunSQL(
            [
                REFRESH,
                "REVOKE ALL ON FUNCTION subjects_refresh_statistics() FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION subjects_refresh_statistics() TO paktaleem_app",
            ],
            "DROP FUNCTION subjects_refresh_statistics()",
        ),
    ]
