"""Closings of breaches become changes to safeguards."""

from django.db import migrations

_COLUMNS = "id, client_id, ground, state, requested_kind, requested_by, requested_at, settled_by, settled_at"
_OPEN = """
ALTER TABLE breaches_breachclosing NO FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_safeguardchange NO FORCE ROW LEVEL SECURITY;
"""
_CLOSE = """
ALTER TABLE breaches_breachclosing FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_safeguardchange FORCE ROW LEVEL SECURITY;
"""
_MOVE = f"""{_OPEN}
INSERT INTO consent_safeguardchange ({_COLUMNS}, kind, purpose, "table", "row", "values")
SELECT {_COLUMNS}, 'breach', '', 'breaches.breach', breach_id, '{{}}' FROM breaches_breachclosing;
{_CLOSE}"""
_MOVE_BACK = f"""{_OPEN}
INSERT INTO breaches_breachclosing ({_COLUMNS}, breach_id)
SELECT {_COLUMNS}, "row" FROM consent_safeguardchange WHERE kind = 'breach';
DELETE FROM consent_safeguardchange WHERE kind = 'breach';
{_CLOSE}"""


class Migration(migrations.Migration):
    dependencies = [
        ("breaches", "0002_tenancy"),
        ("consent", "0003_kinds_of_changes_to_safeguards"),
    ]
    operations = [
        migrations.RunSQL(_MOVE, _MOVE_BACK),
        migrations.DeleteModel("BreachClosing"),
    ]
