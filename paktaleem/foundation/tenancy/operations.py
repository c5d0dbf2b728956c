"""Migration operations for tenant isolation (row-level security, same-client foreign keys) and append-only tables."""

from collections.abc import Callable
from typing import Any

from django.db.migrations.operations.base import Operation

from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["AppendOnly", "SameClientForeignKey", "TenantIsolation"]

APP, OWNER, OFFICER = "paktaleem_app", "paktaleem_owner", "paktaleem_officer"


class _TableOperation(Operation):
    """Base class: run SQL on the table of one model, forwards and backwards."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Do not change Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the forward SQL."""
        self._run(self.forward_sql, app_label, schema_editor, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the SQL that reverses the operation."""
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


class TenantIsolation(_TableOperation):
    """Enable and force row-level security on a table and make its client column NOT NULL.

    ``shared`` lets every client read rows owned by PakTaleem; ``looked_up`` lets the owner's SECURITY DEFINER
    functions read the table before a context is open (API key, membership); ``column`` names the client column. Set
    ``knows_clients`` to False for an app below ``accounts`` (the ledger), which stores client ids without a foreign
    key.
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
        """True for a simple-history table: its rows must outlive the rows they describe."""
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


class SameClientForeignKey(_TableOperation):
    """Add a composite foreign key, so that a row can only refer to a row of the same client.

    For a reference into the shared catalogue, ``owner`` names the column with the catalogue row's client; a check
    constraint allows the row's own client or PakTaleem only. The key is not deferrable: it must fail before the
    response is sent.
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
            both = f"({self.owner} IS NULL) = ({column} IS NULL)"  # a composite key with one NULL is not checked
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
    """Run a statement without forced row-level security, so that a new foreign key can check all rows."""
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
    """Make a table append-only: a trigger rejects UPDATE, DELETE and TRUNCATE, even by its owner."""

    def forward_sql(self, app_label: str, apps: Any) -> list[str]:
        table, refuse = self.table(app_label, apps), "EXECUTE FUNCTION tenancy_refuse_change()"
        return [
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]

    def backward_sql(self, app_label: str, apps: Any) -> list[str]:
        table = self.table(app_label, apps)
        return [f"DROP TRIGGER append_only ON {table}", f"DROP TRIGGER append_only_table ON {table}"]
