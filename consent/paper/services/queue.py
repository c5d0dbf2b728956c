"""Settling the rows of the queue; consent is recorded only when a person confirms. Idempotent (decision 0020)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from children.guardians.authority import check_evidence
from children.guardians.models.guardians import Relationship
from children.guardians.services.guardians import NotTheirOwnGuardian
from consent.consents.models import ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.services.evidence import add_evidence_file
from consent.consents.services.recording import Answer, lock_subject, record_answers
from consent.paper.models import CLOSED_UNRECORDED, EntryProblem, EntryState, EntryStep, FormPage, SheetEntry, Step
from consent.paper.selectors import SheetFacts, map_open_rows
from consent.paper.services.forms import (
    AlreadySettled,
    CodeUnknown,
    NameDiffers,
    NotForGuardians,
    NothingToRecord,
    NotMatched,
    SignedForm,
    delete_sheet_key,
    record_child_refusal,
    record_signer,
    seal_details,
    unseal_details,
)
from consent.paper.sheets import is_code, normalize_code
from consent.paper.verdicts import SERVICE, SHARING, Problem, RowState, Verdict, judge_row
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import require_second_person
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock


@transaction.atomic
def confirm_entry(entry: SheetEntry, *, scan: IO[bytes] | None = None, actor: Actor, at: datetime) -> SheetEntry:
    """Record the answers of a matched row, one event per purpose, in one transaction (decision 0020). Idempotent.

    The row is judged again first: if it is no longer matched, its state changes and nothing is recorded. A ``scan`` of
    the form becomes evidence of every answer.

    A row of a form for guardians names and verifies the guardian who signed, and records the answer about the service.

    Raises NotMatched if the row was not matched, AlreadySettled if it is dismissed or expired, FileTooLarge,
    FileKindNotAccepted, NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.CONFIRM_ANSWERS)
    if entry.state == EntryState.CONFIRMED:
        return entry
    if entry.state != EntryState.MATCHED or entry.page is None:
        raise NotMatched
    facts = _load_facts(entry.page)
    verdict = _judge(entry, entry.page, facts, at=at, insists=False)
    if verdict.standing != RowState.MATCHED:
        return _change_state(entry, verdict, actor, at)
    form = SignedForm.of(entry, entry.page, verdict, facts, scan)
    return _record_row(form, facts, Step.CONFIRMED, "", actor, at)


@transaction.atomic
def choose_entry(entry: SheetEntry, *, name: str = "", actor: Actor, reason: Reason | str, at: datetime) -> SheetEntry:
    """Record a row despite other rows or later answers; other rows of its code are dismissed.

    Rows of other guardians stay, also of others whom only the form names. Answers whose consent has ended since, or
    whose notice has changed, are left out.
    For a guardian whom only the form names, ``name`` is the name on the form, typed by a second person.
    Raises NothingToRecord if no answer can be recorded; for such a guardian as ``require_second_person``, and
    NameDiffers if the two names differ; AlreadySettled if the row is dismissed or expired, NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.CONFIRM_ANSWERS)
    if entry.state == EntryState.CONFIRMED:
        return entry
    if entry.page is None:
        raise NothingToRecord(EntryProblem.CODE_UNKNOWN.label)
    facts = _load_facts(entry.page)
    verdict = _judge(entry, entry.page, facts, at=at, insists=True)
    if not verdict.record and not verdict.already:
        raise NothingToRecord(EntryProblem(verdict.problem).label if verdict.problem else "")
    if entry.named_by is not None:
        require_second_person(actor, requested_by=entry.named_by, at=to_wall_clock(at))
        _check_second_name(entry, name)
    rivals = [
        one
        for one in map_open_rows(entry.client_id, [entry.page.pk]).get(entry.page.pk, [])
        if one.pk != entry.pk and not _are_of_two_guardians(one, entry) and not _name_two_guardians(one, entry)
    ]
    for rival in SheetEntry.objects.select_for_update().filter(pk__in=[one.pk for one in rivals]).order_by("pk"):
        _settle(rival, EntryState.DISMISSED, Step.DISMISSED, Reason(reason).value, actor, at)
    form = SignedForm.of(entry, entry.page, verdict, facts)
    return _record_row(form, facts, Step.CHOSEN, Reason(reason).value, actor, at)


@transaction.atomic
def match_entry(entry: SheetEntry, *, code: str, actor: Actor, reason: Reason | str, at: datetime) -> SheetEntry:
    """Match a row by hand to the form page with this code; it is judged and can then be confirmed.

    Raises CodeUnknown for an unknown code or an erased person, NotTheirOwnGuardian if the sheet names the person as the
    guardian, AlreadySettled if the row is settled, NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.MANAGE_FORMS)
    if entry.state == EntryState.CONFIRMED:
        raise AlreadySettled
    typed_code = normalize_code(code)
    page = FormPage.objects.filter(client_id=entry.client_id, code=typed_code).select_related("run", "subject").first()
    if not is_code(typed_code) or page is None or page.subject.erased_at is not None:
        raise CodeUnknown
    if entry.guardian_id == page.subject_id:
        raise NotTheirOwnGuardian
    details = unseal_details(entry)
    entry.page, entry.subject = page, page.subject
    details.pop("code", None)
    entry.details = seal_details(sealer_of(page.subject), **details)
    verdict = _judge(entry, page, _load_facts(page), at=at, insists=False)
    entry.state, entry.problem = EntryState(verdict.standing), str(verdict.problem or "")
    entry.save()
    _record_step(entry, Step.RESOLVED, Reason(reason).value, actor, at)
    delete_sheet_key(entry.sheet)
    return entry


