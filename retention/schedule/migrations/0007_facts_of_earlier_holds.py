"""Records holds that were placed before decisions read them, so that decisions refuse to delete what they cover."""

from django.db import migrations

FILL = """
ALTER TABLE schedule_hold NO FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_retentionfact NO FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_retentionfact DISABLE TRIGGER USER;
INSERT INTO consent_retentionfact (id, client_id, subject_id, kind, category, source_id, starts_at)
SELECT gen_random_uuid(), h.client_id, h.subject_id, 'hold', h.category, h.id, h.placed_at
FROM schedule_hold h
WHERE h.lifted_at IS NULL AND h.kind <> 'open_request'
ON CONFLICT DO NOTHING;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE consent_retentionfact ENABLE TRIGGER USER;
ALTER TABLE consent_retentionfact FORCE ROW LEVEL SECURITY;
ALTER TABLE schedule_hold FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_decisions_read_retention"), ("schedule", "0006_child_refuses_the_service")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
