"""Agreements in the console: their life, documents and signatures; contacts; attested duties."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _, gettext_noop

from consent.agreements.duties import DUTIES, Duty
from consent.agreements.models import AgreementDocument, AgreementSigning, ClientContact, DutyAttestation, Side
from consent.agreements.selectors import ClientToDo, Part, list_breached, list_parts, list_to_do
from consent.agreements.services import (
    add_contact,
    add_document,
    attest_duties,
    decline_signing,
    end_agreement,
    extend_duties,
    find_signing,
    open_document,
    resume_agreement,
    sign_agreement,
    suspend_agreement,
)
from consent.register.admin.safeguards import PeriodAdmin, RegisterAdmin, cancel_act, end_act
from consent.register.models.agreements import AgreementSuspension, Instruction, Recipient, ServiceAgreement
from consent.register.models.purposes import CAPACITIES
from paktaleem.directory.files.models import CONTENT_TYPES, FileKind
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverNotIndependent, ChangeState
from paktaleem.foundation.console.approvals import render_change_state
from paktaleem.foundation.console.clocks import get_time_of, select_by_clock
from paktaleem.foundation.console.columns import day, period_pill, render_state, state_column
from paktaleem.foundation.console.filters import PROGRESS, ProgressFilter
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, ScopedForm, set_choices
from paktaleem.foundation.console.home_pages import Card, Line, Task
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, Weakens, act_page, send_file
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import format_date

_PERSON = ("full_name", "email", "phone")


class ContactForm(ScopedForm):
    full_name = forms.CharField(label=_("Full name"), max_length=300, required=False)
    email = forms.EmailField(label=_("Email address"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        for name in ("full_name", "email"):
            if self.instance._state.adding and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, gettext("This field is required."))
        return cleaned


@admin.register(ClientContact, site=site)
class ClientContactAdmin(PeriodAdmin[ClientContact]):
    form = ContactForm
    change_capability = None
    row_fields = ("kind",)
    detail_fields = ("person", "state", "starts_at", "ends_at")
    list_display = ("kind", "owner", "person", "state", "starts_at")
    list_filter = ("kind", "client")
    ordering = ("-starts_at", "-id")
    change_list_template = "console/contacts.html"
    list_select_related = ("subject",)
    intro = (
        "Whom to ask about privacy at a client, and who receives notices. Their names and addresses are sealed; they "
        "are on the person’s page."
    )
    empty_text = "No contact yet: notices go to the client’s administrators only."
    acts = (
        end_act("End this contact", "The person is no longer a contact of the client.", Capability.MANAGE_REGISTER),
    )

    def get_fieldsets(self, request: HttpRequest, obj: ClientContact | None = None) -> Fieldsets:
        [(name, main), *others] = super().get_fieldsets(request, obj)
        if obj is None:
            main = {**main, "fields": [*main["fields"], *_PERSON]}
        return [(name, main), *others]

    @admin.display(description="person")
    def person(self, row: ClientContact) -> SafeString:
        url = reverse("admin:people_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}"><bdi>{}</bdi></a>', url, row.subject.external_id or gettext("Erased"))

    def save_model(self, request: HttpRequest, obj: ClientContact, form: Any, change: bool) -> None:  # noqa: FBT001
        del change
        person = {name: form.cleaned_data[name] for name in _PERSON}
        stamp = by_user(request)
        with in_client(obj.client_id):
            client = Client.objects.get(pk=obj.client_id)
            obj.pk = add_contact(client, kind=obj.kind, reason=form.cleaned_data["reason"], **person, **stamp).pk

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.to_do_view)
        return [path("to-do/", view, name="agreements_clientcontact_to_do"), *super().get_urls()]

    def to_do_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        at, own = get_action_time(request), actor_of(request).client_id
        if own is None:
            found = list_to_do(at=at)
        else:
            with in_client(own):
                found = list_to_do(at=at, client_id=own)
        values = {"title": gettext("Agreements: what is missing"), "lines": [_serialize(one) for one in found]}
        return self.page(request, None, "console/agreements_to_do.html", **values)


def get_text(duty: Duty) -> str:
    return duty.text_ur if get_language() == "ur" else duty.text_en


def _describe_duty(row: DutyAttestation) -> str:
    return next((get_text(duty) for duty in DUTIES if duty.code == row.duty), row.duty)


def _serialize(one: ClientToDo) -> dict[str, object]:
    since = gettext("The agreement is breached since {day}: PakTaleem suspends it, or extends the duties.")
    missing = [since.format(day=one.breached_on)] if one.breached_on else []
    missing += [
        gettext("To confirm by {day}: {text}").format(day=state.due_on, text=get_text(state.duty))
        for state in one.duties
    ]
    missing += [gettext("A privacy contact or data protection officer")] if one.needs_privacy_contact else []
    missing += [gettext("A contact that receives notices")] if one.needs_notice_contact else []
    missing += [gettext("The postal address")] if one.needs_address else []
    return {"client": one.client, "missing": missing}


_LATEST = 20


def agreement_panels(row: ServiceAgreement, *, viewer: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return the panel of an agreement: signatures, documents, suspensions, instructions, parts and duties."""
    own: dict[str, object] = {"client_id": row.client_id, "agreement": row}
    with in_client(row.client_id):
        signings = take_latest(AgreementSigning.objects.filter(**own).select_related("paper"), _LATEST)
        attested = take_latest(DutyAttestation.objects.filter(client_id=row.client_id), _LATEST)
        names = _names(row.client_id, signings, attested, viewer)
        known = Recipient.objects.filter(client_id__in=[row.client_id, PAKTALEEM])
        recipients = dict(known.values_list("code", "name"))
        panel = {
            "template": "console/panels/agreement.html",
            "signings": signings.map(lambda one: _to_signing(one, names)),
            "documents": take_latest(AgreementDocument.objects.filter(**own), _LATEST),
            "suspensions": [
                (one, period_pill(one)) for one in AgreementSuspension.objects.filter(**own).order_by("-starts_at")
            ],
            "instructions": [
                (one, period_pill(one), [recipients.get(code, code) for code in one.recipients])
                for one in Instruction.objects.filter(**own)
            ],
            "parts": [_to_part(one) for one in list_parts(row.client_id, at=at)],
            "attested": attested.map(
                lambda one: {"row": one, "text": _describe_duty(one), "by": names.get(one.attested_by, "—")}
            ),
        }
    return [panel]


