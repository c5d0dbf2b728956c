"""What happens in a sandbox whose clock stands ahead is sent at once: deliveries are due by the machine's clock."""

from django.db import migrations

NOW, BEFORE = (
    "m.happened_at - tenancy_clock_offset(m.client_id), m.happened_at - tenancy_clock_offset(m.client_id)\n",
    "m.happened_at, m.happened_at\n",
)


def replaced(before, after):
    """Change one expression of the function that fills the outbox; the rest of it stays as it is."""
    return f"""
    DO $change$
    DECLARE written text := pg_get_functiondef('webhooks_deliver(uuid[])'::regprocedure);
    BEGIN
        IF position('{before}' IN written) = 0 THEN
            RAISE EXCEPTION 'webhooks_deliver does not say "{before}"';
        END IF;
        EXECUTE replace(written, '{before}', '{after}');
    END $change$"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0004_guardians_are_told"), ("accounts", "0007_sandbox")]
    operations = [migrations.RunSQL(replaced(BEFORE, NOW), replaced(NOW, BEFORE))]