@transaction.atomic
def enter_signer(
    entry: SheetEntry,
    *,
    guardian: Subject | None = None,
    name: str = "",
    relationship: str = "",
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> SheetEntry:
    """Enter the guardian who signed a row's form: one on file, or the name and relationship on the form.

    The row is judged again; nothing is recorded. Raises NotForGuardians unless a guardian answered on a form for
    guardians, AlreadyErased or ErasureInProgress for the child, NotTheirOwnGuardian, CardNumberFound, ValidationError
    naming the field, AlreadySettled if the row is settled, NotAllowed.
    """
    entry = _lock_entry(entry, actor, Capability.MANAGE_FORMS)
    if entry.state == EntryState.CONFIRMED:
        raise AlreadySettled
    page, name = entry.page, check_evidence(name)
    if page is None or not page.run.for_guardians or entry.given_by != "guardian":
        raise NotForGuardians
    _require_recorded(page.subject)
    if (guardian is None) != bool(name):
        raise ValidationError({"name": [gettext("Choose a guardian, or enter the name on the form.")]})
    if name and relationship not in Relationship:
        raise ValidationError({"relationship": [gettext("Choose the relationship on the form.")]})
    if guardian is not None and guardian.pk == page.subject_id:
        raise NotTheirOwnGuardian
    entry.guardian, entry.relationship, entry.named_by = guardian, relationship, actor.id if name else None
    note = unseal_details(entry).get("note", "")
    entry.details = seal_details(sealer_of(page.subject), note=note, guardian=name)
    verdict = _judge(entry, page, _load_facts(page), at=at, insists=False)
    entry.state, entry.problem = EntryState(verdict.standing), str(verdict.problem or "")
    entry.save()
    _record_step(entry, Step.SIGNER, Reason(reason).value, actor, at)
    return entry


@transaction.atomic
def dismiss_entry(entry: SheetEntry, *, actor: Actor, reason: Reason | str, at: datetime) -> SheetEntry:
    """Dismiss a row without recording it. Raises AlreadySettled if it is settled, NotAllowed."""
    entry = _lock_entry(entry, actor, Capability.MANAGE_FORMS)
    if entry.state == EntryState.CONFIRMED:
        raise AlreadySettled
    entry = _settle(entry, EntryState.DISMISSED, Step.DISMISSED, Reason(reason).value, actor, at)
    _judge_rivals_again(entry, actor, at)
    return entry


def has_different_answer(entry: SheetEntry, others: Sequence[SheetEntry]) -> bool:
    """Return True if another row of the same page differs in an answer, or in who answered.

    Two guardians of one child may answer differently: their rows do not contradict each other.
    """
    return any(
        one is not entry
        and one.pk != entry.pk
        and not _are_of_two_guardians(one, entry)
        and (
            one.given_by != entry.given_by
            or any(one.answers.get(code, gives) != gives for code, gives in entry.answers.items())
        )
        for one in others
    )


def _are_of_two_guardians(one: SheetEntry, other: SheetEntry) -> bool:
    return one.given_by == other.given_by == "guardian" and one.guardian_id != other.guardian_id


def _name_two_guardians(one: SheetEntry, other: SheetEntry) -> bool:
    """Return True if two rows whose guardian is not on file have two names, or only one has a name."""
    is_unknown = one.given_by == other.given_by == "guardian" and one.guardian_id is None and other.guardian_id is None
    return is_unknown and _fold_name(_name_on_form(one)) != _fold_name(_name_on_form(other))


def _check_second_name(entry: SheetEntry, name: str) -> None:
    if not name or _fold_name(name) != _fold_name(_name_on_form(entry)):
        raise NameDiffers


def _name_on_form(entry: SheetEntry) -> str:
    return str(unseal_details(entry).get("guardian", ""))


def _fold_name(name: str) -> str:
    return " ".join(name.split()).casefold()


def _require_recorded(child: Subject) -> None:
    if child.erased_at is not None:
        raise AlreadyErased
    if child.is_being_erased:
        raise ErasureInProgress


def _lock_entry(entry: SheetEntry, actor: Actor, capability: Capability) -> SheetEntry:
    require(actor, capability, entry.client_id)
    if entry.subject is not None:
        with suppress(AlreadyErased):  # the verdict reports it
            lock_subject(entry.subject)
    rows = SheetEntry.objects.select_for_update(of=("self",)).filter(client_id=entry.client_id)
    found = rows.select_related("page__run", "page__subject__client", "subject", "sheet", "guardian").get(pk=entry.pk)
    if found.state in CLOSED_UNRECORDED:
        raise AlreadySettled
    return found


def _load_facts(page: FormPage) -> SheetFacts:
    return SheetFacts.of(Client.objects.get(pk=page.client_id), [page])


def _judge(entry: SheetEntry, page: FormPage, facts: SheetFacts, *, at: datetime, insists: bool) -> Verdict:
    rivals = map_open_rows(entry.client_id, [page.pk]).get(page.pk, [])
    case = facts.case(page, entry, rows_differ=has_different_answer(entry, rivals), at=at)
    return judge_row(case, insists=insists)


def _judge_rivals_again(entry: SheetEntry, actor: Actor, at: datetime) -> None:
    page = entry.page
    rivals = map_open_rows(entry.client_id, [page.pk]).get(page.pk, []) if page is not None else []
    for rival in rivals:
        if page is not None and rival.problem == EntryProblem.ROWS_DIFFER:
            verdict = _judge(rival, page, _load_facts(page), at=at, insists=False)
            if verdict.problem != Problem.ROWS_DIFFER:
                _change_state(rival, verdict, actor, at)


def _change_state(entry: SheetEntry, verdict: Verdict, actor: Actor, at: datetime) -> SheetEntry:
    entry.state, entry.problem = EntryState(verdict.standing), str(verdict.problem or "")
    entry.save()
    _record_step(entry, Step.MOVED, "", actor, at)
    return entry


def _record_row(  # noqa: PLR0917 -- the form and its facts, step and reason, then the circumstances
    form: SignedForm, facts: SheetFacts, step: Step, reason: str, actor: Actor, at: datetime
) -> SheetEntry:
    entry = form.entry
    given: dict[str, Any] = {"evidence": form.evidence}
    if form.page.run.for_guardians and form.verdict.record:
        given |= _record_guardian_part(form, actor, at)
    events = _record_events(form, facts, given, actor, at)
    if form.scan is not None:
        for event in events:
            form.scan.seek(0)
            add_evidence_file(event, form.scan, actor=actor, at=at)
    entry.recorded = [event.pk for event in events]
    return _settle(entry, EntryState.CONFIRMED, step, reason, actor, at)


def _record_guardian_part(form: SignedForm, actor: Actor, at: datetime) -> dict[str, Any]:
    """Record the guardian and the answer about the service; return who answers for the purposes, if not the child."""
    entry = form.entry
    if entry.given_by != "guardian":
        entry.authorisation = record_child_refusal(form, actor=actor, at=at)
        return {}
    entry.guardian, entry.authorisation = record_signer(form, actor=actor, at=at)
    return {"given_by": GivenBy.GUARDIAN, "guardian": entry.guardian}


def _record_events(
    form: SignedForm, facts: SheetFacts, given: dict[str, Any], actor: Actor, at: datetime
) -> list[ConsentEvent]:
    """Record the answers to purposes, grouped by notice version; ``given`` says by whom, and on what evidence."""
    entry, page = form.entry, form.page
    by_version: dict[Any, list[Answer]] = {}
    for code in form.verdict.record:
        if code in {SERVICE, SHARING}:
            continue
        state = ConsentState.GIVEN if entry.answers[code] else ConsentState.REFUSED
        by_version.setdefault(facts.printed[page.run_id, code], []).append(Answer(code, state))
    events: list[ConsentEvent] = []
    for version, answers in by_version.items():
        events += record_answers(
            page.subject,
            answers=answers,
            notice_version=version,
            language=(entry.guardian or page.subject).language,
            method=Method(entry.method),
            claimed_at=form.signed_at,
            **given,
            actor=actor,
            at=at,
        )
    return events


def _settle(  # noqa: PLR0917 -- the row, its new state, step and reason, then the circumstances
    entry: SheetEntry, state: EntryState, step: Step, reason: str, actor: Actor, at: datetime
) -> SheetEntry:
    entry.state = state
    if entry.recorded or entry.authorisation is not None or entry.names_new_guardian:
        entry.details = None  # it is now in the evidence, or a name that is not needed any more
    entry.save()
    _record_step(entry, step, reason, actor, at)
    facts = {
        "entry": str(entry.pk),
        "sheet": str(entry.sheet_id),
        "row": entry.number,
        "form": str(entry.page.run_id) if entry.page is not None else None,
        "step": str(step),
        "events": [str(event) for event in entry.recorded],
        **({"authorisation": str(entry.authorisation_id)} if entry.authorisation_id else {}),
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
