"""Creating and printing consent forms (decision 0020)."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.consents.selectors.consents import printed_notice
from consent.notices.models import NoticeVersion
from consent.notices.selectors.notices import NoticeUnknown
from consent.notices.selectors.registers import current_register, find_purposes, get_current_notice
from consent.paper.models import Addressee, FormPage, FormPurpose, FormRun
from consent.paper.pdf import Form, Page, PrintedUse, Question, ServiceQuestion, render_pdf
from consent.register.compiled import Basis, Register, describe_purpose
from consent.register.models.purposes import Purpose
from consent.register.services import require_printable
from paktaleem.directory.people.models import AgeGate, Subject
from paktaleem.directory.people.services.people import reveal_names
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry


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
    """Create a consent form: a numbered page for each person, or child, who can be asked (decision 0020).

    Raises ValidationError for a purpose without consent as basis or notice, or too many or no people; NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, client.pk)
    form_purposes = _check_purposes(client, purposes, addressee, at)
    pages = _build_pages(client, people, form_purposes, addressee, at)
    if not 0 < len(pages) <= settings.FORM_MOST_PEOPLE:
        message = f"{len(pages)} people would be asked: a form is for 1 to {settings.FORM_MOST_PEOPLE}."
        raise ValidationError({"people": [message]})
    run = FormRun(client=client, name=name.strip(), people=len(pages), addressee=addressee, made_at=at)
    run.actor_kind, run.actor_id, run.actor_role = actor_columns(actor)
    run.school_ids = actor.school_ids
    run.clean_fields()
    require_printable(run)
    run.save(force_insert=True)
    _add_rows(run, form_purposes, pages)
    facts = {
        "form": str(run.pk),
        "people": run.people,
        "addressee": str(addressee),
        "purposes": {purpose.code: str(version.pk) for purpose, version in form_purposes},
    }
    record_entry("form.made", client_id=client.pk, facts=facts, actor=actor, at=at)
    return run


def _add_rows(run: FormRun, form_purposes: Sequence[tuple[Purpose, NoticeVersion]], pages: Sequence[FormPage]) -> None:
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
    for position, page in enumerate(pages, 1):
        page.run, page.position = run, position
    FormPage.objects.bulk_create(pages)


def _build_pages(
    client: Client,
    people: Iterable[Subject],
    form_purposes: Sequence[tuple[Purpose, NoticeVersion]],
    addressee: Addressee,
    at: datetime,
) -> list[FormPage]:
    register = current_register(client.pk)
    living = [person for person in people if person.erased_at is None and not person.is_being_erased]
    gate: AgeGate = {"thresholds": client.thresholds, "serves_minors": client.serves_minors}
    if addressee == Addressee.GUARDIAN:
        living = [person for person in living if person.is_child(at, **gate)]
    asked = [(person, _purposes_for(person, form_purposes, register, at)) for person in living]
    pages = [FormPage(client_id=client.pk, subject=person, purposes=purposes) for person, purposes in asked]
    if addressee == Addressee.PERSON:
        return [page for page in pages if page.purposes]
    notices = {roles: printed_notice(client, roles, at=at) for roles in {child.roles for child in living}}
    for page in pages:
        notice = notices[page.subject.roles]
        page.notice_hash, page.asks_sharing = notice.hash, notice.asks_sharing
    return pages


def _check_purposes(
    client: Client, codes: Sequence[str], addressee: Addressee, at: datetime
) -> list[tuple[Purpose, NoticeVersion]]:
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


@transaction.atomic
def print_form(
    run: FormRun, *, address: str, policy: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> bytes:
    """Return the form as PDF with names; the access to each is logged. ``policy`` is where it is (for guardians).

    Raises Refused for a form for guardians with an earlier notice about the service, NotAllowed, CannotOpen.
    """
    require(actor, Capability.MANAGE_FORMS, run.client_id)
    client = Client.objects.get(pk=run.client_id)
    pages = list(
        FormPage.objects.filter(client_id=run.client_id, run=run).select_related("run", "subject").order_by("position")
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
            pages=[
                Page(
                    reference=page.reference,
                    name=names[page.subject_id],
                    person=page.subject.external_id or "",
                    purposes=page.purposes,
                    service=page.notice_hash,
                )
                for page in pages
                if page.subject_id in names
            ],
            for_guardians=run.for_guardians,
            policy=policy,
            services=services,
        )
    )
    facts = {"form": str(run.pk), "pages": len(names), "sha256": hashlib.sha256(pdf).hexdigest(), "reason": str(reason)}
    record_entry("form.printed", client_id=run.client_id, facts=facts, actor=actor, at=at)
    return pdf


def _list_services(client: Client, pages: Sequence[FormPage], at: datetime) -> dict[str, ServiceQuestion]:
    printed = [page for page in pages if page.subject.erased_at is None]
    notices = {roles: printed_notice(client, roles, at=at) for roles in {page.subject.roles for page in printed}}
    if any(page.notice_hash != notices[page.subject.roles].hash for page in printed):
        raise Refused(
            _("The notice about the use of the platform has changed since the form was made: make a new form.")
        )
    return {
        notice.hash: ServiceQuestion(
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
        for notice in notices.values()
    }


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
