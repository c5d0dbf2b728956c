"""The isolation and the versions of SQL files that models and files need and no migration has."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import DeleteModel
from django.db.models import ForeignKey, Model

from paktaleem.foundation.tenancy.operations import (
    AppendOnly,
    Isolate,
    SameClientForeignKey,
    TableOperation,
    TenantIsolation,
    find_table_policy,
)
from paktaleem.foundation.tenancy.sql_files import (
    ApplySql,
    DropSql,
    SqlFile,
    SqlText,
    SqlTextError,
    digest_of,
    sql_file,
    sql_files,
)
from paktaleem.foundation.tenancy.tables import Limited, Scope

_CHANGES = {"UPDATE", "DELETE"}


def list_missing_isolation(loader: MigrationLoader) -> dict[str, list[str]]:
    """List by app the operations that its models need and no migration has, as a migration writes them."""
    present = list_present(loader)
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy:
            continue
        missing[model._meta.app_label] += [
            _write(one) for one in _list_needed(model) if _key(model._meta.app_label, one) not in present
        ]
    return {label: written for label, written in missing.items() if written}


def list_present(loader: MigrationLoader) -> set[tuple[str, ...]]:
    """Return what the migrations isolate, as (app, model, operation, field)."""
    present: set[tuple[str, ...]] = set()
    for label, name in (key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)):
        for operation in loader.graph.nodes[label, name].operations:
            if isinstance(operation, DeleteModel):
                present -= {key for key in present if key[:2] == (label, operation.name_lower)}
            for one in operation.operations if isinstance(operation, Isolate) else [operation]:
                if isinstance(one, TableOperation):
                    present.add(_key(label, one))
    return present


def _key(label: str, operation: TableOperation) -> tuple[str, ...]:
    return label, operation.model.lower(), type(operation).__name__, getattr(operation, "field", "")


def _list_needed(model: type[Model]) -> Iterator[TableOperation]:
    policy, name = find_table_policy(model), model._meta.object_name or ""
    if policy is None:
        return
    if policy.scope is not Scope.GLOBAL:
        is_shared = policy.scope is Scope.CATALOGUE
        is_usual = policy.limited is (Limited.READ if is_shared else Limited.BY_PERSON)
        given: dict[str, Any] = {
            "column": "" if policy.owner_column == "client_id" else policy.owner_column,
            "shared": is_shared,
            "looked_up": policy.looked_up,
            "limited": "" if is_usual else policy.limited.value,
        }
        yield TenantIsolation(name, **{key: value for key, value in given.items() if value})
    if not policy.rights & _CHANGES:
        yield AppendOnly(name)
    if not hasattr(model, "instance_type"):  # rows of a history outlive the rows that they name
        yield from _list_keys(model, name)


def _list_keys(model: type[Model], name: str) -> Iterator[SameClientForeignKey]:
    columns = {field.attname for field in model._meta.local_fields}
    for field in model._meta.local_fields:
        if not isinstance(field, ForeignKey) or field.name == "client":
            continue
        target = field.related_model._meta
        policy = find_table_policy(field.related_model)
        if policy is not None and policy.scope is not Scope.GLOBAL:
            owner = f"{field.name}_owner"
            to = str(target.object_name) if target.app_label == model._meta.app_label else target.label
            yield SameClientForeignKey(name, field.name, to, **({"owner": owner} if owner in columns else {}))


def _write(operation: TableOperation) -> str:
    name, values, named = operation.deconstruct()
    written = [("", value) for value in values] + [(f"{key}=", value) for key, value in named.items()]
    given = [f'{key}"{value}"' if isinstance(value, str) else f"{key}{value!r}" for key, value in written]
    return f"{name}({', '.join(given)})"


Versions = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class SqlChange:
    """A file that differs from what the migrations apply; None stands for no file or no migration."""

    file: SqlFile
    before: str | None
    after: str | None

    def operations(self, earlier_text: str | None) -> list[str]:
        """Write the operations that a migration needs: a function with another signature is dropped first."""
        name, before, after = self.file.name, self.before, self.after
        if after is None:
            return [f'DropSql("{name}", digest="{before}")']
        if before is None:
            return [f'ApplySql("{name}", digest="{after}")']
        if earlier_text is not None and SqlText(name, earlier_text).signature != self.file.current.signature:
            return [f'DropSql("{name}", digest="{before}")', f'ApplySql("{name}", digest="{after}")']
        return [f'ApplySql("{name}", digest="{after}", previous="{before}")']


def applied_versions(loader: MigrationLoader) -> Versions:
    """Return the digest that the migrations leave applied for each object, by app and name.

    Raises SqlTextError if an operation does not follow the one before it, or if an earlier text is not kept.
    """
    versions: Versions = {}
    followed = set()
    for leaf in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(leaf):
            if key in followed:
                continue
            followed.add(key)
            for operation in loader.graph.nodes[key].operations:
                if isinstance(operation, ApplySql | DropSql):
                    _follow(versions, key, operation)
    return versions


def _follow(versions: Versions, migration: tuple[str, str], operation: ApplySql | DropSql) -> None:
    app_label, name = migration
    key = app_label, operation.name
    earlier = operation.previous if isinstance(operation, ApplySql) else operation.digest
    if versions.get(key) != earlier:
        raise SqlTextError(
            f"{app_label}.{name} expects the version {earlier} of {operation.name}, but the migrations before it leave "
            f"{versions.get(key)}. Write that as `previous` of ApplySql or `digest` of DropSql."
        )
    if earlier:
        sql_file(*key).text(earlier)
    if isinstance(operation, DropSql):
        del versions[key]
    else:
        versions[key] = operation.digest


def pending_changes(versions: Versions) -> list[SqlChange]:
    """List the files that differ from these versions. Raises SqlTextError as ``SqlText.check`` does."""
    current = {(file.app_label, file.name): file for file in sql_files()}
    changes = []
    for key in sorted({*current, *versions}):
        file = current.get(key)
        if file is not None:
            file.current.check()
        after = digest_of(file.current.text) if file else None
        if after != versions.get(key):
            changes.append(SqlChange(sql_file(*key), versions.get(key), after))
    return changes
