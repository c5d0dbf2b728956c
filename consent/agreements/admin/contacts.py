"""Contacts of clients in the console, and the list of what is missing at each client."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from consent.agreements.duties import DUTIES, Duty
from consent.agreements.models import AgreementDocument, AgreementSigning, ClientContact, DutyAttestation, Side
from consent.agreements.selectors import ClientToDo, Part, list_parts, list_to_do
from consent.agreements.services import add_contact
from consent.register.admin.row_admin import PeriodAdmin
from consent.register.admin.safeguards import end_act
from consent.register.models.agreements import AgreementSuspension, Instruction, Recipient, ServiceAgreement
from consent.register.models.purposes import CAPACITIES
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import render_change_state
from paktaleem.foundation.console.columns import day, period_pill
from paktaleem.foundation.console.forms import ScopedForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_PERSON = ("full_name", "email", "phone")


class ContactForm(ScopedForm):
    """A contact with the person's name and addresses, which are sealed."""

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
class ClientContactAdmin(PeriodAdmin):
    """Contacts of clients: added and ended, never changed."""

    form = ContactForm
    change_capability = None
    row_fields = ("kind",)
    detail_fields = ("person", "state", "starts_at", "ends_at")
    list_display = ("kind", "owner", "person", "state", "starts_at")
    list_filter = ("kind", "client")
    ordering = ("-starts_at", "-id")
    newest_by = "starts_at"
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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        [(name, main), *others] = super().get_fieldsets(request, obj)
        if obj is None:
            main = {**main, "fields": [*main["fields"], *_PERSON]}
        return [(name, main), *others]

    @admin.display(description="person")
    def person(self, row: ClientContact) -> SafeString:
        """Link to the person's page; the name is sealed."""
        url = reverse("admin:people_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}"><bdi>{}</bdi></a>', url, row.subject.external_id or gettext("Erased"))

    def save_model(self, request: HttpRequest, obj: ClientContact, form: Any, change: bool) -> None:  # noqa: FBT001
        del change
        person = {name: form.cleaned_data[name] for name in _PERSON}
        stamp: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
        with in_client(obj.client_id):
            client = Client.objects.get(pk=obj.client_id)
            obj.pk = add_contact(client, kind=obj.kind, reason=form.cleaned_data["reason"], **person, **stamp).pk

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.to_do_view)
        return [path("to-do/", view, name="agreements_clientcontact_to_do"), *super().get_urls()]

    def to_do_view(self, request: HttpRequest) -> HttpResponse:
        """List what is missing at each client, for both sides."""
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
    """Return the text of a duty in the page's language."""
    return duty.text_ur if get_language() == "ur" else duty.text_en


def _describe_duty(row: DutyAttestation) -> str:
    return next((get_text(duty) for duty in DUTIES if duty.code == row.duty), row.duty)


def _serialize(one: ClientToDo) -> dict[str, object]:
    missing = [
        gettext("To confirm by {day}: {text}").format(day=state.due_on, text=get_text(state.duty))
        for state in one.duties
    ]
    missing += [gettext("A privacy contact or data protection officer")] if one.needs_privacy_contact else []
    missing += [gettext("A contact that receives notices")] if one.needs_notice_contact else []
    missing += [gettext("The postal address")] if one.needs_address else []
    return {"client": one.client, "missing": missing}


_TEMPLATE = "console/panels/agreement.html"
_LATEST = 20


def agreement_panels(row: ServiceAgreement, *, viewer: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return the panel of an agreement: signatures, documents, suspensions, instructions, parts and duties."""
    own: dict[str, Any] = {"client_id": row.client_id, "agreement": row}
    with in_client(row.client_id):
        signings = take_latest(AgreementSigning.objects.filter(**own).select_related("paper"), _LATEST)
        attested = take_latest(DutyAttestation.objects.filter(client_id=row.client_id), _LATEST)
        names = _names(row.client_id, signings, attested, viewer)
        panel = {
            "template": _TEMPLATE,
            "signings": signings.map(lambda one: _to_signing(one, names)),
            "documents": take_latest(AgreementDocument.objects.filter(**own), _LATEST),
            "suspensions": [
                (one, period_pill(one)) for one in AgreementSuspension.objects.filter(**own).order_by("-starts_at")
            ],
            "instructions": _list_instructions(own),
            "parts": [_to_part(one) for one in list_parts(row.client_id, at=at)],
            "attested": attested.map(lambda one: _to_attested(one, names)),
        }
    return [panel]


def _list_instructions(own: dict[str, Any]) -> list[tuple[Instruction, str, list[str]]]:
    rows = Recipient.objects.filter(client_id__in=[own["client_id"], PAKTALEEM])
    names = dict(rows.values_list("code", "name"))
    return [
        (one, period_pill(one), [names.get(code, code) for code in one.recipients])
        for one in Instruction.objects.filter(**own)
    ]


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


def _to_attested(row: DutyAttestation, names: dict[UUID, str]) -> dict[str, object]:
    return {"row": row, "text": _describe_duty(row), "by": names.get(row.attested_by, "—")}


@admin.register(DutyAttestation, site=site)
class DutyAttestationAdmin(EvidenceAdmin):
    """Duties that clients attested, newest first."""

    view_capability = Capability.VIEW_REGISTER
    list_display = ("statement", "owner", "valid_until", "attested_at")
    list_filter = ("client",)
    newest_by = "attested_at"
    detail_fields = ("statement", "notice_url", "text_version", "text_hash", "valid_until", "attested_at")
    intro = "What clients confirmed as controllers, each for a year. A client confirms it on the agreement’s page."
    empty_text = "No client has confirmed its duties yet."

    @admin.display(description="statement")
    def statement(self, row: DutyAttestation) -> str:
        return _describe_duty(row)
