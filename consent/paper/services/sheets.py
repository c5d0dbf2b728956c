"""Uploading answer sheets, which are checked and matched as a whole and confirmed person by person (decision 0020)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from consent.paper.models import AnswerSheet, EntryProblem, EntryState, EntryStep, FormPage, SheetEntry, Step
from consent.paper.selectors import SheetFacts, map_open_rows, purposes_to_ask
from consent.paper.services.forms import delete_sheet_key, seal_details, unseal_details
from consent.paper.services.queue import confirm_entry, has_different_answer
from consent.paper.sheets import CODE, GUARDIAN_ID, LAYOUT, Sheet, SheetInvalid, SheetRow, is_code, read_sheet
from consent.paper.verdicts import judge_row
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealers_of
from paktaleem.directory.schools.oneroster.problems import Problem
from paktaleem.foundation.accounts.actors import Actor, require, user_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import Sealer, wrap_new_key
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

CONFIRM_MATCHED = "paper.confirm_matched"
ROWS_AT_ONCE = 1_000


class SheetAlreadyUploaded(PortalError):
    """The same file was uploaded before."""

    console_message = "This file has already been uploaded: find it in the list."


@transaction.atomic
def upload_sheet(content: bytes, *, client: Client, actor: Actor, at: datetime) -> AnswerSheet:
    """Add an answer sheet to the queue, without recording any answer (decision 0020).

    Raises SheetInvalid with every problem, SheetAlreadyUploaded if the file was uploaded before, ValidationError for
    an empty or too large file, NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, client.pk)
    if not 0 < len(content) <= settings.ANSWER_SHEET_LIMIT:
        megabytes = settings.ANSWER_SHEET_LIMIT // (1024 * 1024)
        raise ValidationError({"file": [f"Choose a file that is not empty and no larger than {megabytes} MB."]})
    digest = hashlib.sha256(content).hexdigest()
    advisory_lock(f"sheet/{client.pk}/{digest}")
    if AnswerSheet.objects.filter(client=client, sha256=digest).exists():
        raise SheetAlreadyUploaded
    codes = [purpose.code for purpose in purposes_to_ask(client.pk, at=at)]
    found = read_sheet(content, purposes=codes, today=at.astimezone(ZoneInfo(client.time_zone)).date())
    sheet = AnswerSheet(
        id=new_id(),
        client=client,
        kind=found.kind,
        sha256=digest,
        rows=len(found.rows),
        blank=found.blank,
        uploaded_at=at,
    )
    sheet.actor_kind, sheet.actor_id, sheet.actor_role = actor_columns(actor)
    sheet.school_ids = actor.school_ids
    _add_rows(sheet, found, client, actor, at)
    return sheet


def _add_rows(sheet: AnswerSheet, found: Sheet, client: Client, actor: Actor, at: datetime) -> None:
    """Match, judge and insert all rows; the number of queries depends on the number of batches only."""
    known = FormPage.objects.filter(client=client, code__in={row.code for row in found.rows if is_code(row.code)})
    pages = {page.code: page for page in known.select_related("run", "subject")}
    if actor.schools is not None:
        _require_pages(found, pages)
    guardians = _find_guardians(found, pages, client)
    knowledge = SheetFacts.of(client, pages.values())
    sealers = sealers_of(client.pk, {page.subject_id for page in pages.values()})
    sealer, sheet.epoch, sheet.wrapped = wrap_new_key(client.pk, sheet.pk)
    keys = sorted(
        (new_id() for _ in found.rows), reverse=True
    )  # lists are newest first, so the first row gets the latest id
    entries = [
        _build_entry(sheet, row, _Known(pages.get(row.code), guardians.get(row.guardian), sealers, sealer), key)
        for row, key in zip(found.rows, keys, strict=True)
    ]
    rivals = map_open_rows(client.pk, [page.pk for page in pages.values()])
    waiting = [one for others in rivals.values() for one in others]
    for entry in entries:
        _add_rival(rivals, entry)
    for entry in entries:
        _judge(entry, knowledge, rivals, at)
    if all(entry.subject_id for entry in entries):
        sheet.epoch, sheet.wrapped = None, None
    sheet.save(force_insert=True)
    SheetEntry.objects.bulk_create(entries, batch_size=ROWS_AT_ONCE)
    moved = _find_contradicted(waiting, rivals)
    _mark_contradictory(moved, actor, at)
    states = [entry.state for entry in entries]
    facts: dict[str, Any] = {
        "sheet": str(sheet.pk),
        "sha256": sheet.sha256,
        "rows": {str(state): states.count(state) for state in dict.fromkeys(states)},
        "blank": sheet.blank,
    }
    record_entry("answers.uploaded", client_id=client.pk, facts=facts, actor=actor, at=at)


def _require_pages(found: Sheet, pages: Mapping[str, FormPage]) -> None:
    """Require the page of each row, for staff limited to schools: a row without a person is shown to the others only.

    Raises SheetInvalid.
    """
    problems = [
        Problem(LAYOUT.csv_file, row.number, CODE, "value_not_allowed", "must be the code of a form of your schools")
        for row in found.rows
        if row.code not in pages
    ]
    if problems:
        raise SheetInvalid(problems)


