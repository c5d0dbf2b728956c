"""The export of a client's data for its return: archives of some people each, written by the worker, sealed."""

import json
from collections import defaultdict
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Annotated

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _, gettext_lazy, gettext_noop

from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, OrderQuerySet
from paktaleem.directory.data_systems.selectors import Parent, categories_held, list_parts
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders_for_set
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.files.services import FileTooLarge, iterate_file, stream_file, write_case_file
from paktaleem.directory.people.copies.declarations import Reader, Section
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.encryption.sealing import Sealer
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.office.exits.models import AgreementExit, ExitPart, ExitStage
from paktaleem.office.exits.services.ending import CASE, announce_export, record_exit, require_stage
from rights.packages.archive import Archive, Entry, Sink
from rights.packages.selectors import safe_name

_AT_ONCE = 1_000
"""People about whom the systems are ordered in one transaction."""
_TIME_TO_ANSWER = timedelta(days=14)


@transaction.atomic
def collect_chunk(row: AgreementExit, *, actor: Actor, at: datetime, size: int = _AT_ONCE) -> bool:
    """Order every system to give the data of the next people; return True if more are left (GDPR Art. 28(3)).

    Once every order is answered or waived, the export may be written. The cursor moves in the same transaction as the
    orders, so that a killed worker loses and doubles nothing. Raises NotAllowed.
    """
    require(actor, Capability.RUN_TASKS, row.client_id)
    row = lock_row(row)
    if row.stage != ExitStage.COLLECTING or row.paused_at is not None:
        return False
    rows = Subject.objects.filter(client_id=row.client_id, erased_at=None).order_by("pk")
    people = list((rows if row.cursor is None else rows.filter(pk__gt=row.cursor)).values_list("pk", flat=True)[:size])
    categories = categories_held(row.client_id, at=at)
    if people and categories:
        spec = OrderSpec(
            kind=OrderKind.COLLECT,
            categories=categories,
            reason=Reason.AGREEMENT_CHANGE,
            ground=Ground.AGREEMENT_ENDED,
            due_at=at + _TIME_TO_ANSWER,
            parent=Parent(CASE, row.pk),
        )
        chosen = Subject.objects.filter(pk__in=people)
        issue_orders_for_set(chosen, spec, client_id=row.client_id, actor=actor, at=at)
        row.cursor = people[-1]
        row.save(update_fields=["cursor"])
        return True
    if not list_copy_orders(row).open().exists():
        row.stage, row.cursor = ExitStage.EXPORTING, None
        row.save(update_fields=["stage", "cursor"])
        record_exit("exit.systems_answered", row, actor, at)
    return False


def list_copy_orders(row: AgreementExit) -> OrderQuerySet:
    """List the orders by which systems give their data for an exit."""
    own = {"client_id": row.client_id, "parent_kind": CASE, "parent_id": row.pk, "kind": OrderKind.COLLECT.value}
    found: OrderQuerySet = Order.objects.filter(**own)
    return found


AT_ONCE = 50
"""People in one part of the export."""
_WRITTEN = gettext_noop("Enter where the client’s refusal is written down.")
_SETTLED = gettext_lazy("The client has its data already, or has declined it already.")


@transaction.atomic
def export_chunk(row: AgreementExit, *, actor: Actor, at: datetime, size: int = AT_ONCE) -> bool:
    """Write the next part of the export; return True if more people are left (GDPR Art. 28(3), decision 0079).

    The cursor moves in the same transaction as the part, so that a killed worker loses and doubles nothing. Raises
    FileTooLarge if the data of one person exceeds PACKAGE_MOST_BYTES, as a copy of it would, NotAllowed.
    """
    require(actor, Capability.RUN_TASKS, row.client_id)
    row = lock_row(row)
    if row.stage != ExitStage.EXPORTING or row.paused_at is not None:
        return False
    rows = Subject.objects.filter(client_id=row.client_id, erased_at=None).order_by("pk")
    people = list((rows if row.cursor is None else rows.filter(pk__gt=row.cursor))[:size])
    if not people:
        row.stage, row.cursor = ExitStage.RETURNING, None
        row.save(update_fields=["stage", "cursor"])
        record_exit("exit.exported", row, actor, at, people=row.exported)
        announce_export(row, actor=actor, at=at)
        return False
    people = _write_what_fits(row, people, at)
    row.cursor, row.exported = people[-1].pk, row.exported + len(people)
    row.save(update_fields=["cursor", "exported"])
    return True


