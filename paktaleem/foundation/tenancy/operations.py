"""Migration operations that put a table behind the wall, one line each (DESIGN §3)."""

from collections.abc import Callable
from typing import Any

from django.db.migrations.operations.base import Operation

from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["AppendOnly", "BelongsTo", "Walled"]

APP, OWNER, OFFICER = "paktaleem_app", "paktaleem_owner", "paktaleem_officer"


class _TableOperation(Operation):
    """SQL on the table of one model, forwards and back."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave Django's own picture of the schema as it is."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the forward SQL."""
        self._run(self.forward_sql, app_label, schema_editor, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the SQL that undoes it."""
        self._run(self.backward_sql, app_label, schema_editor, from_state)

    def _run(self, sql: Callable[[str, Any], list[str]], app_label: str, editor: Any, state: Any) -> None:
        for statement in sql(app_label, state.apps):
            editor.execute(statement, params=None)

    def table(self, app_label: str, apps: Any) -> str:
        return str(apps.get_model(app_label, self.model)._meta.db_table)

    def forward_sql(self, app_label: str, apps: Any) -> list[str]:
        raise NotImplementedError

    def backward_sql(self, app_label: str, apps: Any) -> list[str]:
        raise NotImplementedError

    def describe(self) -> str:
        return f"{type(self).__name__} {self.model}"


class Walled(_TableOperation):
    """Put a table behind the wall: its client is never null, row-level security is enabled and forced.

    ``shared`` opens rows owned by PakTaleem to every client for reading; ``looked_up`` opens the table to the
    owner's SECURITY DEFINER look-ups that precede a context; ``column`` names the client column. A room below
    the accounts (the ledger) does not know clients, and takes their ids bare.
    """

    def __init__(
        self,
        model: str,
        *,
        column: str = "client_id",
        shared: bool = False,
        looked_up: bool = False,
        knows_clients: bool = True,
    ) -> None:
        super().__init__(model)
        self.column, self.shared, self.looked_up, self.knows_clients = column, shared, looked_up, knows_clients

    def forward_sql(self, app_label: str, apps: Any) -> list[str]:
        table, own = self.table(app_label, apps), f"{self.column} = (SELECT tenancy_client())"
        sql = [
            f"ALTER TABLE {table} ALTER COLUMN {self.column} SET NOT NULL",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY own ON {table} TO {APP}, {OWNER} USING ({own}) WITH CHECK ({own})",
            f"CREATE POLICY officer ON {table} FOR SELECT TO {OFFICER} USING (true)",
        ]
        if self.column != "id":
            sql.append(f"CREATE UNIQUE INDEX {table}_in_client ON {table} ({self.column}, {self.key(app_label, apps)})")
            if self.knows_clients and not self.is_history:
                key = f"ADD CONSTRAINT {table}_of_client FOREIGN KEY ({self.column}) REFERENCES accounts_client (id)"
                sql.append(_without_force({table, "accounts_client"}, f"ALTER TABLE {table} {key}"))
        if self.shared:
            sql.append(f"CREATE POLICY shared ON {table} FOR SELECT TO {APP} USING ({self.column} = '{PAKTALEEM}')")
        if self.looked_up:
            sql.append(f"CREATE POLICY looked_up ON {table} FOR SELECT TO {OWNER} USING (true)")
        return sql

    @property
    def is_history(self) -> bool:
        """Whether the table is simple-history's: its rows must outlast what they tell of."""
        return self.model.lower().startswith("historical")

    def key(self, app_label: str, apps: Any) -> str:
        return str(apps.get_model(app_label, self.model)._meta.pk.column)

    def backward_sql(self, app_label: str, apps: Any) -> list[str]:
        table = self.table(app_label, apps)
        policies = ["own", "officer", *(["shared"] if self.shared else []), *(["looked_up"] if self.looked_up else [])]
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_of_client",
            f"DROP INDEX IF EXISTS {table}_in_client",
            *(f"DROP POLICY {policy} ON {table}" for policy in policies),
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ]


class BelongsTo(_TableOperation):
    """Tie a row to another of the same client by a composite foreign key, so that no link crosses the wall.

    For a reference into the shared catalogue ``owner`` names the column that holds the catalogue row's client;
    a check allows no other than the row's own client or PakTaleem. The key is not deferrable: it must refuse
    before the answer is made.
    """

    def __init__(self, model: str, field: str, to: str, *, owner: str = "client_id", to_key: str = "client_id") -> None:
        super().__init__(model)
        self.field, self.to, self.owner, self.to_key = field, to, owner, to_key

    def _parts(self, app_label: str, apps: Any) -> tuple[str, str, str, str]:
        table = self.table(app_label, apps)
        column = str(apps.get_model(app_label, self.model)._meta.get_field(self.field).column)
        target = apps.get_model(*(self.to.split(".") if "." in self.to else (app_label, self.to)))._meta.db_table
        return table, column, str(target), f"{table}_{column}_same_client"[:63]

    def forward_sql(self, app_label: str, apps: Any) -> list[str]:
        table, column, target, name = self._parts(app_label, apps)
        key = f"FOREIGN KEY ({self.owner}, {column}) REFERENCES {target} ({self.to_key}, id)"
        sql = [_without_force({table, target}, f"ALTER TABLE {table} ADD CONSTRAINT {name} {key}")]
        sql.append(f"CREATE INDEX IF NOT EXISTS {name[:59]}_ix ON {table} ({self.owner}, {column})")
        if self.owner != "client_id":
            both = f"({self.owner} IS NULL) = ({column} IS NULL)"  # half a composite key would not be checked
            allowed = f"CHECK ({self.owner} IN (client_id, '{PAKTALEEM}') AND {both})"
            sql.append(f"ALTER TABLE {table} ADD CONSTRAINT {name[:57]}_owner {allowed}")
        return sql

    def backward_sql(self, app_label: str, apps: Any) -> list[str]:
        table, _, _, name = self._parts(app_label, apps)
        return [
            f"DROP INDEX IF EXISTS {name[:59]}_ix",
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name[:57]}_owner",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        ]


def _without_force(tables: set[str], statement: str) -> str:
    """Run a statement while the owner may see all rows: a new foreign key must check every one of them."""
    loosen = "".join(f"EXECUTE 'ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY'; " for t in sorted(tables))
    names = ", ".join(f"'{t}'" for t in sorted(tables))
    return f"""
    DO $wall$
    DECLARE forced regclass[] := ARRAY(
        SELECT oid::regclass FROM pg_class
        WHERE relname IN ({names}) AND relnamespace = 'public'::regnamespace AND relforcerowsecurity);
    DECLARE t regclass;
    BEGIN
        {loosen}
        EXECUTE $sql${statement}$sql$;
        FOREACH t IN ARRAY forced LOOP EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t); END LOOP;
    END $wall$"""  # noqa: S608 -- table names come from models, never from input


class AppendOnly(_TableOperation):
    """Make a table evidence: even its owner's UPDATE, DELETE and TRUNCATE are refused by a trigger."""

    def forward_sql(self, app_label: str, apps: Any) -> list[str]:
        table, refuse = self.table(app_label, apps), "EXECUTE FUNCTION tenancy_refuse_change()"
        return [
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]

    def backward_sql(self, app_label: str, apps: Any) -> list[str]:
        table = self.table(app_label, apps)
        return [f"DROP TRIGGER append_only ON {table}", f"DROP TRIGGER append_only_table ON {table}"]
