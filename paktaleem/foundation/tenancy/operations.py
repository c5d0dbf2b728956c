"""Migration operations for tenant isolation (row-level security, same-client foreign keys) and append-only tables.

``Isolate`` runs those of an app together, in few statements. Migrations import the other operations from here too:
``CreateTables``, ``ApplySql``, ``DropSql``.

They follow from the declarations of the models; an undeclared table gets no privileges.

A migration that was edited after it was applied leaves a database in which every migration is applied and tables or
columns are missing; only a comparison of the schema itself finds that.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor as Editor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState as State

from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import (
    LIMITED,
    columns_of_model,
    columns_of_state,
    is_hidden,
    write_policies,
)
from paktaleem.foundation.tenancy.sql_files import sql_files
from paktaleem.foundation.tenancy.tables import APPEND, READ, Limited, Scope, TablePolicy
from paktaleem.foundation.tenancy.third_party import THIRD_PARTY_TABLES

APP, OWNER, OFFICER = "paktaleem_app", "paktaleem_owner", "paktaleem_officer"

_OF_LIMITED_STAFF = ("limited", "limited_insert", "limited_update", "limited_delete")


class Key(NamedTuple):
    """A foreign key to be added. PostgreSQL checks it as the owner, against the rows that the owner may see."""

    table: str
    target: str
    clause: str


class TableOperation(Operation):
    """Base class: run SQL on the table of one model, forwards and backwards, without rendering the model."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: State) -> None:
        """Do not change Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        _run(schema_editor, self.forward_sql(app_label, to_state), self.keys(app_label, to_state))

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        _run(schema_editor, self.backward_sql(app_label, from_state), [])

    def table(self, app_label: str, state: State) -> str:
        return _table(state, app_label, self.model)

    def forward_sql(self, app_label: str, state: State) -> list[str]:
        """Write everything but foreign keys."""
        raise NotImplementedError

    def backward_sql(self, app_label: str, state: State) -> list[str]:
        raise NotImplementedError

    def keys(self, app_label: str, state: State) -> list[Key]:  # noqa: ARG002 -- most have none
        """List the foreign keys to add; they are dropped with what ``backward_sql`` drops."""
        return []

    def describe(self) -> str:
        return f"{type(self).__name__} {self.model}"


class TenantIsolation(TableOperation):
    """Enable and force row-level security on a table and make its client column NOT NULL.

    ``shared`` lets every client read rows owned by PakTaleem; ``looked_up`` lets the owner's SECURITY DEFINER
    functions read the table before a context is open (API key, membership); ``column`` names the client column.
    ``limited`` is what staff limited to schools see (``Limited``). A ``partitioned`` table, to which no other refers,
    gets no unique key: PostgreSQL needs the column of the partitions in it.
    """

    def __init__(
        self,
        model: str,
        *,
        column: str = "client_id",
        shared: bool = False,
        looked_up: bool = False,
        limited: str = "",
        partitioned: bool = False,
    ) -> None:
        super().__init__(model)
        self.partitioned = partitioned
        self.limited = Limited(limited or ("read" if shared else "by_person"))
        self.column, self.shared, self.looked_up = column, shared, looked_up

    def forward_sql(self, app_label: str, state: State) -> list[str]:
        table, own = self.table(app_label, state), f"{self.column} = (SELECT tenancy_client())"
        sql = [
            f"ALTER TABLE {table} ALTER COLUMN {self.column} SET NOT NULL",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY own ON {table} TO {APP}, {OWNER} USING ({own}) WITH CHECK ({own})",
            f"CREATE POLICY officer ON {table} FOR SELECT TO {OFFICER} USING (true)",
        ]
        if self.column != "id" and not self.partitioned:
            fields = state.models[app_label, self.model.lower()].fields
            primary = next(name for name, field in fields.items() if field.primary_key)
            key = _column(state, app_label, self.model, primary)
            sql.append(f"CREATE UNIQUE INDEX {table}_in_client ON {table} ({self.column}, {key})")
        if self.shared:
            to_all = f"FOR SELECT TO {APP}, {LIMITED} USING ({self.column} = '{PAKTALEEM}')"
            sql.append(f"CREATE POLICY shared ON {table} {to_all}")
        if self.looked_up:
            sql.append(f"CREATE POLICY looked_up ON {table} FOR SELECT TO {OWNER} USING (true)")
        return [*sql, *write_policies(table, self.limited, columns_of_state(state), own=own)]

    def keys(self, app_label: str, state: State) -> list[Key]:
        """Add the foreign key to the client; rows of a history and of the ledger outlive the rows they describe."""
        fields = state.models[app_label, self.model.lower()].fields
        if "client" not in fields or self.model.lower().startswith("historical"):
            return []
        table = self.table(app_label, state)
        reference = f"FOREIGN KEY ({self.column}) REFERENCES accounts_client (id)"
        return [Key(table, "accounts_client", f"ADD CONSTRAINT {table}_of_client {reference}")]

    def backward_sql(self, app_label: str, state: State) -> list[str]:
        table = self.table(app_label, state)
        policies = ["own", "officer", *(["shared"] if self.shared else []), *(["looked_up"] if self.looked_up else [])]
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_of_client",
            f"DROP INDEX IF EXISTS {table}_in_client",
            *(f"DROP POLICY IF EXISTS {policy} ON {table}" for policy in policies),
            *(f"DROP POLICY IF EXISTS {policy} ON {table}" for policy in _OF_LIMITED_STAFF),
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
        ]


class SameClientForeignKey(TableOperation):
    """Add a composite foreign key, so that a row can only refer to a row of the same client.

    For a reference into the shared catalogue, ``owner`` names the column with the catalogue row's client; a check
    constraint allows the row's own client or PakTaleem only. The key is not deferrable: it must fail before the
    response is sent.
    """

    def __init__(self, model: str, field: str, to: str, *, owner: str = "client_id", to_key: str = "client_id") -> None:
        super().__init__(model)
        self.field, self.to, self.owner, self.to_key = field, to, owner, to_key

    def _parts(self, app_label: str, state: State) -> tuple[str, str, str]:
        table = self.table(app_label, state)
        column = _column(state, app_label, self.model, self.field)
        return table, column, f"{table}_{column}_same_client"[:63]

    def forward_sql(self, app_label: str, state: State) -> list[str]:
        table, column, name = self._parts(app_label, state)
        sql = [f"CREATE INDEX IF NOT EXISTS {name[:59]}_ix ON {table} ({self.owner}, {column})"]
        if self.owner != "client_id":
            both = f"({self.owner} IS NULL) = ({column} IS NULL)"  # a composite key with one NULL is not checked
            allowed = f"CHECK ({self.owner} IN (client_id, '{PAKTALEEM}') AND {both})"
            sql.append(f"ALTER TABLE {table} ADD CONSTRAINT {name[:57]}_owner {allowed}")
        return sql

    def keys(self, app_label: str, state: State) -> list[Key]:
        table, column, name = self._parts(app_label, state)
        target = _table(state, app_label, self.to)
        reference = f"FOREIGN KEY ({self.owner}, {column}) REFERENCES {target} ({self.to_key}, id)"
        return [Key(table, target, f"ADD CONSTRAINT {name} {reference}")]

    def backward_sql(self, app_label: str, state: State) -> list[str]:
        table, _, name = self._parts(app_label, state)
        return [
            f"DROP INDEX IF EXISTS {name[:59]}_ix",
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name[:57]}_owner, DROP CONSTRAINT IF EXISTS {name}",
        ]


class SameColumns(TableOperation):
    """Add a foreign key over more columns than the id, to rows of the same child or guardian only."""

    def __init__(self, model: str, field: str, to: str, *columns: str) -> None:
        super().__init__(model)
        self.field, self.to, self.columns = field, to, columns

    def _parts(self, app_label: str, state: State) -> tuple[str, str, str, str]:
        table, target = self.table(app_label, state), _table(state, app_label, self.to)
        return table, target, _column(state, app_label, self.model, self.field), ", ".join(self.columns)

    def forward_sql(self, app_label: str, state: State) -> list[str]:
        _, target, _, columns = self._parts(app_label, state)
        return [f"CREATE UNIQUE INDEX IF NOT EXISTS {target}_named_whole ON {target} (client_id, id, {columns})"]

    def keys(self, app_label: str, state: State) -> list[Key]:
        table, target, column, columns = self._parts(app_label, state)
        reference = f"FOREIGN KEY (client_id, {column}, {columns}) REFERENCES {target} (client_id, id, {columns})"
        return [Key(table, target, f"ADD CONSTRAINT {table}_{column}_same {reference}")]

    def backward_sql(self, app_label: str, state: State) -> list[str]:
        table, target, column, _ = self._parts(app_label, state)
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_same",
            f"DROP INDEX IF EXISTS {target}_named_whole",
        ]


class AppendOnly(TableOperation):
    """Make a table append-only: a trigger rejects UPDATE, DELETE and TRUNCATE, even by its owner."""

    def forward_sql(self, app_label: str, state: State) -> list[str]:
        table, refuse = self.table(app_label, state), "EXECUTE FUNCTION tenancy_refuse_change()"
        return [
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]

    def backward_sql(self, app_label: str, state: State) -> list[str]:
        table = self.table(app_label, state)
        return [
            f"DROP TRIGGER IF EXISTS append_only ON {table}",
            f"DROP TRIGGER IF EXISTS append_only_table ON {table}",
        ]


class Isolate(Operation):
    """Run the operations of tenant isolation of an app together: all tables first, then all foreign keys at once."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    def __init__(self, *operations: TableOperation) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: State) -> None:
        """Leave Django's own picture of the schema as it is."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        statements = [sql for one in self.operations for sql in one.forward_sql(app_label, to_state)]
        _run(schema_editor, statements, [key for one in self.operations for key in one.keys(app_label, to_state)])

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        undone = list(reversed(self.operations))
        undone.sort(key=lambda one: not one.keys(app_label, from_state))  # keys first, as they are added last
        _run(schema_editor, [sql for one in undone for sql in one.backward_sql(app_label, from_state)], [])

    def describe(self) -> str:
        return f"Isolate the tables of each client ({len(self.operations)} operations)"


def _table(state: State, app_label: str, model: str) -> str:
    label, _, name = model.rpartition(".")
    key = (label or app_label, name.lower())
    return str(state.models[key].options.get("db_table") or "_".join(key))


def _column(state: State, app_label: str, model: str, field: str) -> str:
    found = state.models[app_label, model.lower()].fields[field]
    return str(found.db_column or (f"{field}_id" if found.is_relation else field))


def _run(editor: Editor, statements: Iterable[str], keys: list[Key]) -> None:
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


def list_table_policies() -> dict[str, TablePolicy]:
    """Return the access declaration of every table: own models, their history tables, third-party tables."""
    walls = dict(THIRD_PARTY_TABLES)
    for model in apps.get_models(include_auto_created=True):
        wall = find_table_policy(model)
        if wall is not None:
            walls[model._meta.db_table] = wall
    return walls


def find_table_policy(model: object) -> TablePolicy | None:
    """Return a model's access declaration, or None; a history table has its model's, but append-only."""
    tracked = getattr(model, "instance_type", None)
    if tracked is None:
        return getattr(model, "wall", None)
    wall = getattr(tracked, "wall", None)
    return wall and replace(wall, rights=APPEND, looked_up=False)


def apply_grants(alias: str = "owner") -> None:
    """Grant each role exactly the declared privileges and revoke all others."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP}, {OFFICER}, {LIMITED}, PUBLIC")
        cursor.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {APP}, {OFFICER}, {LIMITED}, PUBLIC")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        present = {name for (name,) in cursor.fetchall()}
        limited = list_limited_rights()
        for table, wall in sorted(list_table_policies().items()):
            if table not in present:
                continue
            if wall.rights:
                cursor.execute(f'GRANT {", ".join(sorted(wall.rights))} ON "{table}" TO {APP}')
            if limited[table]:
                cursor.execute(f'GRANT {", ".join(sorted(limited[table]))} ON "{table}" TO {LIMITED}')
            if wall.officer and "SELECT" in wall.rights:
                cursor.execute(f'GRANT SELECT ON "{table}" TO {OFFICER}')
        cursor.execute(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename LIKE 'procrastinate%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'GRANT USAGE, SELECT ON SEQUENCE "{name}" TO {APP}, {LIMITED}')


_MOST = {Limited.READ: frozenset({"SELECT", "UPDATE"})}


def list_limited_rights() -> dict[str, frozenset[str]]:
    """Return the privileges of staff limited to schools: the app's, where a policy lets them write.

    A table that they only read may be locked (SELECT … FOR UPDATE), which needs UPDATE; the policy refuses changes.
    """
    catalog = columns_of_model({model._meta.db_table: model for model in apps.get_models(include_auto_created=True)})
    rights = {}
    for table, wall in list_table_policies().items():
        if wall.scope is Scope.GLOBAL:
            rights[table] = wall.rights
        elif is_hidden(table, wall.limited, catalog):
            rights[table] = wall.rights & READ
        else:
            rights[table] = wall.rights & _MOST.get(wall.limited, wall.rights)
    return rights


def apply_grants_after_migrate(using: str, **_: object) -> None:
    """Apply the grants after the owner has migrated (a ``post_migrate`` receiver)."""
    if using == "owner":
        apply_grants(using)


TOO_OLD = "The database was made by a version that this one cannot upgrade: it has migrations that no longer exist."
TOO_OLD_REMEDY = (
    "Nothing was changed. Run the version that made it, or set the addresses to those of an empty database."
)


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations that are not applied, as (app, name). Raises DatabaseError if there is no database."""
    return _known_migrations() - _applied_migrations(DEFAULT_DB_ALIAS)


def is_too_old(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Return True if the database comes from a version that this code cannot upgrade.

    Such a database lacks migrations of this code, and has others of the same apps, which the code no longer has. A
    newer database lacks none; a migration that replaces others (a squashed one) knows their names.
    """
    applied, known = _applied_migrations(using), _known_migrations()
    labels = {label for label, _ in known}
    replaced = {name for migration in _loader().disk_migrations.values() for name in migration.replaces}
    extra = {(label, name) for label, name in applied if label in labels} - known - replaced
    return bool(extra and known - applied)


def _applied_migrations(using: str) -> set[tuple[str, str]]:
    with in_global(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
        [exists] = cursor.fetchone() or (False,)
        if not exists:
            return set()
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


@cache
def _loader() -> MigrationLoader:
    return MigrationLoader(None)


def _known_migrations() -> set[tuple[str, str]]:
    return set(_loader().disk_migrations)


_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
"""
_NAMES = """
SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('i', 'I', 'v')
UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION SELECT tgname FROM pg_trigger
"""
_ISOLATED = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity
"""


def list_missing_parts() -> list[str]:
    """List what the models and SQL files have and the database lacks. Raises DatabaseError if there is no database.

    More than they have is no fault: a newer version may have migrated the database already.
    """
    with in_global(), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_COLUMNS)
        columns = set(cursor.fetchall())
        cursor.execute(_NAMES)
        names = {name for (name,) in cursor.fetchall()}
        cursor.execute(_ISOLATED)
        isolated = {name for (name,) in cursor.fetchall()}
    tables = {table for table, _ in columns}
    parts = []
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if not model._meta.managed or model._meta.proxy:
            continue
        if table not in tables:
            parts.append(f"table {table}")
            continue
        wanted = (field.column for field in model._meta.local_concrete_fields)
        parts += [f"column {table}.{column}" for column in wanted if (table, column) not in columns]
        parts += [f"constraint {one.name} of {table}" for one in model._meta.constraints if one.name not in names]
        parts += [f"constraint {one.name} of {table}" for one in model._meta.indexes if one.name not in names]
    walls = list_table_policies().items()
    unisolated = {table for table, wall in walls if wall.scope is not Scope.GLOBAL and table in tables} - isolated
    parts += [f"row-level security of {table}" for table in sorted(unisolated)]
    return parts + [f"{file.current.kind} {file.name}" for file in sql_files() if file.name not in names]
