"""Creating and printing consent forms (decision 0020).

The signed form verifies the guardian (COPPA, 16 CFR 312.5(b)(2)(i); decision 0020).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from children.guardians.models.guardians import Decision, Guardianship, Route, ServiceAuthorisation, Source
from children.guardians.selectors import GuardianshipUnknown, get_live_guardianship, load_child_facts
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import accept_roster_claim, name_guardian
from children.guardians.services.verifications import verify_guardian
from children.strength import Method, strength_of
from consent.consents.selectors.choices import PrintedNotice, printed_notice
from consent.notices.models import NoticeVersion
from consent.notices.selectors.notices import NoticeUnknown
from consent.notices.selectors.public import find_purposes, get_current_notice
from consent.notices.selectors.registers import current_register
from consent.paper.models import CLOSED_UNRECORDED, Addressee, AnswerSheet, FormPage, FormPurpose, FormRun, SheetEntry
from consent.paper.pdf import Form, Page, PrintedUse, Question, ServiceQuestion, render_pdf
from consent.paper.selectors import SheetFacts
from consent.paper.sheets import format_code, generate_code
from consent.paper.verdicts import SERVICE, SHARING, Verdict
from consent.register.compiled import Basis, Register, describe_purpose
from consent.register.models.purposes import Purpose
from consent.register.services.register import require_printable
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import register_subject, reveal_names
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import new_id

ROWS_AT_ONCE = 1_000


class NoticeChanged(PortalError):
    """The notice about the service has changed since the form was made, so the form can no longer be printed."""

    console_message = "The notice about the use of the platform has changed since the form was made: make a new form."


@dataclass(frozen=True, slots=True)
class _Ask:
    """One page to be: the person, the purposes, and on a form for guardians the notice about the service."""

    person: Subject
    purposes: list[str]
    notice_hash: str = ""
    asks_sharing: bool = False


@transaction.atomic
def make_form(
    client: Client,
    *,
    name: str,
    purposes: Sequence[str],
    people: Iterable[Subject],
    addressee: Addressee = Addressee.PERSON,
    actor: Actor,
    at: datetime,
) -> FormRun:
    """Create a consent form: a page with a code for each person who can be asked about some of the purposes.

    Follows decision 0020. A form for guardians has a page for each child, and also asks about the service; it may have
    no purposes. The version of each notice is stored. Raises ValidationError for a purpose without consent as basis or
    without a notice, or too many or no people; NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, client.pk)
    form_purposes = _check_purposes(client, purposes, addressee, at)
    asks = _list_asks(client, people, form_purposes, addressee, at)
    if not 0 < len(asks) <= settings.FORM_MOST_PEOPLE:
        message = f"{len(asks)} people would be asked: a form is for 1 to {settings.FORM_MOST_PEOPLE}."
        raise ValidationError({"people": [message]})
    run = FormRun(client=client, name=name.strip(), people=len(asks), addressee=addressee, made_at=at)
    run.actor_kind, run.actor_id, run.actor_role = actor_columns(actor)
    run.school_ids = actor.school_ids
    run.clean_fields()
    require_printable(run)
    run.save(force_insert=True)
    _add_purposes(run, form_purposes)
    _add_pages(run, asks)
    facts = {
        "form": str(run.pk),
        "people": run.people,
        "addressee": str(addressee),
        "purposes": {purpose.code: str(version.pk) for purpose, version in form_purposes},
    }
    record_entry("form.made", client_id=client.pk, facts=facts, actor=actor, at=at)
    return run


def _add_purposes(run: FormRun, form_purposes: Sequence[tuple[Purpose, NoticeVersion]]) -> None:
    FormPurpose.objects.bulk_create(
        FormPurpose(
            client_id=run.client_id,
            run=run,
            purpose=purpose,
            purpose_owner=purpose.client_id,
            notice_version=version,
            notice_version_owner=version.client_id,
            position=position,
        )
        for position, (purpose, version) in enumerate(form_purposes, 1)
    )


def _add_pages(run: FormRun, asks: Sequence[_Ask]) -> None:
    codes = iter(_draw_unused_codes(run.client_id, len(asks)))
    pages = [
        FormPage(
            client_id=run.client_id,
            run=run,
            subject=ask.person,
            code=next(codes),
            purposes=ask.purposes,
            notice_hash=ask.notice_hash,
            asks_sharing=ask.asks_sharing,
            position=position,
        )
        for position, ask in enumerate(asks, 1)
    ]
    FormPage.objects.bulk_create(pages, batch_size=ROWS_AT_ONCE)


