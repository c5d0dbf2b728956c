"""Console pages for staff accounts."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.staff.administration.admin.clients import name_limit, with_school_names
from paktaleem.foundation.accounts.leaving import list_clients_left_without
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import GroundNeeded
from paktaleem.foundation.accounts.staff_accounts import AlreadyEnded
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import (
    change_email,
    change_user,
    decide_staff_change,
    invite_user,
    resend_link,
    reset_password,
    reset_second_factor,
)
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import reason_column, staff_name, text_column
from paktaleem.foundation.console.filters import ActiveFilter
from paktaleem.foundation.console.forms import FormData, GroundField, RowActionForm, ScopedForm
from paktaleem.foundation.console.long_acts import return_to_task
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets, Saving, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.row_actions import RowAction, Weakens, calls
from paktaleem.foundation.console.site import site
from paktaleem.foundation.text.times import isolate, join_words


def redirect_to_proposal(request: HttpRequest, proposal: StaffChange | None) -> HttpResponse | None:
    """Return a redirect to a proposal with a message; None if there is none, because the act is done."""
    if proposal is None:
        return None
    messages.warning(request, gettext("Proposed: nothing has changed yet. Another person must approve it."))
    page = reverse("admin:accounts_staffchange_change", args=[proposal.pk], current_app=site.name)
    return return_to_task(request) or HttpResponseRedirect(page)


def name_staff(name: str | None) -> str:
    """Return the annotated name of a member of staff, or that they are no longer one."""
    return name or gettext("Former staff")


class ProposingAdmin[Row: Model](ScopedAdmin[Row]):
    """Base of pages that may propose a change: they ask for its ground then, and show the proposal."""

    def get_fieldsets(self, request: HttpRequest, obj: Row | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if getattr(request, "asks_ground", False) or "ground" in request.POST:
            sets = [*sets, (_("A second person must approve it"), {"fields": ["ground"], "classes": ["why"]})]
        return sets

    def write(self, row: Row, saving: Saving) -> None:
        try:
            made = self.save_or_propose(row, saving, ground=saving.request.POST.get("ground", ""))
        except GroundNeeded:
            saving.request.asks_ground = True
            raise
        saving.request.proposal = made if isinstance(made, StaffChange) else None

    def save_or_propose(self, row: Row, saving: Saving, *, ground: str) -> Model:
        """Save the row, or propose its change; return the row or the proposal. Raises GroundNeeded."""
        raise NotImplementedError

    def response_add(self, request: HttpRequest, obj: Row, post_url_continue: str | None = None) -> HttpResponse:
        proposal = redirect_to_proposal(request, getattr(request, "proposal", None))
        return proposal or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Row) -> HttpResponse:
        proposal = redirect_to_proposal(request, getattr(request, "proposal", None))
        return proposal or super().response_change(request, obj)


_DETAILS = "standing act role limit user person email why requester requested_at approver settled_at"


@admin.register(StaffChange, site=site)
class StaffChangeAdmin(EvidenceAdmin[StaffChange]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("requested_at", "standing", "act", "role", "user", "requester", "owner")
    list_filter = ("state", "act", "client")
    detail_fields = tuple(_DETAILS.split())
    intro = (
        "Making, re-enabling and recovering privacy officers and client administrators takes two people: officers, or "
        "for a role at a client its own administrators too. A proposal has no effect until another one approves it. "
        "For 72 hours after that, neither of the two can approve what the person requests, and the person cannot "
        "approve what they request."
    )
    empty_text = "No changes of staff are waiting for approval."
    standing = change_state_column
    acts = approval_actions(
        decide_staff_change,
        approve="Approve change",
        decline="Decline change",
        lead="The change takes effect now, and you answer for it with the person who proposed it. Approve it only if "
        "you have verified yourself that the request comes from the right person: call them at a known number.",
        clock=get_arrival_time,
        capability=Capability.MANAGE_COLLEAGUES,
        danger=True,
        refusals={AlreadyEnded: "The membership has ended in the meantime. Decline the change."},
    )
    why = reason_column
    limit = text_column(lambda row: name_limit(row) if row.role else "—", "sees")
    person = text_column(lambda row: row.user.full_name, "name")
    requester = text_column(lambda row: name_staff(row.requester_name), "proposed by")
    approver = text_column(lambda row: name_staff(row.approver_name) if row.settled_by else "—", "decided by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffChange]:
        requester, approver = (staff_name(column, actor_of(request)) for column in ("requested_by", "settled_by"))
        found: QuerySet[Any] = super().get_queryset(request).select_related("user")
        return with_school_names(found.annotate(requester_name=requester, approver_name=approver))

    def describe_row(self, row: StaffChange) -> str:
        role, person = row.get_role_display() if row.role else "", f"{row.user.full_name} ({row.user.email})"
        parts = (row.get_act_display(), role, isolate(person), row.client.name)
        return " · ".join(str(one) for one in parts if one)

    def page(self, request: HttpRequest, row: Any, template: str, **values: object) -> TemplateResponse:
        """Render a page with what its title lacks, since the approver may open it directly."""
        effect = (gettext("Sees"), self.limit(row)), (gettext("New email address"), row.email)
        asked: Any = values.get("facts") or [(gettext("Requested by"), self.requester(row))]
        facts = [*effect, (gettext("Reason"), self.why(row)), *asked]
        values["facts"] = [(label, value) for label, value in facts if value]
        return super().page(request, row, template, **values)


_TWO = " For privacy officers and client administrators it is a proposal: another officer must approve it."


class AccountForm(ScopedForm):
    """An account; disabling that of a client's last administrator who can sign in must be confirmed (decision 0093)."""

    ground = GroundField(required=False)
    leaves_without = forms.BooleanField(
        label=_("Disable it all the same"),
        help_text=_("Only if the account may be in foreign hands. The institution needs another administrator then."),
        required=False,
    )


