"""Console pages for staff accounts."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.administration.admin.staff_changes import ProposingAdmin, redirect_to_proposal
from paktaleem.foundation.accounts.models import StaffChange, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.services import (
    change_email,
    change_user,
    invite_user,
    resend_link,
    reset_password,
    reset_second_factor,
)
from paktaleem.foundation.console.filters import ActiveFilter
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.requests import actor_of, get_arrival_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site

__all__ = ["UserAdmin"]

_TWO = " For privacy officers and client administrators it is a proposal: another officer must approve it."


class EmailForm(RowActionForm):
    """Form for a new email address."""

    email = forms.EmailField(
        label="New email address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    field_order = ("email", "reason")


def _perform(service: Callable[..., StaffChange | None]) -> Callable[..., HttpResponse]:
    """Return the function of a row action: do the act of a service, or propose it."""

    def perform(user: User, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
        proposal = service(user, **given, actor=actor_of(request), at=get_arrival_time(request))
        answer = redirect_to_proposal(request, proposal)
        if answer is None:
            messages.success(request, gettext("Done. The account’s owner is informed by email."))
            url = reverse("admin:accounts_user_change", args=[user.pk], current_app=site.name)
            answer = HttpResponseRedirect(url)
        return answer

    return perform


def _resend(user: User, given: dict[str, Any], request: HttpRequest) -> None:
    resend_link(user, reason=given["reason"], actor=actor_of(request), at=get_arrival_time(request))


@admin.register(User, site=site)
class UserAdmin(ProposingAdmin):
    """Staff accounts, visible to and managed by PakTaleem's officers only."""

    view_capability = Capability.VIEW_STAFF
    add_capability = change_capability = Capability.MANAGE_STAFF
    owner_column = None
    officers_only = True
    row_fields = ("email", "full_name", "language", "is_active")
    detail_fields = ("last_login", "created_at")
    list_display = ("email", "full_name", "is_active", "last_login", "created_at")
    list_filter = (ActiveFilter,)
    search_fields = ("email", "full_name")
    intro = (
        "Accounts of everyone who may sign in. A new account gets an email with a link to set a password. Its "
        "permissions follow from its memberships."
    )
    empty_text = "No accounts have been created yet."
    acts = (
        RowAction(
            "invite",
            "Send the link again",
            Capability.MANAGE_STAFF,
            _resend,
            lead="The owner has not set a password yet. A new link is sent to the address of the account, and the "
            "earlier link becomes invalid.",
            done="The link is sent.",
            applies=lambda row, _at: row.is_active and not row.has_usable_password(),
        ),
        RowAction(
            "password",
            "Send a password link",
            Capability.MANAGE_STAFF,
            _perform(reset_password),
            lead="The owner of the account gets an email with a link to set a new password. The old password and all "
            "sessions end." + _TWO,
            applies=lambda row, _at: row.has_usable_password(),
        ),
        RowAction(
            "second-factor",
            "Reset second factor",
            Capability.MANAGE_STAFF,
            _perform(reset_second_factor),
            lead="For a user who lost their phone, security key and recovery codes: they enrol again at the next "
            "sign-in. Verify that the request comes from them." + _TWO,
            danger=True,
        ),
        RowAction(
            "email",
            "Change email address",
            Capability.MANAGE_STAFF,
            _perform(change_email),
            form=EmailForm,
            lead="A link to set a new password is sent to the new address. The old password and all sessions end."
            + _TWO,
            danger=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Make the email address read-only after the account is created."""
        return () if obj is None else ("email", *self.detail_fields)

    def write(self, row: User, **details: Any) -> None:
        """Invite a member of staff, or change their name, language or active state."""
        request = details["request"]
        stamp = {"actor": details["actor"], "reason": details["reason"], "at": get_arrival_time(request)}
        if details["change"]:
            made = change_user(row, **stamp)
            request.proposal = made if isinstance(made, StaffChange) else None
            return
        row.pk = invite_user(row.email, full_name=row.full_name, language=row.language, **stamp).pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the account, and say that an invitation is sent."""
        messages.info(request, gettext("An invitation is sent. Add a membership to give the account a role."))
        return super().response_add(request, obj, post_url_continue)