def _names(
    client_id: UUID, signings: list[AgreementSigning], attested: list[DutyAttestation], viewer: Actor
) -> dict[UUID, str]:
    """Return the email addresses of those who signed; a client sees “PakTaleem” instead of an officer."""
    ids = {one.requested_by for one in signings} | {one.settled_by for one in signings if one.settled_by}
    ids |= {one.attested_by for one in attested}
    found = dict(User.objects.filter(pk__in=ids).values_list("pk", "email"))
    if viewer.client_id is None:
        return found
    own = Membership.objects.filter(client_id=client_id, user_id__in=ids).values_list("user_id", flat=True)
    members = set(own)
    return {key: email if key in members else "PakTaleem" for key, email in found.items()}


def _to_signing(row: AgreementSigning, names: dict[UUID, str]) -> dict[str, object]:
    former = gettext("Former staff")
    first = Side(row.first_side)
    second = Side.CLIENT if first is Side.PAKTALEEM else Side.PAKTALEEM
    return {
        "state": render_change_state(row),
        "first": first.label,
        "first_by": names.get(row.requested_by, former),
        "first_at": row.requested_at,
        "first_paper": row.paper if first is Side.CLIENT else None,
        "second": second.label,
        "second_by": names.get(row.settled_by, former) if row.settled_by else "",
        "second_at": row.settled_at,
        "second_paper": row.paper if second is Side.CLIENT else None,
        "is_signed": row.state == "approved",
    }


def _to_part(part: Part) -> dict[str, object]:
    following = ""
    if part.next_part is not None:
        following = gettext("{part}, from {day}").format(part=CAPACITIES[part.next_part], day=day(part.next_at))
    return {
        "purpose": part.purpose,
        "part": CAPACITIES[part.part],
        "since": day(part.since),
        "of": gettext("Only here") if part.is_own else gettext("At every client"),
        "following": following,
    }