_LEFT = _(
    "After this, no administrator of {clients} could sign in. Invite another one first, and wait until they have "
    "signed in; or confirm below that the account must be disabled now."
)


def _name(clients: Sequence[Client]) -> str:
    return join_words(isolate(one.name) for one in clients)


class EmailForm(RowActionForm):
    email = forms.EmailField(
        label="New email address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


def _perform(service: Callable[..., StaffChange | None]) -> Callable[..., HttpResponse]:
    def perform(user: User, given: FormData, request: HttpRequest) -> HttpResponse:
        proposal = service(user, **given, actor=actor_of(request), at=get_arrival_time(request))
        if answer := redirect_to_proposal(request, proposal):
            return answer
        messages.success(request, gettext("Done. The account’s owner is informed by email."))
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk], current_app=site.name))

    return perform


@admin.register(User, site=site)
class UserAdmin(ProposingAdmin[User]):
    view_capability = Capability.VIEW_RECORDS
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
    form = AccountForm
    acts = (
        RowAction(
            "invite",
            "Send the link again",
            Capability.MANAGE_STAFF,
            calls(resend_link, clock=get_arrival_time),
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
            weakens=Weakens.BY_ITS_VALUES,
            lead="The owner of the account gets an email with a link to set a new password. The old password and all "
            "sessions end." + _TWO,
            applies=lambda row, _at: row.has_usable_password(),
        ),
        RowAction(
            "second-factor",
            "Reset second factor",
            Capability.MANAGE_STAFF,
            _perform(reset_second_factor),
            weakens=Weakens.BY_ITS_VALUES,
            lead="For a user who lost their phone, security key and recovery codes: they enrol again at the next "
            "sign-in. Verify that the request comes from them." + _TWO,
            danger=True,
        ),
        RowAction(
            "email",
            "Change email address",
            Capability.MANAGE_STAFF,
            _perform(change_email),
            weakens=Weakens.BY_ITS_VALUES,
            form=EmailForm,
            lead="A link to set a new password is sent to the new address. The old password and all sessions end."
            + _TWO,
            danger=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(erased_at=None)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if getattr(request, "left_without", ()):
            sets = [*sets, (_("No administrator could sign in"), {"fields": ["leaves_without"], "classes": ["why"]})]
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("email", *self.detail_fields)

    def save_model(self, request: HttpRequest, obj: User, form: ScopedForm, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        if change and "is_active" in form.changed_data and not obj.is_active:
            left = list_clients_left_without(obj, at=get_arrival_time(request))
            request.left_without = left  # type: ignore[attr-defined]
            if left and not form.cleaned_data["leaves_without"]:
                raise ValidationError(_LEFT.format(clients=_name(left)))
        super().save_model(request, obj, form, change)

    def save_or_propose(self, row: User, saving: Saving, *, ground: str) -> Model:
        request = saving.request
        if not saving.is_new:
            left = getattr(request, "left_without", ())
            made = change_user(row, left_without=left, ground=ground, **saving.by_wall_clock)
            if left:
                words = gettext("No administrator of {clients} can sign in now. Invite one, under Memberships.")
                messages.warning(request, words.format(clients=_name(left)))
            return made
        colleague = invite_user(row.email, full_name=row.full_name, language=row.language, **saving.by_wall_clock)
        row.pk = colleague.pk
        return row

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        messages.info(request, gettext("An invitation is sent. Add a membership to give the account a role."))
        return super().response_add(request, obj, post_url_continue)