def _find_guardians(found: Sheet, pages: dict[str, FormPage], client: Client) -> dict[str, Subject]:
    """Map the LMS ids of guardians in a sheet to people. Raises SheetInvalid for one who is unknown or the child."""
    wanted = {row.guardian for row in found.rows if row.guardian}
    if not wanted:
        return {}
    people = Subject.objects.filter(client=client, erased_at=None, external_id__in=wanted)
    guardians = {str(person.external_id): person for person in people}
    problems = [
        Problem(LAYOUT.csv_file, row.number, GUARDIAN_ID, "value_not_allowed", message)
        for row in found.rows
        if row.guardian and (message := _why_no_guardian(guardians.get(row.guardian), pages.get(row.code)))
    ]
    if problems:
        raise SheetInvalid(problems)
    return guardians


def _why_no_guardian(guardian: Subject | None, page: FormPage | None) -> str:
    if guardian is None:
        return "must be the LMS id of a registered person"
    return "must not be the child" if page is not None and page.subject_id == guardian.pk else ""


@dataclass(frozen=True, slots=True)
class _Known:
    """The page and the guardian of a row, and the keys of people and of the sheet."""

    page: FormPage | None
    guardian: Subject | None
    people: dict[UUID, Sealer]
    sheet: Sealer


def _build_entry(sheet: AnswerSheet, row: SheetRow, known: _Known, key: UUID) -> SheetEntry:
    entry = SheetEntry(
        id=key,
        client_id=sheet.client_id,
        sheet=sheet,
        number=row.number,
        answers=dict(row.answers),
        given_by="guardian" if row.by_guardian else "self",
        method=row.method,
        guardian=known.guardian,
        relationship=row.relationship,
        named_by=sheet.actor_id if row.guardian_name else None,
        answered_on=row.answered_on,
        entered_at=sheet.uploaded_at,
    )
    if known.page is None:
        entry.details = seal_details(known.sheet, note=row.note, code=row.code, guardian=row.guardian_name)
        mistyped = EntryProblem.CODE_UNKNOWN if is_code(row.code) else EntryProblem.CODE_MISTYPED
        entry.state, entry.problem = EntryState.UNMATCHED, mistyped
        return entry
    entry.page, entry.subject = known.page, known.page.subject
    sealer = known.people.get(known.page.subject_id)
    entry.details = seal_details(sealer, note=row.note, guardian=row.guardian_name) if sealer is not None else None
    return entry


def _add_rival(rivals: dict[UUID, list[SheetEntry]], entry: SheetEntry) -> None:
    """Add a row to its page's rows, unless an earlier one has the same answers."""
    if entry.page_id is None:
        return
    others = rivals.setdefault(entry.page_id, [])
    said = (entry.given_by, entry.guardian_id, entry.answers)
    if not any((one.given_by, one.guardian_id, one.answers) == said for one in others):
        others.append(entry)


def _judge(entry: SheetEntry, knowledge: SheetFacts, rivals: dict[UUID, list[SheetEntry]], at: datetime) -> None:
    if entry.page is None:
        return
    others = rivals.get(entry.page.pk, [])
    verdict = judge_row(knowledge.case(entry.page, entry, rows_differ=has_different_answer(entry, others), at=at))
    entry.state, entry.problem = EntryState(verdict.standing), str(verdict.problem or "")


def _find_contradicted(waiting: Sequence[SheetEntry], rivals: dict[UUID, list[SheetEntry]]) -> list[SheetEntry]:
    return [
        one
        for one in waiting
        if one.state == EntryState.MATCHED
        and one.page_id is not None
        and has_different_answer(one, rivals[one.page_id])
    ]


def _mark_contradictory(moved: Sequence[SheetEntry], actor: Actor, at: datetime) -> None:
    state, problem = EntryState.CONTRADICTORY, EntryProblem.ROWS_DIFFER
    keys = [one.pk for one in moved]
    SheetEntry.objects.filter(pk__in=keys, state=EntryState.MATCHED).update(state=state, problem=problem)
    kind, key, role = actor_columns(actor)
    by = {"actor_kind": kind, "actor_id": key, "actor_role": role, "taken_at": at}
    EntryStep.objects.bulk_create(
        [
            EntryStep(client_id=one.client_id, entry=one, step=Step.MOVED, state=state, problem=problem, **by)
            for one in moved
        ],
        batch_size=ROWS_AT_ONCE,
    )


