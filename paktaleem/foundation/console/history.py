"""Change history of a tracked row: actor, time, reason and changed fields, newest first."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _, gettext_noop

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import FACT_NAMES, get_act_name
from paktaleem.foundation.console.columns import (
    WRITTEN_AS_CODE,
    annotate_actor,
    format_actor,
    format_code_field,
    is_code_field,
    moment,
    reason_label,
)
from paktaleem.foundation.console.forms import find_words
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words

type Column = models.Field[Any, Any]

SHOWN = 100
NOTHING = "—"
_EXCLUDED = ("id", "history_id")
_ISO_TIME = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    old: str
    new: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a row, or a step of it; ``changes`` is None for a step, which says itself what it did."""

    at: datetime
    who: str
    why: str
    kind: str
    changes: Sequence[Change] | None


_KINDS = {"+": gettext_noop("Added"), "~": gettext_noop("Changed"), "-": gettext_noop("Removed")}


def list_row_versions(row: Any, *, viewer: Actor) -> FirstRows[Version]:
    """Return the latest versions of a row with their changes; encrypted fields show dots only."""
    rows = annotate_actor(row.history.all(), viewer).order_by("-history_date", "-history_id")
    shown = take_latest(rows, SHOWN)
    found = [*shown, *([shown.next_row] if shown.next_row else [])]
    fields = list_compared_fields(type(row))
    names = _load_reference_names(found, fields) | _load_staff_names(found, fields, viewer)
    older: list[Any] = [*found[1:], None]
    return shown.with_rows(_build_version(new, old, fields, names) for new, old in zip(shown, older, strict=False))


def list_row_steps(row: Any, families: Sequence[str], *, person_at: str, viewer: Actor) -> FirstRows[Version]:
    """Return what the ledger records about a row without versions: the latest acts that name its id.

    ``families`` are those of the acts; ``person_at`` is the attribute with the id of the person whom the row is
    about, if it has one: the entries are then found by the person.
    """
    if not families:
        return FirstRows([])
    person = attrgetter(person_at)(row) if "." in person_at else getattr(row, person_at, None)
    own = Entry.objects.filter(client_id=row.client_id, family__in=families, body__contains=str(row.pk))
    found = own if person is None else own.filter(Q(subject_id=person) | Q(subject_id=None))
    shown = take_latest(annotate_actor(found.order_by("-recorded_at", "-id"), viewer), SHOWN)
    steps = []
    for entry in shown:
        reason = json.loads(entry.body).get("facts", {}).get("reason")
        why = reason_label(reason) if isinstance(reason, str) else ""
        steps.append(Version(entry.recorded_at, format_actor(entry), why, str(get_act_name(entry.kind)), None))
    return shown.with_rows(steps)


def list_compared_fields(model: type[models.Model]) -> list[Column]:
    """Return the fields of a tracked model whose changes are shown; the kind of an actor is said with the actor."""
    names = {field.name for field in model._meta.concrete_fields}
    tracked = {field.name for field in model.history.model._meta.concrete_fields}  # type: ignore[attr-defined]
    own = {field.name for field in ActorStamp._meta.local_fields}
    return [
        field
        for field in model._meta.concrete_fields
        if field.name in tracked - own
        and field.name not in _EXCLUDED
        and not field.name.endswith("_owner")
        and not (field.name.endswith("_kind") and f"{field.name.removesuffix('_kind')}_by" in names)
        and (not isinstance(field, models.BinaryField) or isinstance(field, SealedField))
    ]


def _load_reference_names(found: Iterable[object], fields: Iterable[Column]) -> dict[object, str]:
    ids: dict[Any, set[Any]] = {}
    for field in fields:
        if field.remote_field is not None:
            values = {getattr(version, field.attname) for version in found} - {None}
            ids.setdefault(field.related_model, set()).update(values)
    return {
        key: str(row)
        for model, keys in ids.items()
        if keys
        for key, row in model._default_manager.in_bulk(keys).items()
    }