def _write_what_fits(row: AgreementExit, people: list[Subject], at: datetime) -> list[Subject]:
    """Write a part with the people that fit in a file, and return them; one alone may be as large as their copy."""
    while len(people) > 1:
        try:
            with transaction.atomic():
                _write_part(row, people, at, most_bytes=settings.FILE_MOST_BYTES)
        except FileTooLarge:
            people = people[: len(people) // 2]
        else:
            return people
    _write_part(row, people, at, most_bytes=settings.PACKAGE_MOST_BYTES)
    return people


def _write_part(row: AgreementExit, people: list[Subject], at: datetime, *, most_bytes: int) -> None:
    """Write a part; it is encrypted while it is written, so that no data of a person is in clear on the disk."""
    number = ExitPart.objects.filter(client_id=row.client_id, exit=row).count() + 1
    sealer = Sealer.of_row(row)
    with write_case_file(client_id=row.client_id, case=row.pk, sealer=sealer, most_bytes=most_bytes) as sink:
        manifest = _write_archive(sink, row, people, {"exit": str(row), "part": number, "people": len(people)}, at)
        file = sink.finish(at=at)
    part = ExitPart(id=new_id(), client_id=row.client_id, exit=row, number=number, people=len(people))
    part.manifest, part.file, part.written_at = manifest, file, at
    part.save(force_insert=True)


def _write_archive(out: Sink, row: AgreementExit, people: list[Subject], about: dict[str, object], at: datetime) -> str:
    sections = list_sections()
    orders: defaultdict[object, list[Order]] = defaultdict(list)
    for order in list_copy_orders(row).filter(subject__in=people).select_related("system").order_by("pk"):
        orders[order.subject_id].append(order)
    with Archive(out, at=at) as archive, translation.override("en"):
        for person in people:
            with archive.entry(f"people/{person.pk}/data.json") as entry:
                _write_person(entry, person, sections, orders[person.pk])
            own = SealedFile.objects.filter(client_id=person.client_id, subject=person, package=None).order_by("pk")
            for file in own:  # not those of packages, which have an end
                with archive.entry(f"people/{person.pk}/{file.pk}.{file.kind}") as entry:
                    for chunk in iterate_file(file):
                        entry.write(chunk)
            for part in (part for order in orders[person.pk] for part in list_parts(order)):
                name = f"{safe_name(part.order.system.code)}/{safe_name(part.category)}-{part.pk}"
                with archive.entry(f"people/{person.pk}/systems/{name}.{part.file.kind}") as entry:
                    for chunk in iterate_file(part.file):
                        entry.write(chunk)
        return archive.finish(about)


def _write_person(entry: Entry, person: Subject, sections: list[Section], orders: list[Order]) -> None:
    reader = Reader(person, sealer_of(person))
    entry.write(b'{"external_id": ')
    entry.write_json(person.external_id)
    entry.write(b', "systems": ')
    entry.write_json([{"system": order.system.code, "answer": order.state, "result": order.result} for order in orders])
    entry.write(b', "sections": {')
    for number, section in enumerate(sections):
        entry.write(b", " if number else b"")
        entry.write_json(section.code)
        entry.write(b": [")
        for index, line in enumerate(section.read(reader)):
            entry.write(b", " if index else b"")
            entry.write(json.dumps(line, ensure_ascii=False, default=str).encode())
        entry.write(b"]")
    entry.write(b"}}")


@transaction.atomic
def open_part(part: ExitPart, *, actor: Actor, reason: Reason | str, at: datetime) -> Generator[bytes]:
    """Return one part of the export, to hand it to the client, chunk by chunk; who took it is recorded.

    It counts as downloaded once its last byte is sent. Raises Refused once the export is handed over, CannotOpen
    once its key is destroyed, NotAllowed.
    """
    require(actor, Capability.APPROVE_EXITS, part.client_id)
    row = lock_row(part.exit)
    require_stage(row, ExitStage.RETURNING)
    record_exit("exit.part_opened", row, actor, at, part=part.number, reason=Reason(reason).value)

    def record_download() -> None:
        sent = lock_row(part.exit)
        sent.fetched = sorted({*sent.fetched, part.number})
        sent.save(update_fields=["fetched"])

    return stream_file(part.file, sealer=Sealer.of_row(row), on_sent=record_download)


def _check_return(row: AgreementExit, _actor: Actor, _at: datetime) -> None:
    require_stage(row, ExitStage.RETURNING)
    if row.returned_at is not None:
        raise Refused(_SETTLED)
    if ExitPart.objects.filter(client_id=row.client_id, exit=row).exclude(number__in=row.fetched).exists():
        raise Refused(_("First download every part of the export and hand it to the client."))


@act(
    "returned",
    "Client has its data",
    Capability.APPROVE_EXITS,
    lead="Record that the client has confirmed that it received all parts and can read them.",
    done="Recorded. The deletion can begin.",
    check=_check_return,
)
def confirm_return(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Record that the client received its data, of which every part was downloaded. Raises Refused, NotAllowed."""
    row.returned_by, row.returned_at = actor.id, at
    row.save(update_fields=["returned_by", "returned_at"])
    record_exit("exit.returned", row, actor, at, reason=Reason(reason).value)
    return row


_DOCUMENT = forms.CharField(
    label=gettext_lazy("Written down in"),
    max_length=200,
    help_text=gettext_lazy(
        "The client’s email or document, with its date and without names. If the last day of the return has "
        "passed without an answer: our written notice that the data will be deleted."
    ),
)


def _check_refusal(row: AgreementExit, _actor: Actor, _at: datetime) -> None:
    require_stage(row, ExitStage.RETURNING)
    if row.returned_at is not None or row.return_declined_at is not None:
        raise Refused(_SETTLED)


@act(
    "decline-return",
    "Client declines its data",
    Capability.APPROVE_EXITS,
    lead="Record that the client does not want the export. Then another officer may delete the data.",
    done="Recorded. Another officer may start the deletion.",
    danger=True,
    check=_check_refusal,
)
def decline_return(
    row: AgreementExit, *, document: Annotated[str, _DOCUMENT], actor: Actor, reason: Reason | str, at: datetime
) -> AgreementExit:
    """Record that the client does not want its data; ``document`` says where this is written down, without names.

    Follows decision 0079. Then another officer may start the deletion. Raises ValidationError for an empty
    ``document``, Refused, NotAllowed.
    """
    row.refusal = document.strip()
    if not row.refusal:
        raise ValidationError({"document": [_WRITTEN]})
    row.return_declined_by, row.return_declined_at = actor.id, at
    row.save(update_fields=["refusal", "return_declined_by", "return_declined_at"])
    record_exit("exit.return_declined", row, actor, at, reason=Reason(reason).value)
    return row
