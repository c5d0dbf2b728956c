"""Migration operations for tenant isolation (row-level security, same-client foreign keys) and append-only tables.

``Isolate`` runs those of an app together, in few statements. Migrations import the other operations from here too:
``CreateTables``, ``ApplySql``, ``DropSql``.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.migrations.operations.base import Operation, OperationCategory

from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import LIMITED, columns_of_state, write_policies
from paktaleem.foundation.tenancy.table_policy import Limited

APP, OWNER, OFFICER = "paktaleem_app", "paktaleem_owner", "paktaleem_officer"

_OF_LIMITED_STAFF = ("limited", "limited_insert", "limited_update", "limited_delete")


class Key(NamedTuple):
    """A foreign key to be added. PostgreSQL checks it as the owner, against the rows that the owner may see."""

    table: str
    target: str
    clause: str


class _TableOperation(Operation):
    """Base class: run SQL on the table of one model, forwards and backwards, without rendering the model."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Do not change Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the forward SQL."""
        _run(schema_editor, self.forward_sql(app_label, to_state), self.keys(app_label, to_state))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the SQL that reverses the operation."""
        _run(schema_editor, self.backward_sql(app_label, from_state), [])

    def table(self, app_label: str, state: Any) -> str:
        return _table(state, app_label, self.model)

    def forward_sql(self, app_label: str, state: Any) -> list[str]:
        """Write everything but foreign keys."""
        raise NotImplementedError

    def backward_sql(self, app_label: str, state: Any) -> list[str]:
        raise NotImplementedError

    def keys(self, app_label: str, state: Any) -> list[Key]:  # noqa: ARG002 -- most have none
        """List the foreign keys to add; they are dropped with what ``backward_sql`` drops."""
        return []

    def describe(self) -> str:
        return f"{type(self).__name__} {self.model}"


class TenantIsolation(_TableOperation):
    """Enable and force row-level security on a table and make its client column NOT NULL.

    ``shared`` lets every client read rows owned by PakTaleem; ``looked_up`` lets the owner's SECURITY DEFINER
    functions read the table before a context is open (API key, membership); ``column`` names the client column. Set
    ``knows_clients`` to False for an app below ``accounts`` (the ledger), which stores client ids without a foreign
    key. ``limited`` is what staff limited to schools see (``Limited``).
    """

    def __init__(
        self,
        model: str,
        *,
        column: str = "client_id",
        shared: bool = False,
        looked_up: bool = False,
        knows_clients: bool = True,
        limited: str = "",
    ) -> None:
        super().__init__(model)
        self.limited = Limited(limited or ("read" if shared else "by_person"))
        self.column, self.shared, self.looked_up, self.knows_clients = column, shared, looked_up, knows_clients

    def forward_sql(self, app_label: str, state: Any) -> list[str]:
        table, own = self.table(app_label, state), f"{self.column} = (SELECT tenancy_client())"
        sql = [
            f"ALTER TABLE {table} ALTER COLUMN {self.column} SET NOT NULL",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY own ON {table} TO {APP}, {OWNER} USING ({own}) WITH CHECK ({own})",
            f"CREATE POLICY officer ON {table} FOR SELECT TO {OFFICER} USING (true)",
        ]
        if self.column != "id":
            key = _primary_key(state, app_label, self.model)
            sql.append(f"CREATE UNIQUE INDEX {table}_in_client ON {table} ({self.column}, {key})")
        if self.shared:
            to_all = f"FOR SELECT TO {APP}, {LIMITED} USING ({self.column} = '{PAKTALEEM}')"
            sql.append(f"CREATE POLICY shared ON {table} {to_all}")
        if self.looked_up:
            sql.append(f"CREATE POLICY looked_up ON {table} FOR SELECT TO {OWNER} USING (true)")
        return [*sql, *write_policies(table, self.limited, columns_of_state(state), own=own)]

    def keys(self, app_label: str, state: Any) -> list[Key]:
        """Add the foreign key to the client; the rows of a history table must outlive the rows they describe."""
        if self.column == "id" or not self.knows_clients or self.model.lower().startswith("historical"):
            return []
        table = self.table(app_label, state)
        reference = f"FOREIGN KEY ({self.column}) REFERENCES accounts_client (id)"
        return [Key(table, "accounts_client", f"ADD CONSTRAINT {table}_of_client {reference}")]

    def backward_sql(self, app_label: str, state: Any) -> list[str]:
        table = self.table(app_label, state)
        policies = ["own", "officer", *(["shared"] if self.shared else []), *(["looked_up"] if self.looked_up else [])]
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_of_client",
            f"DROP INDEX IF EXISTS {table}_in_client",
            *(f"DROP POLICY {policy} ON {table}" for policy in policies),
            *(f"DROP POLICY IF EXISTS {policy} ON {table}" for policy in _OF_LIMITED_STAFF),
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
        ]


class RenewLimits(_TableOperation):
    """Write the policies of limited staff anew, after a foreign key of a table by person has become optional."""

    def forward_sql(self, app_label: str, state: Any) -> list[str]:
        table, own = self.table(app_label, state), "client_id = (SELECT tenancy_client())"
        dropped = (f"DROP POLICY IF EXISTS {policy} ON {table}" for policy in _OF_LIMITED_STAFF)
        return [*dropped, *write_policies(table, Limited.BY_PERSON, columns_of_state(state), own=own)]

    def backward_sql(self, app_label: str, state: Any) -> list[str]:
        """Keep the policies: they allow what the earlier column refuses."""
        del app_label, state
        return []


class SameClientForeignKey(_TableOperation):
    """Add a composite foreign key, so that a row can only refer to a row of the same client.

    For a reference into the shared catalogue, ``owner`` names the column with the catalogue row's client; a check
    constraint allows the row's own client or PakTaleem only. The key is not deferrable: it must fail before the
    response is sent.
    """

    def __init__(self, model: str, field: str, to: str, *, owner: str = "client_id", to_key: str = "client_id") -> None:
        super().__init__(model)
        self.field, self.to, self.owner, self.to_key = field, to, owner, to_key

    def _parts(self, app_label: str, state: Any) -> tuple[str, str, str]:
        table = self.table(app_label, state)
        column = _column(state, app_label, self.model, self.field)
        return table, column, f"{table}_{column}_same_client"[:63]

    def forward_sql(self, app_label: str, state: Any) -> list[str]:
        table, column, name = self._parts(app_label, state)
        sql = [f"CREATE INDEX IF NOT EXISTS {name[:59]}_ix ON {table} ({self.owner}, {column})"]
        if self.owner != "client_id":
            both = f"({self.owner} IS NULL) = ({column} IS NULL)"  # a composite key with one NULL is not checked
            allowed = f"CHECK ({self.owner} IN (client_id, '{PAKTALEEM}') AND {both})"
            sql.append(f"ALTER TABLE {table} ADD CONSTRAINT {name[:57]}_owner {allowed}")
        return sql

    def keys(self, app_label: str, state: Any) -> list[Key]:
        """Add the composite key."""
        table, column, name = self._parts(app_label, state)
        target = _table(state, app_label, self.to)
        reference = f"FOREIGN KEY ({self.owner}, {column}) REFERENCES {target} ({self.to_key}, id)"
        return [Key(table, target, f"ADD CONSTRAINT {name} {reference}")]

    def backward_sql(self, app_label: str, state: Any) -> list[str]:
        table, _, name = self._parts(app_label, state)
        return [
            f"DROP INDEX IF EXISTS {name[:59]}_ix",
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name[:57]}_owner, DROP CONSTRAINT {name}",
        ]


class SameColumns(_TableOperation):
    """Add a foreign key over more columns than the id.

    A row can then only refer to rows of the same child or guardian.
    """

    def __init__(self, model: str, field: str, to: str, *columns: str) -> None:
        """Take the field, its target, and the columns that must be equal in both tables."""
        super().__init__(model)
        self.field, self.to, self.columns = field, to, columns

    def _parts(self, app_label: str, state: Any) -> tuple[str, str, str, str]:
        table, target = self.table(app_label, state), _table(state, app_label, self.to)
        return table, target, _column(state, app_label, self.model, self.field), ", ".join(self.columns)

    def forward_sql(self, app_label: str, state: Any) -> list[str]:
        _, target, _, columns = self._parts(app_label, state)
        return [f"CREATE UNIQUE INDEX IF NOT EXISTS {target}_named_whole ON {target} (client_id, id, {columns})"]

    def keys(self, app_label: str, state: Any) -> list[Key]:
        """Return the foreign key over all the columns."""
        table, target, column, columns = self._parts(app_label, state)
        reference = f"FOREIGN KEY (client_id, {column}, {columns}) REFERENCES {target} (client_id, id, {columns})"
        return [Key(table, target, f"ADD CONSTRAINT {table}_{column}_same {reference}")]

    def backward_sql(self, app_label: str, state: Any) -> list[str]:
        table, target, column, _ = self._parts(app_label, state)
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_same",
            f"DROP INDEX IF EXISTS {target}_named_whole",
        ]


class AppendOnly(_TableOperation):
    """Make a table append-only: a trigger rejects UPDATE, DELETE and TRUNCATE, even by its owner."""

    def forward_sql(self, app_label: str, state: Any) -> list[str]:
        table, refuse = self.table(app_label, state), "EXECUTE FUNCTION tenancy_refuse_change()"
        return [
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]

    def backward_sql(self, app_label: str, state: Any) -> list[str]:
        table = self.table(app_label, state)
        return [f"DROP TRIGGER append_only ON {table}", f"DROP TRIGGER append_only_table ON {table}"]


class Isolate(Operation):
    """Run the operations of tenant isolation of an app together: all tables first, then all foreign keys at once."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    def __init__(self, *operations: _TableOperation) -> None:
        """List the operations."""
        self.operations = operations

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave Django's own picture of the schema as it is."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Run the forward SQL of all."""
        statements = [sql for one in self.operations for sql in one.forward_sql(app_label, to_state)]
        _run(schema_editor, statements, [key for one in self.operations for key in one.keys(app_label, to_state)])

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Undo all, the last one first."""
        undone = reversed(self.operations)
        _run(schema_editor, [sql for one in undone for sql in one.backward_sql(app_label, from_state)], [])

    def describe(self) -> str:
        """Count the operations for ``migrate --plan``."""
        return f"Isolate the tables of each client ({len(self.operations)} operations)"


def _table(state: Any, app_label: str, model: str) -> str:
    """Return the table of a model, of this app or named ``app.Model``."""
    label, _, name = model.rpartition(".")
    key = (label or app_label, name.lower())
    return str(state.models[key].options.get("db_table") or "_".join(key))


def _column(state: Any, app_label: str, model: str, field: str) -> str:
    found = state.models[app_label, model.lower()].fields[field]
    return str(found.db_column or (f"{field}_id" if found.is_relation else field))


def _primary_key(state: Any, app_label: str, model: str) -> str:
    fields = state.models[app_label, model.lower()].fields
    return _column(state, app_label, model, next(name for name, field in fields.items() if field.primary_key))


def _run(editor: Any, statements: Iterable[str], keys: list[Key]) -> None:
    for statement in [*statements, *([_add_keys(keys)] if keys else [])]:
        editor.execute(statement, params=None)


def _add_keys(keys: list[Key]) -> str:
    """Add foreign keys while the owner may see all rows: a new key must check every one of them."""
    clauses = defaultdict(list)
    for key in keys:
        clauses[key.table].append(key.clause)
    tables = sorted({table for key in keys for table in (key.table, key.target)})
    names = ", ".join(f"'{table}'" for table in tables)
    adding = "\n".join(f"    ALTER TABLE {table} {', '.join(added)};" for table, added in clauses.items())
    return f"""
DO $keys$
DECLARE
    forced regclass[] := ARRAY(
        SELECT oid::regclass FROM pg_class
        WHERE relname IN ({names}) AND relnamespace = 'public'::regnamespace AND relforcerowsecurity);
    t regclass;
BEGIN
    FOREACH t IN ARRAY forced LOOP EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', t); END LOOP;
{adding}
    FOREACH t IN ARRAY forced LOOP EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t); END LOOP;
END $keys$"""  # noqa: S608 -- names of tables come from models, never from input
