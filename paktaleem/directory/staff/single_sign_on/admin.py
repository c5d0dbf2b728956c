"""Console pages of single sign-on: providers of clients, and accounts at providers that are linked to staff."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.staff.single_sign_on.exchange import get_return_address
from paktaleem.directory.staff.single_sign_on.models import Provider, SignOnLink
from paktaleem.directory.staff.single_sign_on.services import (
    change_access,
    decide_provider,
    end_provider,
    propose_provider,
    unlink_account,
)
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.console.approvals import approval_actions, render_change_state
from paktaleem.foundation.console.columns import render_state, state_column, text_column
from paktaleem.foundation.console.forms import ScopedForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


class ProviderForm(ScopedForm):
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("From the provider. Leave empty to keep the present secret of the same client ID."),
    )
    domains = forms.CharField(
        label=_("Email domains"),
        widget=AdminTextareaWidget(attrs={"rows": 3, "dir": "ltr"}),
        help_text=_("The institution’s own domains, one in each line, such as school.example."),
    )

    def prepare(self) -> None:
        if "client" in self.fields:
            offered = self.fields["client"]
            offered.queryset = offered.queryset.exclude(pk=PAKTALEEM)  # type: ignore[attr-defined]

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).split()


def _standing(row: Provider) -> SafeString:
    if row.state != ChangeState.APPROVED:
        return render_change_state(row)
    if row.ended_at is not None:
        return render_state(gettext("Ended"), "calm")
    return render_state(gettext("Required") if row.required_at else gettext("In force"), "good")


_PERIOD = ("required_at", "ended_at")


@admin.register(Provider, site=site)
class ProviderAdmin(ScopedAdmin[Provider]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = Capability.MANAGE_COLLEAGUES
    form = ProviderForm
    row_fields = ("issuer", "application_id", "domains", "honours_second_factor", "ground")
    effect_fields = ("issuer", "application_id", "domains", "honours_second_factor")
    detail_fields = ("standing", "return_address", "start_address", "requested_at", "settled_at", *_PERIOD)
    list_display = ("issuer", "owner", "standing", "requested_at", "settled_at")
    list_filter = ("state", "client")
    sortable_by = ()
    intro = (
        "With single sign-on, staff of an institution sign in with the account of their school. The provider named "
        "here can sign in as every member of that staff. A privacy officer therefore approves it, after checking that "
        "the email domains belong to the institution."
    )
    empty_text = "No institution uses single sign-on yet."
    standing = state_column(_standing)
    return_address = text_column(
        lambda row: format_html('<bdi dir="ltr">{}</bdi>', get_return_address(row.client.code)),
        "return address, to be entered at the provider",
    )
    acts = (
        *approval_actions(
            decide_provider,
            approve="Approve single sign-on",
            decline="Decline single sign-on",
            lead="The person who runs this provider can sign in as every member of the institution’s staff. Approve it "
            "only if you have checked that the provider and each email domain belong to the institution. A provider in "
            "force is replaced, and its sessions are over.",
            clock=get_arrival_time,
            capability=Capability.MANAGE_STAFF,
            danger=True,
        ),
        change_access,
        end_provider,
    )

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if obj is None:
            fields = list(sets[0][1]["fields"])
            fields.insert(fields.index("domains"), "secret")
            sets[0] = (None, {"fields": fields})
        return sets

    @admin.display(description="page where staff sign in; try it before you require it")
    def start_address(self, row: Provider) -> str | None:
        if not row.is_in_force:
            return gettext("After the approval") if row.state == ChangeState.WAITING else None
        address = build_public_url(reverse("single_sign_on", args=[row.client.code]))
        return format_html('<a href="{}" dir="ltr">{}</a>', address, address)

    def save_model(self, request: HttpRequest, obj: Provider, form: ScopedForm, change: bool) -> None:  # noqa: FBT001
        del change
        secret, reason = form.cleaned_data.get("secret", ""), form.cleaned_data["reason"]
        with in_client(obj.client_id):
            propose_provider(obj, secret, actor=actor_of(request), reason=reason, at=get_arrival_time(request))

    def response_add(self, request: HttpRequest, obj: Provider, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        messages.warning(request, gettext("Proposed: nothing has changed yet. A privacy officer must approve it."))
        return HttpResponseRedirect(self.url_of("change", obj))


@admin.register(SignOnLink, site=site)
class SignOnLinkAdmin(EvidenceAdmin[SignOnLink]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("user", "owner", "standing", "linked_at", "ended_at")
    list_select_related = ("user",)
    detail_fields = ("user", "standing", "issuer", "linked_at", "ended_at")
    intro = (
        "At the first single sign-on, the account at the provider is linked to the member of staff with the same "
        "verified address. From then on only this account signs in as them, even if addresses change."
    )
    empty_text = "No one has signed in by single sign-on yet."
    standing = state_column(
        lambda row: render_state(gettext("Ended"), "calm") if row.ended_at else render_state(gettext("Linked"), "good")
    )
    acts = (unlink_account,)