def get_typed_code(entry: SheetEntry, *, actor: Actor) -> dict[str, Any]:
    """Return the typed code of an unmatched row; empty for a matched one.

    The note of a matched row concerns a person: it becomes evidence and is opened as such. Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, entry.client_id)
    return unseal_details(entry) if entry.subject_id is None else {}


@transaction.atomic
def confirm_matched(sheet: AnswerSheet, *, actor: Actor, at: datetime) -> AnswerSheet:
    """Confirm every matched row of a sheet: a few at once, many by a background task (decision 0020).

    Each person has their own transaction in the background. Calling it again continues with the rows then matched.
    Raises NotAllowed.
    """
    require(actor, Capability.CONFIRM_ANSWERS, sheet.client_id)
    sheet = AnswerSheet.objects.select_for_update().get(pk=sheet.pk, client_id=sheet.client_id)
    sheet.confirm_at = at
    _, sheet.confirm_by, sheet.confirm_role = actor_columns(actor)
    sheet.save(update_fields=["confirm_at", "confirm_by", "confirm_role"])
    matched = _select_matched(sheet)
    if matched.count() > settings.ANSWERS_AT_ONCE:
        enqueue_job(
            CONFIRM_MATCHED,
            lock=f"{CONFIRM_MATCHED}/{sheet.client_id}",
            client=str(sheet.client_id),
            sheet=str(sheet.pk),
        )
        return sheet
    for entry in matched:
        confirm_entry(entry, actor=actor, at=at)
    sheet.confirmed_at = at
    sheet.save(update_fields=["confirmed_at"])
    return sheet


def find_limit_of_sheet(sheet_id: UUID) -> frozenset[UUID] | None:
    """Return the schools to which a sheet is limited, None for no limit; needs the client's context."""
    [school_ids] = AnswerSheet.objects.filter(pk=sheet_id).values_list("school_ids", flat=True)
    return None if school_ids is None else frozenset(school_ids)


@transaction.atomic
def confirm_batch(sheet_id: UUID, *, client: Client, after: int, limit: int = 1, at: datetime) -> int | None:
    """Confirm matched rows after row ``after``, for the user who requested it; returns the last row number.

    None at the end, which is recorded on the sheet. Idempotent.
    """
    sheet = AnswerSheet.objects.filter(client=client, pk=sheet_id).first()
    if sheet is None or sheet.confirm_by is None or not sheet.is_under_way:
        return None
    entries = list(_select_matched(sheet).filter(number__gt=after)[:limit])
    if not entries:
        AnswerSheet.objects.filter(pk=sheet.pk).update(confirmed_at=at)
        return None
    actor = user_actor(sheet.confirm_by, sheet.confirm_role, client.pk, schools=sheet.school_ids)
    for entry in entries:
        confirm_entry(entry, actor=actor, at=at)
    return int(entries[-1].number)


def _select_matched(sheet: AnswerSheet) -> Any:
    rows = SheetEntry.objects.filter(client_id=sheet.client_id, sheet=sheet, state=EntryState.MATCHED)
    return rows.select_related("subject").order_by("number")


def list_unmatched(at: datetime) -> QuerySet[SheetEntry]:
    """List the unmatched rows that are due at ``at``, in the current context."""
    found: QuerySet[SheetEntry] = SheetEntry.objects.filter(
        state=EntryState.UNMATCHED, entered_at__lte=get_cutoff(UNMATCHED.code, at=at)
    )
    return found


@transaction.atomic
def expire_unmatched(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Expire up to ``limit`` unmatched rows of a client, in its context; returns how many.

    Answers, note, typed code and guardian are deleted (storage limitation, policy §4). Rows and sheets keep
    their numbers, and the ledger lists the rows. Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, client_id)
    rows = list_unmatched(at).filter(client_id=client_id).select_for_update(of=("self",), skip_locked=True)
    found = sorted(rows.order_by("entered_at", "id")[:limit], key=lambda one: (one.sheet_id, one.number))
    SheetEntry.objects.filter(pk__in=[one.pk for one in found]).update(
        state=EntryState.EXPIRED, answers={}, details=None, guardian=None, relationship="", named_by=None
    )
    _record_steps(found, actor, at)
    for sheet_id, of_sheet in groupby(found, key=lambda one: one.sheet_id):
        facts = {"sheet": str(sheet_id), "rows": [one.number for one in of_sheet]}
        record_entry("answers.expired", client_id=client_id, facts=facts, actor=actor, at=at)
        delete_sheet_key(AnswerSheet.objects.get(pk=sheet_id, client_id=client_id))
    return len(found)


def _record_steps(entries: Iterable[SheetEntry], actor: Actor, at: datetime) -> None:
    kind, key, role = actor_columns(actor)
    by = {"actor_kind": kind, "actor_id": key, "actor_role": role, "taken_at": at}
    what = {"step": Step.EXPIRED, "state": EntryState.EXPIRED}
    EntryStep.objects.bulk_create(
        [EntryStep(client_id=one.client_id, entry=one, problem=one.problem, **what, **by) for one in entries]
    )


UNMATCHED = DataKind(
    code="unmatched_answers",
    name=gettext_lazy("Answers on paper that match no person"),
    counted_from=gettext_lazy("The upload of the answer sheet"),
    disposal=Disposal.CONTENT,
    bounds=Bounds(90, 7, 365),
    due=list_unmatched,
    purge=expire_unmatched,
)