def _list_asks(
    client: Client,
    people: Iterable[Subject],
    form_purposes: Sequence[tuple[Purpose, NoticeVersion]],
    addressee: Addressee,
    at: datetime,
) -> list[_Ask]:
    """List the pages of a form: on one for guardians, of every child; on another, of all with a purpose to answer."""
    register = current_register(client.pk)
    living = [person for person in people if person.erased_at is None and not person.is_being_erased]
    if addressee == Addressee.PERSON:
        asks = [_Ask(person, _purposes_for(person, form_purposes, register, at)) for person in living]
        return [ask for ask in asks if ask.purposes]
    thresholds = client.thresholds
    children = [
        person for person in living if person.is_child(at, thresholds=thresholds, serves_minors=client.serves_minors)
    ]
    notices = {roles: printed_notice(client, roles, at=at) for roles in {child.roles for child in children}}
    return [
        _Ask(
            child,
            _purposes_for(child, form_purposes, register, at),
            notices[child.roles].hash,
            notices[child.roles].asks_sharing,
        )
        for child in children
    ]


def _check_purposes(
    client: Client, codes: Sequence[str], addressee: Addressee, at: datetime
) -> list[tuple[Purpose, NoticeVersion]]:
    """Return each purpose with its notice in effect. Raises ValidationError."""
    known = find_purposes(client.pk, codes)
    form_purposes = []
    for code in dict.fromkeys(codes):
        purpose = known.get(code)
        if purpose is None or not purpose.is_active:
            raise ValidationError({"purposes": [f"There is no active purpose {code}."]})
        try:
            form_purposes.append((purpose, get_current_notice(code, client_id=client.pk, at=at)))
        except NoticeUnknown:
            message = f"No notice in effect informs about {code}: publish one first."
            raise ValidationError({"purposes": [message]}) from None
    if not form_purposes and addressee == Addressee.PERSON:
        raise ValidationError({"purposes": ["Choose at least one purpose."]})
    return form_purposes


def _purposes_for(
    person: Subject, form_purposes: Sequence[tuple[Purpose, NoticeVersion]], register: Register, at: datetime
) -> list[str]:
    bases = ((purpose.code, register.leading_basis(purpose.code, person.roles, at)) for purpose, _ in form_purposes)
    return [code for code, basis in bases if basis is not None and basis.basis == Basis.CONSENT]


def _draw_unused_codes(client_id: UUID, number: int) -> list[str]:
    """Return codes that the client has not used before."""
    found: list[str] = []
    while len(found) < number:
        drawn = {generate_code() for _ in range(number - len(found))} - set(found)
        used = FormPage.objects.filter(client_id=client_id, code__in=drawn).values_list("code", flat=True)
        found += sorted(drawn - set(used), key=lambda code: code[::-1])
    return found


