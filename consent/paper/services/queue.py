"""Settling the rows of the queue; consent is recorded only when a person confirms. Idempotent."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO, Any

from django.db import transaction

from consent.consents.models import ConsentEvent, ConsentState, Method
from consent.consents.services import Answer, record_answers
from consent.consents.services.events import lock_subject
from consent.consents.services.evidence import add_evidence_file
from consent.paper.codes import format_code, is_code, normalize_code
from consent.paper.models import (
    CLOSED_UNRECORDED,
    AnswerSheet,
    EntryProblem,
    EntryState,
    EntryStep,
    FormPage,
    SheetEntry,
    Step,
)
from consent.paper.selectors import SheetFacts, map_open_rows
from consent.paper.verdicts import Problem, RowState, Verdict, judge_row
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer
from paktaleem.foundation.errors import PortalError

__all__ = [
    "DETAILS",
    "AlreadySettled",
    "CodeUnknown",
    "NotMatched",
    "NothingToRecord",
    "choose_entry",
    "confirm_entry",
    "delete_sheet_key",
    "dismiss_entry",
    "has_different_answer",
    "match_entry",
    "seal_details",
    "sealer_of_sheet",
    "unseal_details",
]

DETAILS = "paper_sheetentry.details"


class NotMatched(PortalError):
    """The row is not matched, so it cannot be confirmed."""

    console_message = "The row is no longer matched: check it again."


class AlreadySettled(PortalError):
    """The row is already confirmed, dismissed or expired."""

    console_message = "The row has already been settled."


class NothingToRecord(PortalError):
    """No answer of the row can be recorded; the argument is the problem."""

    console_message = (
        "No answer of this row can be recorded: consents that have since ended, notices that have changed, and answers "
        "of guardians or children are left out. Dismiss the row, and ask again."
    )


class CodeUnknown(PortalError, LookupError):
    """No form of this client has this code."""

    console_message = "No form of this client has this code."


@transaction.atomic
def confirm_entry(entry: SheetEntry, *, scan: IO[bytes] | None = None, actor: Actor, at: datetime) -> SheetEntry:
    """Record the answers of a matched row, one event per purpose, in one transaction. Idempotent.

    The row is judged again first: if it is no longer matched, its state changes and nothing is recorded. A ``scan`` of
    the form becomes evidence of every answer.

    Raises NotMatched if the row was not matched, Settled if it is dismissed or expired, FileTooLarge, FileKindRefused,
    NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.CONFIRM_ANSWERS)
    if entry.state == EntryState.CONFIRMED:
        return entry
    if entry.state != EntryState.MATCHED or entry.page is None:
        raise NotMatched
    verdict = _judge(entry, entry.page, at=at, insists=False)
    if verdict.standing != RowState.MATCHED:
        return _change_state(entry, verdict, actor, at)
    return _record_row(entry, verdict, scan, Step.CONFIRMED, "", actor, at)


@transaction.atomic
def choose_entry(entry: SheetEntry, *, actor: Actor, reason: Reason | str, at: datetime) -> SheetEntry:
    """Record a row despite other rows or later answers; other rows of its code are dismissed.

    Answers whose consent has ended since, or whose notice has changed, are left out. Raises NothingStands if no answer
    can be recorded, Settled if the row is dismissed or expired, NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.CONFIRM_ANSWERS)
    if entry.state == EntryState.CONFIRMED:
        return entry
    if entry.page is None:
        raise NothingToRecord(EntryProblem.CODE_UNKNOWN.label)
    verdict = _judge(entry, entry.page, at=at, insists=True)
    if not verdict.record and not verdict.already:
        raise NothingToRecord(EntryProblem(verdict.problem).label if verdict.problem else "")
    rivals = [
        one for one in map_open_rows(entry.client_id, [entry.page.pk]).get(entry.page.pk, []) if one.pk != entry.pk
    ]
    for rival in SheetEntry.objects.select_for_update().filter(pk__in=[one.pk for one in rivals]).order_by("pk"):
        _settle(rival, EntryState.DISMISSED, Step.DISMISSED, Reason(reason).value, actor, at)
    return _record_row(entry, verdict, None, Step.CHOSEN, Reason(reason).value, actor, at)


@transaction.atomic
def match_entry(entry: SheetEntry, *, code: str, actor: Actor, reason: Reason | str, at: datetime) -> SheetEntry:
    """Match a row by hand to the form page with this code; it is judged and can then be confirmed.

    Raises CodeUnknown for an unknown code or an erased person, Settled if the row is settled, NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.MANAGE_FORMS)
    if entry.state == EntryState.CONFIRMED:
        raise AlreadySettled
    typed_code = normalize_code(code)
    page = FormPage.objects.filter(client_id=entry.client_id, code=typed_code).select_related("run", "subject").first()
    if not is_code(typed_code) or page is None or page.subject.erased_at is not None:
        raise CodeUnknown
    details = unseal_details(entry)
    entry.page, entry.subject = page, page.subject
    entry.details = seal_details(sealer_of(page.subject), note=details.get("note", ""))
    verdict = _judge(entry, page, at=at, insists=False)
    entry.state, entry.problem = EntryState(verdict.standing), str(verdict.problem or "")
    entry.save()
    _record_step(entry, Step.RESOLVED, Reason(reason).value, actor, at)
    delete_sheet_key(entry.sheet)
    return entry