def _load_staff_names(found: Iterable[object], fields: Iterable[Column], viewer: Actor) -> dict[object, str]:
    """Return the email addresses of staff who requested or decided; clients see PakTaleem's staff as PakTaleem."""
    staff = [field.attname for field in fields if _is_staff(field)]
    ids = {getattr(version, name) for version in found for name in staff} - {None}
    if not ids:
        return {}
    emails = dict(User.objects.filter(pk__in=ids).values_list("pk", "email"))
    if viewer.client_id is not None:
        own = Membership.objects.filter(client_id=viewer.client_id, user_id__in=ids)
        known = set(own.values_list("user_id", flat=True))
        emails = {key: emails[key] for key in known & set(emails)}
    hidden = _("PakTaleem or a former member of staff") if viewer.client_id is not None else _("Former staff")
    return {key: emails.get(key, hidden) for key in ids}


def _is_staff(field: Column) -> bool:
    return field.related_model is User or (isinstance(field, models.UUIDField) and field.name.endswith("_by"))


def _build_version(new: Any, old: Any | None, fields: Iterable[Column], names: dict[object, str]) -> Version:
    changes = []
    for field in fields:
        value = getattr(new, field.attname)
        if value not in (None, "", [], {}, timedelta()) if old is None else value != getattr(old, field.attname):
            before, after = _format_both(old, new, field, names)
            label = capfirst(translate_text(field.verbose_name))
            changes.append(Change(label, before, after, is_code=field.name in WRITTEN_AS_CODE))
    why, kind = reason_label(new.history_change_reason), translate_text(_KINDS[new.history_type])
    return Version(new.history_date, format_actor(new), why, kind, changes)


def _format_both(old: Any | None, new: object, field: Column, names: dict[object, str]) -> tuple[str, str]:
    before, after = _format_field(old, field, names), _format_field(new, field, names)
    if not isinstance(field, SealedField):
        return before, after
    if after == NOTHING:
        return before, _("Removed")
    return before, _("Added") if before == NOTHING else _("Changed")


def _format_field(version: object | None, field: Column, names: dict[object, str]) -> str:
    value = getattr(version, field.attname) if version is not None else None
    if value in (None, "", [], {}):
        return NOTHING
    if isinstance(field, SealedField):
        return _("Encrypted")
    if _is_staff(field):
        kind = getattr(version, f"{field.name.removesuffix('_by')}_kind", ByKind.USER)
        if kind == ByKind.SYSTEM:
            return _("System")
        return _("API key") if kind == ByKind.API_KEY else names.get(value, str(value))
    if field.remote_field is not None:
        return names.get(value, "PakTaleem" if field.name == "client" else str(value))
    return _describe(version, field, value)


def _describe(version: Any, field: Column, value: Any) -> str:
    if (describe := find_words(field.model._meta.label_lower, field.name)) is not None:
        return describe(value)
    is_texts = isinstance(value, list) and all(isinstance(part, str) for part in value)
    if is_texts or (isinstance(value, str) and is_code_field(field)):
        return format_code_field(field, value, getattr(version, "client_id", PAKTALEEM))
    return _format_value(value, field)


def _format_value(value: object, field: Column) -> str:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return NOTHING if not value else str(value)
    if isinstance(value, UUID):
        return f"…{str(value)[-6:]}"
    if isinstance(value, bool | list | dict):
        return format_parts(value)
    return translate_text(dict(field.flatchoices).get(value, value))


def format_parts(value: object) -> str:
    """Return a JSON value as text without its brackets: lists with commas, names before their values."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return join_words(map(format_parts, value)) or NOTHING
    if isinstance(value, dict):
        return "; ".join(f"{format_fact_name(name)}: {format_parts(part)}" for name, part in value.items()) or NOTHING
    if isinstance(value, str) and _ISO_TIME.match(value):
        return moment(datetime.fromisoformat(value))
    return NOTHING if value in (None, "") else str(value)


def format_fact_name(key: str) -> str:
    return translate_text(FACT_NAMES.get(key, key.replace("_", " ")))
