"""Contacts of clients in the console, and the list of what is missing at each client."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from consent.agreements.models import ClientContact
from consent.agreements.selectors import ClientToDo, list_to_do
from consent.agreements.services.contacts import add_contact
from consent.register.admin.row_admin import PeriodAdmin, end_act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import ScopedForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client

_PERSON = ("full_name", "email", "phone")


class ContactForm(ScopedForm):
    """A contact with the person's name and addresses, which are sealed."""

    full_name = forms.CharField(label=_("Full name"), max_length=300, required=False)
    email = forms.EmailField(label=_("Email address"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)

    def clean(self) -> dict[str, Any]:
        """Require name and address of a new contact."""
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
    intro = (
        "Whom to ask about privacy at a client, and who receives notices. Their names and addresses are sealed; they "
        "are on the person’s page."
    )
    empty_text = "No contact yet: notices go to the client’s administrators only."
    acts = (
        end_act("End this contact", "The person is no longer a contact of the client.", Capability.MANAGE_REGISTER),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Select related people."""
        return super().get_queryset(request).select_related("subject")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the person of a new contact."""
        [(name, main), *others] = super().get_fieldsets(request, obj)
        if obj is None:
            main = {**main, "fields": [*main["fields"], *_PERSON]}
        return [(name, main), *others]

    @admin.display(description="person")
    def person(self, row: ClientContact) -> SafeString:
        """Link to the person's page; the name is sealed."""
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}"><bdi>{}</bdi></a>', url, row.subject.external_id or gettext("Erased"))

    def save_model(self, request: HttpRequest, obj: ClientContact, form: Any, change: bool) -> None:  # noqa: FBT001
        """Register the person and add the contact, in the context of the client."""
        del change
        person = {name: form.cleaned_data[name] for name in _PERSON}
        stamp: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
        with in_client(obj.client_id):
            client = Client.objects.get(pk=obj.client_id)
            obj.pk = add_contact(client, kind=obj.kind, reason=form.cleaned_data["reason"], **person, **stamp).pk

    def get_urls(self) -> list[URLPattern]:
        """Add the list of what is missing."""
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


def _serialize(one: ClientToDo) -> dict[str, Any]:
    urdu = get_language() == "ur"
    missing = [
        gettext("To confirm by {day}: {text}").format(
            day=state.due_on, text=state.duty.text_ur if urdu else state.duty.text_en
        )
        for state in one.duties
    ]
    missing += [gettext("A privacy contact or data protection officer")] if one.needs_privacy_contact else []
    missing += [gettext("A contact that receives notices")] if one.needs_notice_contact else []
    missing += [gettext("The postal address")] if one.needs_address else []
    return {"client": one.client, "missing": missing}
