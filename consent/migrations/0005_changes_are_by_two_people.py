"""Changes to safeguards move to the table of all changes that take two people."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql

_COLUMNS = """id, client_id, state, requested_kind, requested_by, requested_at, settled_by, settled_at, kind, purpose,
    "table", "row", "values", ground, xact"""
_OPEN = """
ALTER TABLE consent_safeguardchange NO FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts_proposedchange NO FORCE ROW LEVEL SECURITY;
"""
_CLOSE = """
ALTER TABLE consent_safeguardchange FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts_proposedchange FORCE ROW LEVEL SECURITY;
"""
_KINDS = """('basis', 'capacity', 'account', 'words', 'restriction', 'retention', 'cookie', 'recipient', 'quarantine',
    'collection', 'suspension', 'hold', 'breach', 'disposal')"""
_MOVE = f"""{_OPEN}
INSERT INTO accounts_proposedchange ({_COLUMNS}) SELECT {_COLUMNS} FROM consent_safeguardchange;
{_CLOSE}"""
_MOVE_BACK = f"""{_OPEN}
INSERT INTO consent_safeguardchange ({_COLUMNS})
SELECT {_COLUMNS} FROM accounts_proposedchange WHERE kind IN {_KINDS};
DELETE FROM accounts_proposedchange WHERE kind IN {_KINDS};
{_CLOSE}"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0004_ground"),
        ("accounts", "0004_changes_by_two_people"),
        # these wrote into the table that is dropped here
        ("breaches", "0003_closings_are_changes_to_safeguards"),
        ("disposals", "0003_approvals_are_changes_to_safeguards"),
        ("schedule", "0003_liftings_are_changes_to_safeguards"),
    ]
    operations = [
        migrations.RunSQL(_MOVE, _MOVE_BACK),
        ApplySql("consent_require_second_person", digest="6503e18bb658", previous="d2025ccea42d"),
        migrations.DeleteModel("SafeguardChange"),
    ]
