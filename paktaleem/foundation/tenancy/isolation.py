"""The tenant isolation that the models of each app need, and what of it no migration has."""

from collections import defaultdict
from collections.abc import Iterator
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
    given = [*map(_quote, values), *(f"{key}={_quote(value)}" for key, value in named.items())]
    return f"{name}({', '.join(given)})"


def _quote(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
