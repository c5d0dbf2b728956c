"""Services of agreements."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _, gettext_noop

from consent.agreements.duties import DUTIES, TEXT_VERSION, compute_valid_until, hash_text, is_reminder_day
from consent.agreements.models import (
    AgreementDocument,
    AgreementSigning,
    ClientContact,
    ContactKind,
    DocumentKind,
    DutyAttestation,
    Side,
)
from consent.agreements.selectors import list_breached, list_duties
from consent.register.models.agreements import AgreementSuspension, Instruction, ServiceAgreement
from consent.register.models.purposes import SafeguardKind
from consent.register.services import change_register, check_register_row, save_register_row
from paktaleem.directory.files.services import read_document, seal_document
from paktaleem.directory.mail.services import declare_message
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given
from paktaleem.foundation.accounts.changes import ProposedChange, propose_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.canonical import canonical, compute_leaf_hash
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import new_id

ExitDays = Annotated[
    int,
    forms.IntegerField(
        label="Exit period in days",
        min_value=0,
        max_value=3660,
        initial=30,
        help_text="For so long data may still be stored, so that it can be returned. 0: not at all.",
    ),
]


AskedKind = Annotated[
    DocumentKind | str, forms.ChoiceField(label="What it is", choices=DocumentKind.choices, widget=forms.RadioSelect)
]
AskedFile = Annotated[
    IO[bytes],
    forms.FileField(label="File", help_text="PDF, JPEG or PNG. It is encrypted; the name of the file is not stored."),
]


def _check_draft(agreement: ServiceAgreement, _actor: Actor, _at: datetime) -> None:
    if agreement.signed_at is not None or agreement.is_cancelled:
        raise Refused(_("Only a draft can be signed: this agreement is signed, or was cancelled."))


def _check_signed(agreement: ServiceAgreement, actor: Actor, at: datetime) -> None:
    _check_draft(agreement, actor, at)
    if not _list_waiting(agreement).exists():
        raise Refused(_("Neither side has signed this agreement."))


@act(
    "sign",
    "Sign agreement",
    Capability.DECIDE_FOR_CLIENT,
    lead="You sign for your side. Once the other side has signed too, the agreement takes effect. The person who signs "
    "second confirms the same term, instructions and documents.",
    check=_check_draft,
)
def sign_agreement(
    agreement: ServiceAgreement,
    *,
    paper: AgreementDocument | None = None,
    ground: str = "",
    actor: Actor,
    reason: Reason | str = Reason.AGREEMENT_CHANGE,
    at: datetime,
) -> AgreementSigning:
    """Sign a draft for the actor's side; the second side's signature makes it take effect, from the next decision.

    An officer signs for PakTaleem, a client's administrator for the client. With ``paper`` an officer records the
    client's signature on that document instead; another officer signs for PakTaleem, before or after. If the terms,
    instructions or documents changed since the first signature, that one no longer counts, and this is the first.
    Who signs first gives the ``ground``.

    Raises GroundNeeded, Refused, ApproverIsRequester, ApproverNotIndependent, NotAllowed.
    """
    side = _side_of(agreement, paper, actor)
    terms = compute_terms_hash(agreement)
    waiting = _list_waiting(agreement).select_for_update().first()
    if waiting is not None and waiting.terms_hash != terms:
        waiting.state, waiting.settled_by, waiting.settled_at = ChangeState.REPLACED, actor.id, at
        waiting.save(update_fields=["state", "settled_by", "settled_at"])
        waiting = None
    if waiting is None:
        own = {"client_id": agreement.client_id, "agreement": agreement}
        signing = AgreementSigning(**own, first_side=side, paper=paper, terms_hash=terms)
        request_change(signing, ground=ground, actor=actor, at=at)
        signing.save(force_insert=True)
        _record("agreement.signature_given", signing, actor, at)
        return signing
    if waiting.first_side == side:
        raise Refused(_("Your side has signed already. The other side must sign now."))
    return _sign_second(agreement, waiting, paper, actor=actor, reason=reason, at=at)


@act(
    "decline",
    "Decline to sign",
    Capability.DECIDE_FOR_CLIENT,
    lead="The signature of the one side no longer counts, and the agreement stays a draft.",
    done="Declined. The agreement is a draft.",
    check=_check_signed,
)
def decline_signing(
    agreement: ServiceAgreement, *, actor: Actor, reason: Reason | str = Reason.AGREEMENT_CHANGE, at: datetime
) -> AgreementSigning:
    """Decline to sign, or take back the own signature, before both have signed (decision 0078). Raises NotAllowed."""
    _require_signer(actor)
    declined = decide_change(_list_waiting(agreement).get(), approve=False, actor=actor, at=at)
    declined.save(update_fields=["state", "settled_by", "settled_at"])
    _record("agreement.signing_declined", declined, actor, at, reason=Reason(reason).value)
    return declined


def compute_terms_hash(agreement: ServiceAgreement) -> str:
    """Return the SHA-256 of what both sides sign: term, instructions and documents (decision 0078)."""
    own: dict[str, object] = {"client_id": agreement.client_id, "agreement": agreement}
    terms = {
        "reference": agreement.reference,
        "moments": [_format(getattr(agreement, name)) for name in ("starts_at", "ends_at", "exit_until")],
        "instructions": [
            [
                *(str(one.pk), one.document, one.purposes, one.categories, one.recipients),
                *(_format(one.starts_at), _format(one.ends_at)),
            ]
            for one in Instruction.objects.filter(**own).order_by("pk")
            if not one.is_cancelled
        ],
        "documents": [str(one.pk) for one in AgreementDocument.objects.filter(**own).order_by("pk")],
    }
    return compute_leaf_hash(canonical(terms)).hex()


def _format(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _require_signer(actor: Actor) -> None:
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person signs an agreement.")


def _side_of(agreement: ServiceAgreement, paper: AgreementDocument | None, actor: Actor) -> Side:
    _require_signer(actor)
    is_officer = actor.client_id is None
    if paper is not None:
        if not is_officer or (paper.client_id, paper.agreement_id) != (agreement.client_id, agreement.pk):
            raise Refused(
                _("A signature on paper is recorded by a privacy officer, with a document of this agreement.")
            )
        return Side.CLIENT
    return Side.PAKTALEEM if is_officer else Side.CLIENT


def find_signing(agreement: ServiceAgreement) -> AgreementSigning | None:
    """Return the signature of one side that waits for the other side's, if there is one."""
    return _list_waiting(agreement).first()


