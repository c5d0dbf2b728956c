"""Which migrations the database lacks, whether this code can upgrade it, and what its schema lacks of the models.

A migration that was edited after it was applied leaves a database in which every migration is applied and tables or
columns are missing; only a comparison of the schema itself finds that.
"""

from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.tenancy.grants import list_table_policies
from paktaleem.foundation.tenancy.sql_files import sql_files
from paktaleem.foundation.tenancy.table_policy import Scope

TOO_OLD = "The database was made by a version that this one cannot upgrade: it has migrations that no longer exist."
TOO_OLD_REMEDY = (
    "Nothing was changed. Run the version that made it, or set the addresses to those of an empty database."
)


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations that are not applied, as (app, name).

    Raises DatabaseError if the database cannot be reached.
    """
    return _known_migrations() - _applied_migrations(DEFAULT_DB_ALIAS)


def is_too_old(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Return True if the database comes from a version that this code cannot upgrade.

    Such a database lacks migrations of this code, and has others of the same apps, which the code no longer has. A
    newer database lacks none; a migration that replaces others (a squashed one) knows their names.
    """
    applied, known = _applied_migrations(using), _known_migrations()
    labels = {label for label, _ in known}
    extra = {(label, name) for label, name in applied if label in labels} - known - _replaced_migrations()
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
    """Return the migrations of this code, as (app, name)."""
    return set(_loader().disk_migrations)


def _replaced_migrations() -> set[tuple[str, str]]:
    return {name for migration in _loader().disk_migrations.values() for name in migration.replaces}


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
    """List what the models and SQL files have and the database lacks: tables, columns, constraints, functions.

    More than they have is no fault: a newer version may have migrated the database already. Raises DatabaseError if it
    cannot be reached.
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
    for model in _managed_models():
        table = model._meta.db_table
        if table not in tables:
            parts.append(f"table {table}")
            continue
        wanted = (field.column for field in model._meta.local_concrete_fields)
        parts += [f"column {table}.{column}" for column in wanted if (table, column) not in columns]
        parts += [f"constraint {name} of {table}" for name in _names_of(model) if name not in names]
    walls = list_table_policies().items()
    unisolated = {table for table, wall in walls if wall.scope is not Scope.GLOBAL and table in tables} - isolated
    parts += [f"row-level security of {table}" for table in sorted(unisolated)]
    return parts + [f"{file.current.kind} {file.name}" for file in sql_files() if file.name not in names]


def _managed_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


def _names_of(model: type[models.Model]) -> list[str]:
    return [part.name for part in (*model._meta.constraints, *model._meta.indexes)]
