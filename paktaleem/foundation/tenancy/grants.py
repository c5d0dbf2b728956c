"""Table privileges of the app and officer roles, applied by the owner after every migrate.

They follow from the declarations of the models; an undeclared table gets no privileges.
"""

from dataclasses import replace
from typing import Any

from django.apps import apps
from django.db import connections

from paktaleem.foundation.tenancy.operations import APP, OFFICER
from paktaleem.foundation.tenancy.school_limits import LIMITED, columns_of_model, is_hidden
from paktaleem.foundation.tenancy.table_policy import APPEND, READ, Limited, Scope, TablePolicy
from paktaleem.foundation.tenancy.third_party import THIRD_PARTY_TABLES


def list_table_policies() -> dict[str, TablePolicy]:
    """Return the access declaration of every table: own models, their history tables, third-party tables."""
    walls = dict(THIRD_PARTY_TABLES)
    for model in apps.get_models(include_auto_created=True):
        wall = find_table_policy(model)
        if wall is not None:
            walls[model._meta.db_table] = wall
    return walls


def find_table_policy(model: Any) -> TablePolicy | None:
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
        _grant_sequences(cursor)


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


def _grant_sequences(cursor: Any) -> None:
    """Grant the app role the sequences of the job queue's tables."""
    cursor.execute(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename LIKE 'procrastinate%'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'GRANT USAGE, SELECT ON SEQUENCE "{name}" TO {APP}, {LIMITED}')


def apply_grants_after_migrate(using: str, **_: Any) -> None:
    """Apply the grants after the owner has migrated (a ``post_migrate`` receiver)."""
    if using == "owner":
        apply_grants(using)
