"""Console pages for memberships: an administrator of a client invites, limits and ends colleagues."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Max, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _

from paktaleem.directory.staff.administration.admin.accounts import ProposingAdmin
from paktaleem.directory.staff.administration.admin.clients import (
    name_limit,
    read_schools,
    show_schools,
    with_school_names,
)
from paktaleem.foundation.accounts.leaving import list_held_keys
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Capability
from paktaleem.foundation.accounts.staff_accounts import AlreadyEnded
from paktaleem.foundation.accounts.staff_changes import ROLES_OF_STAFF
from paktaleem.foundation.accounts.staff_services import (
    Colleague,
    change_membership,
    end_membership,
    invite_colleague,
    resend_invitation,
)
from paktaleem.foundation.accounts.staff_ties import StaffTie, TieKind
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.columns import period_pill, render_state, state_column, text_column
from paktaleem.foundation.console.forms import FormData, GroundField, RowActionForm, ScopedForm, set_choices
from paktaleem.foundation.console.long_acts import STEP
from paktaleem.foundation.console.model_admin import Fieldsets, Saving
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.row_actions import RowAction, calls
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text

_ROLES_AT_CLIENTS = [(code, label) for code, label in ROLES_OF_STAFF if code not in OFFICER_ROLES]


class MembershipForm(ScopedForm):
    """Form of a membership, with its limit; at a client, it offers the roles of clients only."""

    schools = forms.CharField(
        label=_("Limited to schools"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Names or LMS ids, separated by commas or lines. The member sees people of these schools only, and of "
            "the schools below a district. Leave empty for everyone."
        ),
    )
    ground = GroundField(required=False)

    def prepare(self) -> None:
        if "schools" in self.fields and self.instance.school_ids is not None:
            self.initial["schools"] = show_schools(self.instance.school_ids)
        if "role" in self.fields and actor_of(self.request).client_id is not None:
            set_choices(self, "role", [(code, gettext(label)) for code, label in _ROLES_AT_CLIENTS])

    def clean(self) -> FormData:
        cleaned = super().clean()
        client = cleaned.get("client")
        client_id = client.pk if client is not None else self.instance.client_id
        if "schools" in cleaned and client_id is not None:
            try:
                self.instance.school_ids = read_schools(
                    cleaned["schools"], client_id=client_id, actor=actor_of(self.request)
                )
            except forms.ValidationError as error:
                self.add_error("schools", error)
        return cleaned


class InvitationForm(MembershipForm):
    email = forms.EmailField(
        label=_("Email address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    full_name = forms.CharField(label=_("Full name"), max_length=200)
    language = forms.ChoiceField(label=_("Language of emails"), choices=settings.LANGUAGES, initial=get_language)


class EndForm(RowActionForm):
    def prepare(self) -> None:
        if keys := list_held_keys(self.row.user_id, self.row.client_id):
            words = gettext("These API keys were issued to this person and are revoked now: {keys}.")
            self.fields["reason"].help_text = words.format(keys=", ".join(str(key) for key in keys))


def _is_invitation(request: HttpRequest) -> bool:
    """Return True where the form invites a person: always at a client, and for an officer as a step of a set-up."""
    return actor_of(request).client_id is not None or STEP in request.GET


def _name_addition(request: HttpRequest) -> str:
    if actor_of(request).client_id is not None:
        return gettext("Invite a colleague")
    return gettext("Invite an administrator") if _is_invitation(request) else ""


def _is_open(membership: Membership, at: datetime) -> bool:
    return membership.ends_at is None or membership.ends_at > at


def _is_invited(membership: Membership) -> bool:
    return membership.user.last_login is None and not membership.user.has_usable_password()


def _membership_pill(membership: Any) -> SafeString:
    if membership.ends_at is None and membership.suspended_at is not None:
        return render_state(gettext("Locked"), "bad")
    if membership.ends_at is not None or not _is_invited(membership):
        return period_pill(membership)
    if membership.link_until is not None and membership.link_until > wall_clock_now():
        return render_state(gettext("Invited"), "warn")
    return render_state(gettext("Invitation expired"), "bad")


@admin.register(Membership, site=site)
class MembershipAdmin(ProposingAdmin[Membership]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = change_capability = Capability.MANAGE_COLLEAGUES
    form = MembershipForm
    row_fields = ("user", "role", "schools")
    fixed = ("user",)
    detail_fields = ("person", "limit", "state", "starts_at", "ends_at")
    list_display = ("user", "person", "role_name", "limit", "owner", "state", "starts_at")
    list_filter = ("role", "client")
    search_fields = ("user__email",)
    list_select_related = ("user",)
    refusals = {AlreadyEnded: "This membership has already ended. Add a new one."}
    intro = (
        "Roles of users at clients. A client auditor sees the lists and changes nothing. Privacy officers and client "
        "administrators are made by two people: one proposes, another approves. An ended membership has no effect "
        "from the user’s next request on."
    )
    empty_text = "No memberships yet. Add an account first, then its membership."
    state = state_column(_membership_pill)
    limit = text_column(name_limit, "sees")
    person = text_column(lambda row: row.user.full_name, "name")
    acts = (
        RowAction(
            "invite-again",
            "Send the invitation again",
            Capability.MANAGE_COLLEAGUES,
            calls(resend_invitation, clock=get_arrival_time),
            lead="A new link to set a password is sent to the person’s email address, and the earlier link becomes "
            "invalid.",
            done="The link is sent.",
            applies=lambda row, at: _is_open(row, at) and _is_invited(row),
        ),
        RowAction(
            "end",
            "End membership",
            Capability.MANAGE_COLLEAGUES,
            calls(end_membership, clock=get_arrival_time),
            form=EndForm,
            lead="The user loses the role with their next request, and is signed out everywhere. API keys that were "
            "issued to them are revoked: if a system still uses one, rotate the key first.",
            done="The membership has ended.",
            danger=True,
            applies=_is_open,
        ),
    )

    def describe_row(self, row: Membership) -> str:
        return f"{row.user.email}: {row}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        links = StaffTie.objects.filter(user_id=OuterRef("user_id"), kind=TieKind.LINK).order_by()
        expiry = Subquery(links.values("user_id").annotate(until=Max("open_until")).values("until"))
        found: QuerySet[Any] = super().get_queryset(request).select_related("user").annotate(link_until=expiry)
        return with_school_names(found)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"add_title": _name_addition(request), **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        named = {"add_title": _name_addition(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, named)

    def get_fieldsets(self, request: HttpRequest, obj: Membership | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if obj is None and _is_invitation(request):
            client = ["client"] if actor_of(request).client_id is None else []
            sets[0] = (None, {"fields": [*client, "email", "full_name", "language", "role", "schools"]})
        if obj is not None and (obj.ends_at is not None or not self.has_change_permission(request, obj)):
            sets[0][1]["fields"] = [name for name in sets[0][1]["fields"] if name != "schools"]
        return sets

    def get_form(
        self, request: HttpRequest, obj: Membership | None = None, *args: bool, **kwargs: Any
    ) -> type[ScopedForm]:
        if obj is None and _is_invitation(request):
            kwargs["form"] = InvitationForm
        return super().get_form(request, obj, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "role") if obj is not None and obj.ends_at is not None else fields

    @admin.display(description="role", ordering="role")
    def role_name(self, row: Membership) -> str:
        return translate_text(row.get_role_display())

    def save_model(self, request: HttpRequest, obj: Membership, form: ScopedForm, change: bool) -> None:  # noqa: FBT001
        if isinstance(form, InvitationForm):
            given = {name: form.cleaned_data[name] for name in ("email", "full_name", "language")}
            request.invited = Colleague(**given)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_or_propose(self, row: Membership, saving: Saving, *, ground: str) -> Model:
        invited, by = getattr(saving.request, "invited", None), saving.by_wall_clock
        if invited is None:
            made = change_membership(row, ground=ground, **by)
        else:
            to: Any = {"client_id": row.client_id, "role": row.role, "school_ids": row.school_ids}
            made = invite_colleague(invited, **to, ground=ground, **by)
        row.pk = made.pk
        return made

    def response_add(self, request: HttpRequest, obj: Membership, post_url_continue: str | None = None) -> HttpResponse:
        if getattr(request, "invited", None) is not None:
            messages.info(request, gettext("The person is informed by email."))
        return super().response_add(request, obj, post_url_continue)