@transaction.atomic
def dismiss_entry(entry: SheetEntry, *, actor: Actor, reason: Reason | str, at: datetime) -> SheetEntry:
    """Dismiss a row without recording it. Raises Settled if it is settled, NotAllowed."""
    entry = _lock_entry(entry, actor, Capability.MANAGE_FORMS)
    if entry.state == EntryState.CONFIRMED:
        raise AlreadySettled
    entry = _settle(entry, EntryState.DISMISSED, Step.DISMISSED, Reason(reason).value, actor, at)
    _judge_rivals_again(entry, actor, at)
    return entry


def unseal_details(entry: SheetEntry) -> dict[str, Any]:
    """Return the note and, if unmatched, the typed code of a row; empty if there is none or the key is destroyed."""
    if entry.details is None:
        return {}
    try:
        sealer = sealer_of_sheet(entry.sheet) if entry.subject is None else sealer_of(entry.subject)
        found: dict[str, Any] = json.loads(sealer.open(entry.details, column=DETAILS))
    except CannotOpen:
        return {}
    return found


def seal_details(sealer: Sealer, *, note: str, code: str = "") -> Sealed | None:
    """Seal a row's note and, if unmatched, the typed code; None if there is neither."""
    contents = {name: text for name, text in (("code", code), ("note", note)) if text}
    return sealer.seal(json.dumps(contents), column=DETAILS) if contents else None


def sealer_of_sheet(sheet: AnswerSheet) -> Sealer:
    """Return the sealer of the sheet. Raises CannotOpen if its key is deleted."""
    if sheet.wrapped is None or sheet.epoch is None:
        raise CannotOpen("The sheet's key is deleted.")
    return Sealer.unwrapped(sheet.client_id, sheet.id, wrapped=bytes(sheet.wrapped), epoch=sheet.epoch)


def has_different_answer(entry: SheetEntry, others: Sequence[SheetEntry]) -> bool:
    """Return True if another row of the same page differs in an answer, or in who answered."""
    return any(
        one is not entry
        and one.pk != entry.pk
        and (
            one.given_by != entry.given_by
            or any(one.answers.get(code, gives) != gives for code, gives in entry.answers.items())
        )
        for one in others
    )


def _lock_entry(entry: SheetEntry, actor: Actor, capability: Capability) -> SheetEntry:
    """Lock a row, and its person first, in the same order as every other recording of answers."""
    require(actor, capability, entry.client_id)
    if entry.subject_id is not None:
        with suppress(AlreadyErased):  # the verdict reports it
            lock_subject(entry.subject)  # type: ignore[arg-type]
    rows = SheetEntry.objects.select_for_update(of=("self",)).filter(client_id=entry.client_id)
    found = rows.select_related("page__run", "page__subject", "subject", "sheet").get(pk=entry.pk)
    if found.state in CLOSED_UNRECORDED:
        raise AlreadySettled
    return found


def _judge(entry: SheetEntry, page: FormPage, *, at: datetime, insists: bool) -> Verdict:
    knowledge = SheetFacts.of(Client.objects.get(pk=entry.client_id), [page])
    rivals = map_open_rows(entry.client_id, [page.pk]).get(page.pk, [])
    case = knowledge.case(page, entry, rows_differ=has_different_answer(entry, rivals), at=at)
    return judge_row(case, insists=insists)


def _judge_rivals_again(entry: SheetEntry, actor: Actor, at: datetime) -> None:
    """Judge again the rows that contradicted this one."""
    page = entry.page
    rivals = map_open_rows(entry.client_id, [page.pk]).get(page.pk, []) if page is not None else []
    for rival in rivals:
        if page is not None and rival.problem == EntryProblem.ROWS_DIFFER:
            verdict = _judge(rival, page, at=at, insists=False)
            if verdict.problem != Problem.ROWS_DIFFER:
                _change_state(rival, verdict, actor, at)