@admin.register(DutyAttestation, site=site)
class DutyAttestationAdmin(EvidenceAdmin[DutyAttestation]):
    view_capability = Capability.VIEW_REGISTER
    list_display = ("statement", "owner", "valid_until", "attested_at")
    detail_fields = ("statement", "notice_url", "text_version", "text_hash", "valid_until", "attested_at")
    intro = "What clients confirmed as controllers, each for a year. A client confirms it on the agreement’s page."
    empty_text = "No client has confirmed its duties yet."

    @admin.display(description="statement")
    def statement(self, row: DutyAttestation) -> str:
        return _describe_duty(row)


class DocumentForm(RowActionForm):
    document = forms.ChoiceField(label=_("Document"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        self.offered = {str(one.pk): one for one in _list_documents(self.row).select_related("file")}
        set_choices(self, "document", [(key, str(one)) for key, one in self.offered.items()])

    def clean_document(self) -> AgreementDocument:
        return self.offered[self.cleaned_data["document"]]


class AttestForm(ActionForm):
    duties = forms.MultipleChoiceField(
        label=_("We confirm for the coming year"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Confirm only what is true. The rest stays on your list and on PakTaleem’s."),
    )
    notice_url = forms.URLField(
        label=_("Page on which users are informed"),
        required=False,
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr"}),
    )

    def prepare(self) -> None:
        set_choices(self, "duties", [(duty.code, get_text(duty)) for duty in DUTIES])


_TONES = {"draft": "warn", "upcoming": "warn", "active": "good", "ended": "calm", "cancelled": "calm"}
_SUSPENDED = gettext_noop("Suspended")
_BREACHED = gettext_noop("Breached: a duty is overdue")
_TIED: dict[type[Exception], str] = {
    ApproverNotIndependent: "You cannot sign together with the person who signed for the other side: in the last 72 "
    "hours one of you gave the other a role, or re-enabled or reset the other’s account. Decline to sign, so that "
    "another officer can sign first, or sign on paper: an officer records it."
}


def _render_agreement_state(row: Any) -> SafeString:
    state = row.state(get_time_of(row.client_id))
    if state == "active" and row.is_suspended:
        return render_state(_SUSPENDED, "bad")
    if state == "active" and row.is_breached:
        return render_state(_BREACHED, "bad")
    return render_state(state.capitalize(), _TONES[state])


def _sign(row: ServiceAgreement, given: FormData, request: HttpRequest) -> str:
    by, paper = by_user(request), given.get("document")
    signing = sign_agreement(row, paper=paper, ground=given["ground"], reason=given["reason"], **by)
    if signing.state != ChangeState.APPROVED:
        if paper is not None:
            return ""
        if signing.first_side == Side.PAKTALEEM:
            return gettext("You have signed. The agreement still waits for the client’s signature.")
        return gettext("You have signed. The agreement still waits for PakTaleem’s signature.")
    if row.starts_at > get_action_time(request):
        words = gettext("Both sides have signed. The agreement takes effect on {day}.")
        return words.format(day=format_date(row.starts_at))
    return gettext("Both sides have signed. The agreement is in effect.")


def _open_document(row: ServiceAgreement, given: FormData, request: HttpRequest) -> HttpResponse:
    del row
    document: AgreementDocument = given["document"]
    content = open_document(document, reason=given["reason"], **by_user(request))
    kind = FileKind(document.file_kind)
    return send_file(content, f"{document.kind}-{document.added_at:%Y%m%d}.{kind}", CONTENT_TYPES[kind])


def _attest(row: ServiceAgreement, given: FormData, request: HttpRequest) -> None:
    client = Client.objects.get(pk=row.client_id)
    attest_duties(client, given["duties"], notice_url=given["notice_url"], **by_user(request))


def _list_documents(row: ServiceAgreement) -> QuerySet[AgreementDocument]:
    found: QuerySet[AgreementDocument] = AgreementDocument.objects.filter(client_id=row.client_id, agreement=row)
    return found


def to_sign(actor: Actor) -> Q:
    """Return the condition for drafts that the other side has signed, and the actor's side has not."""
    first = Side.CLIENT if actor.client_id is None else Side.PAKTALEEM
    waiting = AgreementSigning.objects.filter(
        client_id=OuterRef("client_id"), agreement=OuterRef("pk"), state=ChangeState.WAITING, first_side=first
    )
    return Q(Exists(waiting))


class DraftFilter(ProgressFilter):
    offered = {"to_sign": _("Signed by the other side")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() == "to_sign":
            return queryset.filter(to_sign(actor_of(request)))
        return super().queryset(request, queryset)


@admin.register(ServiceAgreement, site=site)
class ServiceAgreementAdmin(RegisterAdmin[ServiceAgreement]):
    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("reference", "starts_at", "ends_at", "exit_until")
    fixed = ("starts_at",)
    detail_fields = ("state", "signed_at", "extended_until", "extension_ground")
    list_display = ("reference", "owner", "state", "starts_at", "ends_at", "exit_until")
    list_filter = (DraftFilter, "client")
    search_fields = ("reference",)
    intro = (
        "Without an agreement in force, no data is processed for a client. A draft takes effect once both sides have "
        "signed it. Suspending or ending it changes every decision at once."
    )
    empty_text = "No agreement yet: nothing is processed for any client."
    state = state_column(_render_agreement_state)
    acts = (
        act_page(
            sign_agreement,
            form=RowActionForm,
            respond=_sign,
            refusals=_TIED,
            weakens=Weakens.BY_ITS_VALUES,
            find_requested=find_signing,
        ),
        RowAction(
            "sign-paper",
            "Record the client’s signature on paper",
            Capability.MANAGE_AGREEMENTS,
            _sign,
            form=DocumentForm,
            lead="Choose the document that the client has signed. Another officer then signs for PakTaleem.",
            done="The client’s signature is recorded. Another officer must sign for PakTaleem.",
            refusals=_TIED,
            weakens=Weakens.BY_ITS_VALUES,
            find_requested=find_signing,
            applies=lambda row, _at: row.signed_at is None and not row.is_cancelled and _list_documents(row).exists(),
        ),
        decline_signing,
        add_document,
        act_page(
            open_document,
            form=DocumentForm,
            target="document",
            list_targets=_list_documents,
            respond=_open_document,
        ),
        RowAction(
            "attest",
            "Confirm your duties for the year",
            Capability.ANSWER_FOR_CLIENT,
            _attest,
            form=AttestForm,
            lead="As controller, your institution confirms once a year that it fulfils its own duties.",
            done="Confirmed. The confirmation is recorded with your name.",
            applies=lambda row, at: row.state(at) == "active" and row.starts_at < at,
        ),
        suspend_agreement,
        extend_duties,
        act_page(resume_agreement, weakens=Weakens.ALWAYS),
        cancel_act("Cancel agreement", "It will never take effect.", Capability.MANAGE_AGREEMENTS),
        end_agreement,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceAgreement]:
        now = select_by_clock(get_action_time(request), AgreementSuspension.objects.active).filter(
            client_id=OuterRef("client_id"), agreement=OuterRef("pk")
        )
        found: QuerySet[ServiceAgreement] = super().get_queryset(request)
        breached = Q(client_id__in=list_breached(at=get_action_time(request)))
        return found.annotate(is_suspended=Exists(now), is_breached=breached)

    def panels(self, request: HttpRequest, row: ServiceAgreement) -> list[dict[str, object]]:
        return agreement_panels(row, viewer=actor_of(request), at=get_action_time(request))


@boards.connect
def agreements_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards about agreements for both sides; six queries."""
    if not actor.may(Capability.DECIDE_FOR_CLIENT):
        return []
    rows, note = ServiceAgreement.objects.filter(to_sign(actor)), gettext("the other side has signed")
    url = reverse("admin:consent_serviceagreement_changelist", current_app=site.name) + f"?{PROGRESS}=to_sign"
    task = Task(gettext("Agreements to sign"), rows, note, url)
    found = list_to_do(at=at, client_id=actor.client_id)
    if not found:
        return [task]
    url = reverse("admin:agreements_clientcontact_to_do", current_app=site.name)
    due_on = min((duty.due_on for one in found for duty in one.duties), default=None)
    title, number = gettext("Clients with something missing"), len(found)
    if actor.client_id is not None:
        [own] = found
        title = gettext("Agreement: what is missing")
        number = len(own.duties) + own.needs_privacy_contact + own.needs_notice_contact + own.needs_address
    note = gettext("duties to confirm, contacts to name")
    is_breached = any(one.breached_on for one in found)
    if is_breached:
        note = gettext("an agreement is breached: a duty is overdue")
    return [
        task,
        Card(title, format_count(number), note, url, Severity.OVERDUE if is_breached else Severity.TO_DO, due_on),
    ]