def _list_waiting(agreement: ServiceAgreement) -> QuerySet[AgreementSigning]:
    return AgreementSigning.objects.filter(
        client_id=agreement.client_id, agreement=agreement, state=ChangeState.WAITING
    )


def _sign_second(
    agreement: ServiceAgreement,
    waiting: AgreementSigning,
    paper: AgreementDocument | None,
    *,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> AgreementSigning:
    signing = decide_change(waiting, approve=True, actor=actor, at=at)
    signing.paper = signing.paper or paper
    signing.save(update_fields=["state", "settled_by", "settled_at", "paper"])
    before = ServiceAgreement.objects.get(pk=agreement.pk)
    agreement.signed_at = at
    check_register_row(agreement, before, at=at)
    save_register_row(agreement, actor=actor, reason=reason, at=at)
    _record("agreement.signed", signing, actor, at)
    return signing


def _record(kind: str, signing: AgreementSigning, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "signing": str(signing.pk),
        "agreement": str(signing.agreement_id),
        "first_side": str(signing.first_side),
        "on_paper": signing.paper_id is not None,
        "terms": signing.terms_hash,
        "state": str(signing.state),
        **more,
    }
    record_entry(kind, client_id=signing.client_id, facts=facts, actor=actor, at=at)


NOTIFY = "agreements.notify_of_duties"
_LONGEST_EXTENSION = timedelta(days=90)
_NONE_CHOSEN = gettext_noop("Choose at least one statement that is true.")
_NO_LINK = gettext_noop("Give the address of the page on which users are informed.")
_TODAY_ALREADY = gettext_noop("This was attested today already.")


@transaction.atomic
def attest_duties(
    client: Client, duties: Iterable[str], *, notice_url: str = "", actor: Actor, at: datetime
) -> list[DutyAttestation]:
    """Record that a client's administrator attests duties for a year from today, with the text's version and hash.

    ``duties`` are codes of ``DUTIES``; ``notice_url`` is where users are informed. Raises ValidationError naming the
    field, NotAllowed.
    """
    require(actor, Capability.ANSWER_FOR_CLIENT, client.pk)
    chosen = set(duties)
    meant = [duty for duty in DUTIES if duty.code in chosen]
    if not meant or len(meant) != len(chosen):
        raise ValidationError({"duties": [_NONE_CHOSEN]})
    if any(duty.needs_link for duty in meant) and not notice_url:
        raise ValidationError({"notice_url": [_NO_LINK]})
    advisory_lock(f"attest/{client.pk}")
    valid_until = compute_valid_until(client.day_at(at))
    if DutyAttestation.objects.filter(client_id=client.pk, duty__in=chosen, valid_until=valid_until).exists():
        raise ValidationError({"duties": [_TODAY_ALREADY]})
    rows = [
        DutyAttestation(
            client_id=client.pk,
            duty=duty.code,
            notice_url=notice_url if duty.needs_link else "",
            text_version=TEXT_VERSION,
            text_hash=hash_text(duty),
            valid_until=valid_until,
            attested_by=actor.id,
            attested_at=at,
        )
        for duty in meant
    ]
    for row in rows:
        row.clean_fields()
        row.save(force_insert=True)
        _record_attestation(row, actor, at)
    return rows


def _record_attestation(row: DutyAttestation, actor: Actor, at: datetime) -> None:
    facts = {
        "attestation": str(row.pk),
        "duty": row.duty,
        "text_version": row.text_version,
        "text": row.text_hash,
        "valid_until": row.valid_until.isoformat(),
    }
    record_entry("duty.attested", client_id=row.client_id, facts=facts, actor=actor, at=at)


@transaction.atomic
def remind_of_duties(client_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Remind a client, once a day at most, of duties that are near or overdue; return True if it was reminded.

    Follows policy §7. The email is sent 30, 7, 1 and 0 days before a duty is due and every 7 days after. Raises
    NotAllowed.
    """
    require(actor, Capability.VIEW_REGISTER, client_id)
    client = Client.objects.select_for_update().get(pk=client_id)
    today = client.day_at(at)
    due = [one for one in list_duties(client, at=at) if is_reminder_day(one.due_on, today)]
    midnight = datetime.combine(today, time.min, ZoneInfo(client.time_zone))
    sent = Entry.objects.filter(client_id=client_id, family="duty", kind="duty.reminded", recorded_at__gte=midnight)
    if not due or sent.exists():
        return False
    due_on = min(one.due_on for one in due).isoformat()
    facts = {"duties": sorted(one.duty.code for one in due), "due_on": due_on}
    record_entry("duty.reminded", client_id=client_id, facts=facts, actor=actor, at=at)
    enqueue_job(NOTIFY, client=str(client_id), due_on=due_on)
    return True


def _check_running(agreement: ServiceAgreement, _actor: Actor, at: datetime) -> None:
    if agreement.state(at) != "active" or agreement.starts_at >= at:
        raise Refused(_("The agreement is not in force."))


def _check_not_suspended(agreement: ServiceAgreement, actor: Actor, at: datetime) -> None:
    _check_running(agreement, actor, at)
    if _suspensions(agreement, at).exists():
        raise Refused(_("The agreement is suspended already."))


def _check_suspended(agreement: ServiceAgreement, actor: Actor, at: datetime) -> None:
    _check_running(agreement, actor, at)
    if not _suspensions(agreement, at).filter(starts_at__lt=at).exists():
        raise Refused(_("The agreement is not suspended."))


@act(
    "suspend",
    "Suspend agreement",
    Capability.MANAGE_AGREEMENTS,
    lead="From the next decision data is only stored and deleted, until the agreement is resumed.",
    done="Suspended. In effect from the next decision.",
    check=_check_not_suspended,
)
def suspend_agreement(
    agreement: ServiceAgreement, *, actor: Actor, reason: Reason | str, at: datetime
) -> AgreementSuspension:
    """Suspend an agreement from now on: data is stored and deleted, and not otherwise processed (policy §7)."""
    row = AgreementSuspension(client_id=agreement.client_id, agreement=agreement, starts_at=at)
    return change_register(row, actor=actor, reason=reason, at=at)


@act(
    "resume",
    "Resume agreement",
    Capability.MANAGE_AGREEMENTS,
    lead="Once another officer has approved it, data is processed again from the next decision, within the "
    "instructions.",
    done="Recorded. Another officer must approve.",
    check=_check_suspended,
)
def resume_agreement(agreement: ServiceAgreement, *, ground: str, actor: Actor, at: datetime) -> list[ProposedChange]:
    """Request the end of the suspensions in force, for another officer. Raises ValidationError, NotAllowed."""
    values = {"ends_at": at.isoformat()}
    return [
        propose_change(row, SafeguardKind.SUSPENSION, values=values, ground=ground, actor=actor, at=at)
        for row in _suspensions(agreement, at).filter(starts_at__lt=at)
    ]


@act(
    "end",
    "End agreement",
    Capability.MANAGE_AGREEMENTS,
    lead="From now on data may only be deleted, and stored until the end of the exit period. An agreement that has "
    "ended is not continued: both sides sign a new one.",
    done="Ended. In effect from the next decision.",
    danger=True,
    check=_check_running,
)
def end_agreement(
    agreement: ServiceAgreement, *, exit_days: ExitDays = 0, actor: Actor, reason: Reason | str, at: datetime
) -> ServiceAgreement:
    """End an agreement; for ``exit_days`` more, data may be stored so that it can be returned (GDPR Art. 28(3))."""
    agreement.ends_at = at
    agreement.exit_until = at + timedelta(days=exit_days) if exit_days else None
    return change_register(agreement, actor=actor, reason=reason, at=at)


ExtendedUntil = Annotated[
    date, forms.DateField(label="Extended until", help_text="Until this day the agreement does not show as breached.")
]
ExtensionGround = Annotated[
    str,
    forms.CharField(
        label="Ground", max_length=500, widget=forms.Textarea, help_text="The client reads it. Do not name people."
    ),
]


def _check_breached(agreement: ServiceAgreement, actor: Actor, at: datetime) -> None:
    _check_running(agreement, actor, at)
    if agreement.client_id not in list_breached(at=at):
        raise Refused(_("No duty of the client is overdue."))


@act(
    "extend-duties",
    "Extend the duties",
    Capability.MANAGE_AGREEMENTS,
    lead="A duty of the client is overdue, and the agreement shows as breached: suspend it, or give the client until a "
    "day to make up for it.",
    done="Extended. The agreement does not show as breached until then.",
    check=_check_breached,
)
def extend_duties(
    agreement: ServiceAgreement,
    *,
    until: ExtendedUntil,
    ground: ExtensionGround,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> ServiceAgreement:
    """Give a client until a day, at most 90 days ahead, to fulfil its overdue duties (policy §7).

    Raises Refused if none is overdue, ValidationError naming the field, NotAllowed.
    """
    today = Client.objects.get(pk=agreement.client_id).day_at(at)
    if not today < until <= today + _LONGEST_EXTENSION:
        words = _("Choose a day after today, at most {number} days ahead.").format(number=_LONGEST_EXTENSION.days)
        raise ValidationError({"until": [words]})
    agreement.extended_until, agreement.extension_ground = until, ground.strip()
    return change_register(agreement, actor=actor, reason=reason, at=at)


def _suspensions(agreement: ServiceAgreement, at: datetime) -> QuerySet[AgreementSuspension]:
    return AgreementSuspension.objects.active(at).filter(client_id=agreement.client_id, agreement=agreement)


_NO_EMAIL = gettext_noop("Give the email address: notices are sent there.")
_NO_NAME = gettext_noop("Give the name of the person, or of the office.")


@transaction.atomic
def add_contact(
    client: Client,
    *,
    kind: ContactKind | str,
    full_name: str,
    email: str,
    phone: str = "",
    language: str = "en",
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> ClientContact:
    """Register a person as a contact of a client, from now on; name and address are sealed as everyone's.

    The person has no account at the institution's platform, and the same rights as others. Raises ValidationError
    naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_REGISTER, client.pk)
    for field, value, message in (("full_name", full_name, _NO_NAME), ("email", email, _NO_EMAIL)):
        if not value.strip():
            raise ValidationError({field: [message]})
    details = {"role": "administrator", "full_name": full_name, "email": email, "phone": phone, "language": language}
    person, _is_new = register_subject(
        f"contact-{new_id()}", client=client, details=details, actor=actor, reason=reason, at=at
    )
    row = ClientContact(client_id=client.pk, kind=ContactKind(kind), subject=person, starts_at=at)
    return change_register(row, actor=actor, reason=reason, at=at)


@act(
    "add-document",
    "Add a document",
    Capability.DECIDE_FOR_CLIENT,
    lead="A document of the agreement. If one side has signed already, it must sign again.",
    done="Added, and encrypted.",
    lock=as_given,
)
def add_document(
    agreement: ServiceAgreement, *, kind: AskedKind, file: AskedFile, actor: Actor, at: datetime
) -> AgreementDocument:
    """Seal a document of an agreement: PDF, JPEG or PNG, by its first bytes; its name is not stored.

    A document that is added after the first signature makes both sides sign again. Raises FileKindNotAccepted,
    FileTooLarge, NotAllowed.
    """
    row = AgreementDocument(id=new_id(), client_id=agreement.client_id, agreement=agreement, kind=DocumentKind(kind))
    seal_document(row, file, added_by=actor.id, at=at)
    _record_document("agreement.document_added", row, actor, at)
    return row


@act(
    "open-document",
    "Open a document",
    Capability.DECIDE_FOR_CLIENT,
    lead="Your access is recorded with your name and reason.",
    lock=as_given,
)
def open_document(document: AgreementDocument, *, actor: Actor, reason: Reason | str, at: datetime) -> Iterator[bytes]:
    """Return the content of a document, and record who read it and why. Raises CannotOpen, NotAllowed."""
    content = read_document(document)
    _record_document("agreement.document_opened", document, actor, at, reason=Reason(reason).value)
    return content


def _record_document(kind: str, row: AgreementDocument, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "document": str(row.pk),
        "agreement": str(row.agreement_id),
        "kind": str(row.kind),
        "hash": row.file.sealed_hash,
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)


DUTIES_DUE = declare_message("agreement_duties_due", fields=("school", "day", "url"))
