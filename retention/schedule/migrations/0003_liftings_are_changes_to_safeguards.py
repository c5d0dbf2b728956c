"""Liftings of holds become changes to safeguards."""

from django.db import migrations

_COLUMNS = "id, client_id, ground, state, requested_kind, requested_by, requested_at, settled_by, settled_at"
_OPEN = """
ALTER TABLE schedule_holdlift NO FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_safeguardchange NO FORCE ROW LEVEL SECURITY;
"""
_CLOSE = """
ALTER TABLE schedule_holdlift FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_safeguardchange FORCE ROW LEVEL SECURITY;
"""
_MOVE = f"""{_OPEN}
INSERT INTO consent_safeguardchange ({_COLUMNS}, kind, purpose, "table", "row", "values")
SELECT {_COLUMNS}, 'hold', '', 'schedule.hold', hold_id, '{{}}' FROM schedule_holdlift;
{_CLOSE}"""
_MOVE_BACK = f"""{_OPEN}
INSERT INTO schedule_holdlift ({_COLUMNS}, hold_id)
SELECT {_COLUMNS}, "row" FROM consent_safeguardchange WHERE kind = 'hold';
DELETE FROM consent_safeguardchange WHERE kind = 'hold';
{_CLOSE}"""


class Migration(migrations.Migration):
    dependencies = [
        ("schedule", "0002_tenancy"),
        ("consent", "0003_kinds_of_changes_to_safeguards"),
    ]
    operations = [
        migrations.RunSQL(_MOVE, _MOVE_BACK),
        migrations.DeleteModel("HoldLift"),
    ]
