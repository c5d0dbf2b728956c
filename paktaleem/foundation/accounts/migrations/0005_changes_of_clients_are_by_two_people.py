"""Changes of clients become a kind of the changes that take two people."""

from django.db import migrations

_COLUMNS = "id, client_id, state, requested_kind, requested_by, requested_at, settled_by, settled_at, ground"
_OPEN = """
ALTER TABLE accounts_clientchange NO FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts_proposedchange NO FORCE ROW LEVEL SECURITY;
"""
_CLOSE = """
ALTER TABLE accounts_clientchange FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts_proposedchange FORCE ROW LEVEL SECURITY;
"""
_MOVE = f"""{_OPEN}
INSERT INTO accounts_proposedchange ({_COLUMNS}, kind, purpose, "table", "row", "values")
SELECT {_COLUMNS}, 'protection', '', 'accounts.client', client_id, changes FROM accounts_clientchange;
{_CLOSE}"""
_MOVE_BACK = f"""{_OPEN}
INSERT INTO accounts_clientchange ({_COLUMNS}, changes)
SELECT {_COLUMNS}, "values" FROM accounts_proposedchange WHERE kind = 'protection';
DELETE FROM accounts_proposedchange WHERE kind = 'protection';
{_CLOSE}"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_changes_by_two_people"),
    ]
    operations = [
        migrations.RunSQL(_MOVE, _MOVE_BACK),
        migrations.DeleteModel("ClientChange"),
    ]