def _change_state(entry: SheetEntry, verdict: Verdict, actor: Actor, at: datetime) -> SheetEntry:
    entry.state, entry.problem = EntryState(verdict.standing), str(verdict.problem or "")
    entry.save()
    _record_step(entry, Step.MOVED, "", actor, at)
    return entry


def _record_row(  # noqa: PLR0917 -- entry and verdict, then the circumstances
    entry: SheetEntry,
    verdict: Verdict,
    scan: IO[bytes] | None,
    step: Step,
    reason: str,
    actor: Actor,
    at: datetime,
) -> SheetEntry:
    events = _record_events(entry, verdict, actor, at)
    for event in events if scan is not None else ():
        scan.seek(0)  # type: ignore[union-attr]
        add_evidence_file(event, scan, actor=actor, at=at)  # type: ignore[arg-type]
    entry.recorded = [event.pk for event in events]
    return _settle(entry, EntryState.CONFIRMED, step, reason, actor, at)


def _record_events(entry: SheetEntry, verdict: Verdict, actor: Actor, at: datetime) -> list[ConsentEvent]:
    """Record the answers, grouped by notice version, with the row as evidence."""
    page: FormPage = entry.page  # type: ignore[assignment]
    knowledge = SheetFacts.of(Client.objects.get(pk=entry.client_id), [page])
    by_version: dict[Any, list[Answer]] = {}
    for code in verdict.record:
        state = ConsentState.GIVEN if entry.answers[code] else ConsentState.REFUSED
        by_version.setdefault(knowledge.printed[page.run_id, code], []).append(Answer(code, state))
    events: list[ConsentEvent] = []
    for version, answers in by_version.items():
        events += record_answers(
            page.subject,
            answers=answers,
            notice_version=version,
            language=page.subject.language,
            method=Method(entry.method),
            claimed_at=knowledge.signed_at(entry.answered_on, page),
            evidence=_evidence_text(entry, page),
            actor=actor,
            at=at,
        )
    return events


def _evidence_text(entry: SheetEntry, page: FormPage) -> str:
    """Return the evidence text: form, sheet, row and the note of the sheet."""
    note = unseal_details(entry).get("note", "")
    where = f"Form “{page.run.name}”, code {format_code(page.code)}; answer sheet {entry.sheet_id}, row {entry.number}"
    return f"{where}: {note}" if note else where


def _settle(  # noqa: PLR0917 -- the row, its new state, step and reason, then the circumstances
    entry: SheetEntry, state: EntryState, step: Step, reason: str, actor: Actor, at: datetime
) -> SheetEntry:
    entry.state = state
    if entry.recorded:
        entry.details = None  # it is now in the evidence
    entry.save()
    _record_step(entry, step, reason, actor, at)
    facts = {
        "entry": str(entry.pk),
        "sheet": str(entry.sheet_id),
        "row": entry.number,
        "form": str(entry.page.run_id) if entry.page is not None else None,
        "step": str(step),
        "events": [str(event) for event in entry.recorded],
        **({"problem": entry.problem} if entry.problem else {}),
        **({"reason": reason} if reason else {}),
    }
    kind = f"answer.{state}"
    record_entry(kind, client_id=entry.client_id, subject_id=entry.subject_id, facts=facts, actor=actor, at=at)
    if entry.subject_id is None:
        delete_sheet_key(entry.sheet)
    return entry


def _record_step(entry: SheetEntry, step: Step, reason: str, actor: Actor, at: datetime) -> None:
    row = EntryStep(client_id=entry.client_id, entry=entry, step=step, state=entry.state, taken_at=at)
    row.problem, row.reason = entry.problem, reason
    row.actor_kind, row.actor_id, row.actor_role = actor_columns(actor)
    row.save(force_insert=True)


def delete_sheet_key(sheet: AnswerSheet) -> None:
    """Delete the sheet's key if it has no open unmatched row."""
    waiting = SheetEntry.objects.filter(client_id=sheet.client_id, sheet=sheet, subject=None)
    if not waiting.exclude(state__in=CLOSED_UNRECORDED).exists():
        locked_sheet = AnswerSheet.objects.select_for_update().get(pk=sheet.pk)
        locked_sheet.wrapped, locked_sheet.epoch = None, None
        locked_sheet.save(update_fields=["wrapped", "epoch"])
