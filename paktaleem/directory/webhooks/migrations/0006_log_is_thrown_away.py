"""The log of deliveries is kept for a time, and is no evidence: what happened is in the ledger.

Where no clock is ahead, because the client is no sandbox, a delivery is due when it happened.
"""

from django.db import migrations

REFUSE = "EXECUTE FUNCTION tenancy_refuse_change()"


AHEAD = "tenancy_clock_offset(m.client_id)"
AHEAD_IF_ANY = f"coalesce({AHEAD}, make_interval())"


def replaced(before, after):
    """Change one expression of the function that fills the outbox; the rest of it stays as it is."""
    return f"""
    DO $change$
    DECLARE written text := pg_get_functiondef('webhooks_deliver(uuid[])'::regprocedure);
    BEGIN
        IF position('- {before}' IN written) = 0 THEN
            RAISE EXCEPTION 'webhooks_deliver does not say "{before}"';
        END IF;
        EXECUTE replace(written, '- {before}', '- {after}');
    END $change$"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0005_due_by_the_machines_clock"), ("accounts", "0008_sandboxes_start_over")]
    operations = [
        migrations.RunSQL(replaced(AHEAD, AHEAD_IF_ANY), replaced(AHEAD_IF_ANY, AHEAD)),
        migrations.RunSQL(
            [
                "DROP TRIGGER append_only ON webhooks_attempt",
                "DROP TRIGGER append_only_table ON webhooks_attempt",
            ],
            [
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON webhooks_attempt FOR EACH ROW {REFUSE}",
                f"CREATE TRIGGER append_only_table BEFORE TRUNCATE ON webhooks_attempt FOR EACH STATEMENT {REFUSE}",
            ],
        )
    ]
