"""System checks: every table declares its client, and every text field its classification."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models

from paktaleem.foundation.tenancy.operations import find_table_policy
from paktaleem.foundation.tenancy.tables import Scope
from paktaleem.foundation.tenancy.third_party import THIRD_PARTY_TABLES

_FILE_FIELDS = (models.BinaryField, models.FileField, models.FilePathField)
_TEXT_FIELDS = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField, *_FILE_FIELDS)
_HISTORY_FIELDS = {"history_type", "history_change_reason", "actor_kind", "actor_role"}


def check_declarations(app_configs: object = None, **_: object) -> list[CheckMessage]:
    """Return errors for models without a ``wall``, a client column or classified text fields."""
    del app_configs
    return [error for model in apps.get_models(include_auto_created=True) for error in _model_errors(model)]


def _model_errors(model: type[models.Model]) -> Iterator[CheckMessage]:
    wall = find_table_policy(model) or THIRD_PARTY_TABLES.get(model._meta.db_table)
    if wall is None:
        hint = "Declare `wall = TablePolicy(…)`, or list a third-party table in foundation/tenancy/third_party.py."
        yield Error(f"{model._meta.label} declares no tenant isolation.", hint=hint, obj=model, id="tenancy.E001")
        return
    columns = {field.column for field in model._meta.concrete_fields}
    if wall.scope is not Scope.GLOBAL and wall.owner_column not in columns:
        seen = f"{model._meta.label} is a tenant table without the column {wall.owner_column}."
        yield Error(seen, hint="Add `client = models.ForeignKey(…)`.", obj=model, id="tenancy.E002")
    for field in model._meta.concrete_fields:
        if _needs_classification(field) and field.name not in wall.personal and field.name not in _HISTORY_FIELDS:
            seen = f"{model._meta.label}.{field.name} may hold text and is not classified as personal or not."
            hint = f'Classify it in the model\'s wall: personal=classify(…="{field.name}").'
            yield Error(seen, hint=hint, obj=model, id="tenancy.E003")


def _needs_classification(field: Any) -> bool:
    if field.get_internal_type() == "ArrayField":
        return True
    return isinstance(field, _TEXT_FIELDS) and not field.choices and field.remote_field is None