@transaction.atomic
def print_form(
    run: FormRun, *, address: str, policy: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> bytes:
    """Return the form as PDF with the name of each person; the access to each name is logged.

    ``address`` is where people can change their answers, ``policy`` where the policy is (for guardians). Raises
    NoticeChanged for a form for guardians with an earlier notice about the service, NotAllowed, CannotOpen.
    """
    require(actor, Capability.MANAGE_FORMS, run.client_id)
    client = Client.objects.get(pk=run.client_id)
    pages = list(
        FormPage.objects.filter(client_id=run.client_id, run=run).select_related("subject").order_by("position")
    )
    services = _list_services(client, pages, at) if run.for_guardians else {}
    names = reveal_names([page.subject for page in pages], client_id=run.client_id, actor=actor, reason=reason, at=at)
    pdf = render_pdf(
        Form(
            client=client.name,
            group=run.name,
            address=address,
            contact=settings.SUPPORT_ADDRESS,
            questions=_list_questions(run),
            pages=[_to_page(page, names[page.subject_id]) for page in pages if page.subject_id in names],
            for_guardians=run.for_guardians,
            policy=policy,
            services=services,
        )
    )
    facts = {"form": str(run.pk), "pages": len(names), "sha256": hashlib.sha256(pdf).hexdigest(), "reason": str(reason)}
    record_entry("form.printed", client_id=run.client_id, facts=facts, actor=actor, at=at)
    return pdf


def _to_page(page: FormPage, name: str) -> Page:
    external_id = page.subject.external_id or ""
    return Page(page.code, name, external_id, tuple(page.purposes), page.notice_hash)


def _list_services(client: Client, pages: Sequence[FormPage], at: datetime) -> dict[str, ServiceQuestion]:
    """Map the hash of each notice about the service to its text. Raises NoticeChanged if it is not in effect."""
    printed = [page for page in pages if page.subject.erased_at is None]
    notices = {roles: printed_notice(client, roles, at=at) for roles in {page.subject.roles for page in printed}}
    if any(page.notice_hash != notices[page.subject.roles].hash for page in printed):
        raise NoticeChanged
    return {notice.hash: _to_service_question(notice) for notice in notices.values()}


def _to_service_question(notice: PrintedNotice) -> ServiceQuestion:
    return ServiceQuestion(
        uses=[
            PrintedUse(
                purpose=(english.text, urdu.text),
                data=(", ".join(english.data), "، ".join(urdu.data)),
                recipients=", ".join(english.recipients),
            )
            for english, urdu in zip(notice.english.uses, notice.urdu.uses, strict=True)
        ],
        asks_sharing=notice.asks_sharing,
    )


def _list_questions(run: FormRun) -> list[Question]:
    form_purposes = FormPurpose.objects.filter(client_id=run.client_id, run=run).order_by("position")
    return [
        Question(
            code=one.purpose.code,
            purpose=(describe_purpose(one.purpose, "en"), describe_purpose(one.purpose, "ur")),
            notice=str(one.notice_version_id),
            title=(one.notice_version.notice.title_en, one.notice_version.notice.title_ur),
            text=(one.notice_version.text_en, one.notice_version.text_ur),
            version=one.notice_version.number,
        )
        for one in form_purposes.select_related("purpose", "notice_version__notice")
    ]


DETAILS = "paper_sheetentry.details"


def unseal_details(entry: SheetEntry) -> dict[str, Any]:
    """Return the sealed texts of a row: ``note``, ``code`` as typed if unmatched, ``guardian`` as named on the form.

    Empty if there is none or the key is destroyed.
    """
    if entry.details is None:
        return {}
    try:
        sealer = sealer_of_sheet(entry.sheet) if entry.subject is None else sealer_of(entry.subject)
        found: dict[str, Any] = json.loads(sealer.open(entry.details, column=DETAILS))
    except CannotOpen:
        return {}
    return found


def seal_details(sealer: Sealer, **texts: str) -> Sealed | None:
    """Seal the texts of a row that are not empty, as ``unseal_details`` returns them; None if all are."""
    contents = {name: text for name, text in sorted(texts.items()) if text}
    return sealer.seal(json.dumps(contents), column=DETAILS) if contents else None


def sealer_of_sheet(sheet: AnswerSheet) -> Sealer:
    """Return the sealer of the sheet. Raises CannotOpen if its key is deleted."""
    if sheet.wrapped is None or sheet.epoch is None:
        raise CannotOpen("The sheet's key is deleted.")
    return Sealer.unwrapped(sheet.client_id, sheet.id, wrapped=bytes(sheet.wrapped), epoch=sheet.epoch)


def delete_sheet_key(sheet: AnswerSheet) -> None:
    """Delete the sheet's key if it has no open unmatched row."""
    waiting = SheetEntry.objects.filter(client_id=sheet.client_id, sheet=sheet, subject=None)
    if not waiting.exclude(state__in=CLOSED_UNRECORDED).exists():
        locked_sheet = AnswerSheet.objects.select_for_update().get(pk=sheet.pk)
        locked_sheet.wrapped, locked_sheet.epoch = None, None
        locked_sheet.save(update_fields=["wrapped", "epoch"])


@dataclass(frozen=True, slots=True)
class SignedForm:
    """One answered form with the verdict on its row, and the time and the sealed texts (``details``) of the answer."""

    entry: SheetEntry
    page: FormPage
    verdict: Verdict
    signed_at: datetime
    details: Mapping[str, str]
    scan: IO[bytes] | None = None

    @classmethod
    def of(
        cls, entry: SheetEntry, page: FormPage, verdict: Verdict, facts: SheetFacts, scan: IO[bytes] | None = None
    ) -> "SignedForm":
        """Return the form of a row; ``facts`` are those of its page."""
        return cls(entry, page, verdict, facts.signed_at(entry.answered_on, page), unseal_details(entry), scan)

    @property
    def child(self) -> Subject:
        return self.page.subject

    @property
    def evidence(self) -> str:
        """The evidence text: form, code, sheet, row and note.

        The sheet is named by the time of its upload: its id could be taken for the number of a card.
        """
        entry, note = self.entry, self.details.get("note", "")
        where = f"Form “{self.page.run.name}”, code {format_code(self.page.code)}"
        where = f"{where}; answer sheet of {entry.sheet}, row {entry.number}"
        return f"{where}: {note}" if note else where


def record_signer(form: SignedForm, *, actor: Actor, at: datetime) -> tuple[Subject, ServiceAuthorisation | None]:
    """Name and verify the guardian who signed, and record their answer about the service (policy §8, decision 0020).

    Returns the guardian and the answer, None if the form has none to record. A guardian who is verified as strongly
    already is not verified again. Runs in the caller's transaction. Raises as ``name_guardian``, ``verify_guardian``
    and ``record_service_answer``, and GuardianshipUnknown if the claim has ended meanwhile.
    """
    guardianship = _get_guardianship(form, actor, at)
    if form.entry.method == "paper":
        _verify(guardianship, form, actor, at)
    answer = _record_service(form, guardianship.guardian, actor, at)
    return guardianship.guardian, answer


def record_child_refusal(form: SignedForm, *, actor: Actor, at: datetime) -> ServiceAuthorisation | None:
    """Record the child's own refusal of the service, if the row has one (policy §8).

    A child may refuse, never consent.
    """
    if SERVICE not in form.verdict.record:
        return None
    return _record_service(form, None, actor, at)


def _get_guardianship(form: SignedForm, actor: Actor, at: datetime) -> Guardianship:
    """Return the guardianship of the person who signed; a claimed or new guardian is named first."""
    by: dict[str, Any] = {"actor": actor, "reason": Reason.SUBJECT_REQUEST, "at": at}
    entry = form.entry
    if entry.guardian is None:
        return _name_new_guardian(form, by)
    try:
        return get_live_guardianship(form.child, entry.guardian, at=at)
    except GuardianshipUnknown:
        claims = GuardianClaim.objects.select_related("child__client", "guardian")
        own = {"client_id": entry.client_id, "child": form.child, "guardian": entry.guardian}
        claim = claims.filter(**own, ends_at=None).first()
        if claim is None:  # it ended meanwhile: claims end without the lock of the child
            raise
        return accept_roster_claim(claim, **by)


def _name_new_guardian(form: SignedForm, by: dict[str, Any]) -> Guardianship:
    """Register and name a guardian whom only the form names: they may decide, but not receive data."""
    client = Client.objects.get(pk=form.entry.client_id)
    details = {"role": "guardian", "full_name": form.details["guardian"], "language": form.child.language}
    guardian, _ = register_subject(f"guardian-{new_id()}", client=client, details=details, **by)
    return name_guardian(
        form.child,
        guardian=guardian,
        relationship=form.entry.relationship,
        may_consent=True,
        may_receive_data=False,
        source=Source.SELF,
        **by,
    )


def _verify(guardianship: Guardianship, form: SignedForm, actor: Actor, at: datetime) -> None:
    known = next(one for one in load_child_facts(form.child).guardians if one.id == guardianship.pk)
    if known.strength(at) >= strength_of(Method.SIGNED_FORM):
        return
    verify_guardian(
        guardianship,
        method=Method.SIGNED_FORM,
        evidence=form.evidence,
        file=_rewind(form.scan),
        actor=actor,
        reason=Reason.SUBJECT_REQUEST,
        at=at,
    )


def _record_service(
    form: SignedForm, guardian: Subject | None, actor: Actor, at: datetime
) -> ServiceAuthorisation | None:
    if not {SERVICE, SHARING} & set(form.verdict.record):
        return None
    answers = form.entry.answers
    gives = answers[SERVICE]
    return record_service_answer(
        form.child,
        guardian=guardian,
        decision=Decision.GIVEN if gives else Decision.REFUSED,
        shares=answers.get(SHARING) if gives and SHARING in form.verdict.record else None,
        route=Route.PAPER if form.entry.method == "paper" else Route.PHONE,
        evidence=form.evidence,
        file=_rewind(form.scan),
        shown_hash=form.page.notice_hash,
        language=guardian.language if guardian else form.child.language,
        claimed_at=form.signed_at,
        actor=actor,
        at=at,
    )


def _rewind(scan: IO[bytes] | None) -> IO[bytes] | None:
    if scan is not None:
        scan.seek(0)
    return scan


class NotMatched(PortalError):
    """The row is not matched, so it cannot be confirmed."""

    console_message = "The row is no longer matched: check it again."


class AlreadySettled(PortalError):
    """The row is already confirmed, dismissed or expired."""

    console_message = "The row has already been settled."


class NotForGuardians(PortalError):
    """No guardian answered the row on a form for guardians."""

    console_message = "The row is not a guardian's answer on a form for guardians."


class NameDiffers(PortalError):
    """The second person read another name on the form than the first."""

    console_message = (
        "The name is not the one that was entered before: look at the form again, or enter the guardian anew."
    )


class NothingToRecord(PortalError):
    """No answer of the row can be recorded; the argument is the problem."""

    console_message = (
        "No answer of this row can be recorded: consents that have since ended, notices that have changed, and answers "
        "of guardians or children are left out. Dismiss the row, and ask again."
    )


class CodeUnknown(PortalError, LookupError):
    """No form of this client has this code."""

    console_message = "No form of this client has this code."
