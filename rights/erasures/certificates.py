"""Certificates of erasures: canonical JSON (RFC 8785) without personal data, whose SHA-256 is in the ledger."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.paper.selectors import in_each, name_codes, name_reasons
from paktaleem.directory.data_systems.models import Order, OrderStep
from paktaleem.directory.data_systems.rests_on import RestsOn
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.people.extension_points import PersonalRows
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.canonical import format_time
from paktaleem.foundation.audit.certificates import issue
from paktaleem.foundation.encryption.erasure_list import Stage as LineStage, erasure_list
from paktaleem.foundation.tenancy.tables import Personal
from retention.data_map.selectors import find_bases
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.selectors import list_remaining
from rights.rectifications.selectors import list_notices

VERSION = 2
_ANSWERS = {
    State.CONFIRMED: "erased",
    State.NOT_FOUND: "not_found",
    State.NOT_APPLICABLE: "not_applicable",
    State.WAIVED: "waived",
}


def issue_certificate(proposal: ErasureProposal, *, parent: Parent, actor: Actor, at: datetime) -> Certificate:
    """Issue the one certificate of a verified erasure; ``parent`` is the case of its orders."""
    issued = Certificate.objects.filter(client_id=proposal.client_id, proposal=proposal).first()
    if issued is not None:
        return issued
    context = {"client_id": proposal.client_id, "subject_id": proposal.subject_id}
    facts = {"proposal": str(proposal.pk), "number": proposal.number}
    if proposal.request_id is not None:
        facts["rights_request"] = str(proposal.request_id)
    row, content = Certificate(client_id=proposal.client_id, proposal=proposal), _compose(proposal, parent, at)
    return issue(row, "erasure.certified", content, facts=facts, actor=actor, at=at, **context)


def _compose(proposal: ErasureProposal, parent: Parent, at: datetime) -> dict[str, Any]:
    request, subject = proposal.request, proposal.subject
    # a keyed hash of the LMS id, by which the portal recognises the person without any data
    mark = bytes(subject.tombstone) if subject.tombstone else tombstone_of(subject.client_id, subject.external_id)
    own = {"client_id": proposal.client_id, "parent_kind": parent.kind, "parent_id": parent.id, "kind": "erase"}
    orders = list(Order.objects.filter(**own).select_related("system").order_by("system__code", "pk"))
    bases = find_bases(proposal.client_id, orders)
    systems = [_answer(order, bases[order.pk]) for order in orders]
    return {
        "type": "erasure_certificate",
        "version": VERSION,
        "number": proposal.number,
        "client": {"code": proposal.client.code, "name": proposal.client.name},
        "person": {"id": str(proposal.subject_id), "commitment": (mark or b"").hex()},
        "request": {"number": request.number, "received_at": format_time(request.received_at)} if request else None,
        "extent": {"kind": proposal.extent, "purposes": proposal.purposes, "categories": proposal.categories},
        "reason": proposal.reason,
        "proposed": {"by": proposal.requested_role, "at": format_time(proposal.requested_at)},
        "approved": {"by": proposal.settled_role, "at": format_time(proposal.settled_at)},
        "cooling_off_until": format_time(proposal.cooling_ends_at),
        "ordered_at": format_time(proposal.started_at),
        "key_destroyed_at": format_time(proposal.erasure.completed_at) if proposal.erasure else None,
        "erasure_list": _lines(proposal),
        "systems": systems,
        "recipients": _list_recipients(proposal),
        "remaining": _remaining(subject, proposal.started_at or at),
        "names": _list_names(proposal, systems),
        "issued_at": format_time(at),
    }


def _list_names(proposal: ErasureProposal, systems: list[dict[str, Any]]) -> dict[str, Any]:
    named = {
        *proposal.categories,
        *(code for one in systems for code in (*one["categories"], *one["counts"], *one["reported"])),
    }
    names = name_codes(
        proposal.client_id, systems=(one["system"] for one in systems), categories=named, purposes=proposal.purposes
    )
    return {**names, "reasons": name_reasons(code for one in systems for code in (one["reason"], one["accepted"]))}


def _list_recipients(proposal: ErasureProposal) -> list[dict[str, str]]:
    if proposal.request is not None:
        notices = list_notices(proposal.request)
    else:  # one that was open from an earlier correction is informed of both
        since = proposal.started_at or proposal.requested_at
        found = list_notices(proposal.subject)
        notices = [one for one in found if one.settled_at is None or one.settled_at >= since]
    return [{"recipient": one.recipient.name, "outcome": one.outcome} for one in notices]


def _remaining(subject: Subject, at: datetime) -> list[dict[str, object]]:
    """Return what stays and why, in both languages: the record is the same whatever language the reader uses."""
    found = in_each(lambda: list_remaining(subject, at))
    return [
        {**one._asdict(), "what_ur": urdu.what, "ground_ur": urdu.ground}
        for one, urdu in zip(found["en"], found["ur"], strict=True)
    ]


def _lines(proposal: ErasureProposal) -> list[int]:
    if not proposal.is_whole:
        return []
    wanted = (proposal.subject_id, LineStage.KEY_DESTROYED)
    return sorted(no for no, line in erasure_list().intents().items() if (line.subject_id, line.stage) == wanted)


def _answer(order: Order, bases: dict[str, RestsOn]) -> dict[str, Any]:
    last = OrderStep.objects.filter(client_id=order.client_id, order=order).order_by("-taken_at", "-pk").first()
    result = order.result or {}
    return {
        "system": order.system.code,
        "order": str(order.pk),
        "categories": order.categories,
        "answer": _ANSWERS[State(order.state)],
        "reason": result.get("reason") or (last.code if last and order.state == State.WAIVED else ""),
        "counts": result.get("counts", {}),
        "reported": result.get("reported", {}),
        "accepted": last.code if last and "outcome" in result else "",
        "answered_at": format_time(order.ended_at),
        "lines": [{"category": category, **basis.to_codes()} for category, basis in bases.items()],
    }


_ABOUT = ("subject", "child")
"""Columns that name the person whom a row is about, and under whose key it is sealed."""
_STEPS = 2
"""A row is about a person by its own column, or by that of a row it belongs to (the note of a request)."""
_WHAT = {
    "people": _("Name, contacts, birth date and other fields of the person, with their history"),
    "guardians": _("Notes and checks about guardians"),
    "consent": _("Evidence of consents in words"),
    "files": _("Files about the person"),
    "audit": _("Salts of the ledger: its commitments can no longer be opened"),
    "mail": _("Contents of messages that were not sent"),
    "paper": _("Rows of answer sheets"),
    "requests": _("Texts of rights requests"),
    "data_systems": _("Data in orders to systems"),
}
_OTHER = _("Other encrypted records")
_CLEAR = ("external_id", "email_index", "phone_index", "name_index", "details_index", *PERSONAL)


def count_sealed_rows(subject: Subject) -> Iterator[PersonalRows]:
    """Count the rows with encrypted values of a person, by app; connected to ``people.personal_rows``."""
    found: Counter[str] = Counter()
    for model, path, columns in _sealed_tables():
        holds = Q(*((f"{column}__isnull", False) for column in columns), _connector=Q.OR)
        held: Any = model._default_manager.filter(holds, **{path: subject.pk}, client_id=subject.client_id)
        found[model._meta.app_label] += held.count()
    found[Subject._meta.app_label] += 1 + subject.history.count()
    for app, rows in sorted(found.items()):
        yield PersonalRows(app, str(_WHAT.get(app, _OTHER)), rows)


def find_readable(subject: Subject) -> list[str]:
    """List, as ids, what could still be read of an erased person: keys, and fields of their row; empty if nothing."""
    own = {"client_id": subject.client_id}
    faults = ["key"] if SubjectKey.objects.filter(subject=subject, **own).exists() else []
    faults += [column for column in _CLEAR if getattr(subject, column) is not None]
    for model, path, column in _tables_with_keys():
        rows = model._default_manager.filter(**{path: subject.pk, f"{column}__isnull": False}, **own)
        faults += [f"{model._meta.label_lower}.{column}"] if rows.exists() else []
    return faults


@cache
def _sealed_tables() -> list[tuple[type[models.Model], str, list[str]]]:
    found = []
    for model, path in _tables_about_people():
        columns = [name for name, kind in _personal(model).items() if kind is Personal.SEALED]
        if columns and not hasattr(model, "instance_type"):
            found.append((model, path, columns))
    return found


@cache
def _tables_with_keys() -> list[tuple[type[models.Model], str, str]]:
    """List the columns that are not under the person's key: keys of rows, and the LMS id in open orders."""
    found = []
    for model, path in _tables_about_people():
        names = {"wrapped", "named"} & set(_personal(model))
        found += [(model, path, name) for name in sorted(names) if model is not SubjectKey]
    return found


def _tables_about_people() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        if model is not Subject and (path := _path_to_person(model, _STEPS)) is not None:
            yield model, path


def _path_to_person(model: type[models.Model], steps: int) -> str | None:
    for name in _ABOUT:
        if _has_person(model, name):
            return f"{name}_id"
    if steps > 1:
        for field in model._meta.get_fields():
            target: Any = field.related_model if isinstance(field, models.ForeignKey) else None
            if target is not None and (path := _path_to_person(target, steps - 1)) is not None:
                return f"{field.name}__{path}"
    return None


def _has_person(model: type[models.Model], name: str) -> bool:
    for column in (name, f"{name}_id"):
        try:
            field = model._meta.get_field(column)
        except FieldDoesNotExist:
            continue
        return field.related_model is Subject or isinstance(field, models.UUIDField)
    return False


def _personal(model: object) -> dict[str, Personal]:
    wall = getattr(model, "wall", None)
    return dict(wall.personal) if wall is not None else {}
