"""Staff, memberships and API keys in the console."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.sign_in.enrolment import reset_second_factor
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey, Membership, User
from paktaleem.foundation.accounts.roles import KEY_SCOPES, Capability
from paktaleem.foundation.accounts.services import (
    MOST_ROTATION_OVERLAP,
    ROTATION_OVERLAP,
    AlreadyEnded,
    AlreadyRevoked,
    KeyNotLive,
    change_membership,
    change_user,
    end_membership,
    invite_user,
    issue_api_key,
    revoke_api_key,
    rotate_api_key,
    set_password,
)
from paktaleem.foundation.audit.by import Reason
from paktaleem.foundation.clock import real_now
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, arrived_at
from paktaleem.foundation.console.columns import day, period_pill, pill
from paktaleem.foundation.console.forms import ActForm, ScopedForm
from paktaleem.foundation.console.model_admin import ScopedAdmin, state_column
from paktaleem.foundation.console.site import Card, boards, site

__all__ = ["ApiKeyAdmin", "MembershipAdmin", "UserAdmin"]

KEY_LIFE = timedelta(days=365)
SOON = timedelta(days=30)


class NewPasswordForm(ActForm):
    """A new password, twice."""

    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False)
    again = forms.CharField(
        label="The same again", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )
    field_order = ("password", "again", "reason")

    def clean(self) -> dict[str, Any]:
        """Check the password's strength and that both are the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("password") and cleaned["password"] != cleaned.get("again"):
            self.add_error("again", gettext("The two are not the same."))
        elif cleaned.get("password"):
            try:
                validate_password(cleaned["password"], self.row)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


def _set_password(user: User, given: dict[str, Any], request: HttpRequest) -> None:
    set_password(user, password=given["password"], actor=actor_of(request), at=arrived_at(request))


def _reset_second_factor(user: User, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    reset_second_factor(user, actor=actor_of(request), at=arrived_at(request))


@admin.register(User, site=site)
class UserAdmin(ScopedAdmin):
    """Staff accounts: only PakTaleem's officers see and make them."""

    section = "Access"
    view_capability = Capability.VIEW_STAFF
    add_capability = change_capability = Capability.MANAGE_STAFF
    owner_column = None
    officers_only = True
    row_fields = ("email", "full_name", "language", "is_active")
    detail_fields = ("last_login", "created_at")
    list_display = ("email", "full_name", "is_active", "last_login", "created_at")
    list_filter = ("is_active",)
    search_fields = ("email", "full_name")
    intro = "Everyone who may sign in. What they may do there follows from their memberships."
    empty_text = "No account was made yet."
    acts = (
        Act(
            "password",
            "Set password",
            Capability.MANAGE_STAFF,
            _set_password,
            form=NewPasswordForm,
            lead="The new password holds from the next sign-in; give it to its owner on a safe way.",
            done="The password is set.",
        ),
        Act(
            "second-factor",
            "Reset second factor",
            Capability.MANAGE_STAFF,
            _reset_second_factor,
            lead="For someone who lost telephone, key and recovery codes: at the next sign-in they enrol anew. "
            "Make sure that it is they who ask.",
            done="The second factor is reset: it is enrolled anew at the next sign-in.",
            danger=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Keep the address by which colleagues know each other."""
        return () if obj is None else ("email", *self.detail_fields)

    def write(self, row: User, **details: Any) -> None:
        """Invite a member of staff, or change their name, language or whether they may sign in."""
        told = {"actor": details["actor"], "reason": details["reason"], "at": arrived_at(details["request"])}
        if details["change"]:
            change_user(row, **told)
            return
        row.pk = invite_user(row.email, full_name=row.full_name, language=row.language, password=None, **told).pk


def _end_membership(membership: Membership, given: dict[str, Any], request: HttpRequest) -> None:
    end_membership(membership, actor=actor_of(request), reason=given["reason"], at=arrived_at(request))


@admin.register(Membership, site=site)
class MembershipAdmin(ScopedAdmin):
    """Who works where, in which role."""

    section = "Access"
    view_capability = Capability.VIEW_STAFF
    add_capability = change_capability = Capability.MANAGE_STAFF
    row_fields = ("user", "role")
    fixed = ("user",)
    detail_fields = ("starts_at", "ends_at")
    list_display = ("user", "role", "owner", "state", "starts_at", "ends_at")
    list_filter = ("role", "client")
    search_fields = ("user__email",)
    list_select_related = ("user",)
    refusals = {AlreadyEnded: "The role was taken away before: give it anew."}
    intro = "Who works where, in which role. A role ends on its holder's next request."
    empty_text = "Nobody works here yet: add an account first, then its membership."
    state = state_column(period_pill)
    acts = (
        Act(
            "end",
            "End membership",
            Capability.MANAGE_STAFF,
            _end_membership,
            lead="The role is taken away on the next request of the person.",
            done="The membership has ended.",
            danger=True,
            applies=lambda row, at: row.ends_at is None or row.ends_at > at,
            refusals={AlreadyEnded: "The role was taken away before."},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring the users along."""
        return super().get_queryset(request).select_related("user")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let nothing of an ended membership change."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "role") if obj is not None and obj.ends_at is not None else fields

    def write(self, row: Membership, **details: Any) -> None:
        """Give or change the role."""
        change_membership(row, actor=details["actor"], reason=details["reason"], at=arrived_at(details["request"]))


class ApiKeyForm(ScopedForm):
    """A key to issue: which system, which scopes, until when."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer a year."""
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields and self.instance._state.adding:
            self.fields["expires_at"].initial = real_now() + KEY_LIFE

    def clean(self) -> dict[str, Any]:
        """Refuse a key that would be dead at once."""
        cleaned = super().clean()
        expires_at = cleaned.get("expires_at")
        if expires_at is not None and expires_at <= arrived_at(self.request):
            self.add_error("expires_at", gettext("Choose a moment to come."))
        return cleaned


def _revoke(key: ApiKey, given: dict[str, Any], request: HttpRequest) -> None:
    revoke_api_key(key, actor=actor_of(request), reason=given["reason"], at=arrived_at(request))


class RotateForm(ActForm):
    """Until when the old key goes on."""

    old_ends_on = forms.DateField(
        label="The old key lives until the end of",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    field_order = ("old_ends_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer a week, and allow up to the limit, in days of the client."""
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(self.row.client.time_zone)
        self.today = arrived_at(self.request).astimezone(self.zone).date()
        self.last = self.today + MOST_ROTATION_OVERLAP - timedelta(days=1)
        day_field = self.fields["old_ends_on"]
        day_field.initial = self.today + ROTATION_OVERLAP
        day_field.widget.attrs |= {"min": f"{self.today}", "max": f"{self.last}"}
        words = gettext("At most {day} ({zone}). To end it at once, revoke it afterwards.")
        day_field.help_text = words.format(day=self.last, zone=self.zone.key)
        self.fields["reason"].initial = Reason.KEY_ROTATION

    def clean_old_ends_on(self) -> date:
        """Accept a day from today to the limit."""
        chosen: date = self.cleaned_data["old_ends_on"]
        if not self.today <= chosen <= self.last:
            words = gettext("Choose a day from {first} to {last}.")
            raise forms.ValidationError(words.format(first=self.today, last=self.last))
        return chosen

    @property
    def overlap(self) -> timedelta:
        """How long from now until the end of the chosen day."""
        after = self.cleaned_data["old_ends_on"] + timedelta(days=1)
        return min(datetime.combine(after, time(), self.zone) - arrived_at(self.request), MOST_ROTATION_OVERLAP)

    def clean(self) -> dict[str, Any]:
        """Give the service its length of time."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        return {**cleaned, "overlap": self.overlap} if "old_ends_on" in cleaned else cleaned


def _rotate(key: ApiKey, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    told: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": arrived_at(request)}
    successor, secret = rotate_api_key(key, overlap=given["overlap"], **told)
    owner: ApiKeyAdmin = site.get_model_admin(ApiKey)  # type: ignore[assignment]
    old = ApiKey.objects.get(pk=key.pk)
    return owner.issued(
        request, successor, secret, title=gettext("Key rotated"), old=old, old_url=owner.url_of("change", old)
    )


def _key_pill(key: ApiKey) -> SafeString:
    at = real_now()
    if key.revoked_at is not None:
        return pill(gettext("Revoked {day}").format(day=day(key.revoked_at)), "bad")
    if not key.is_live(at):
        return pill("Expired", "warn")
    if key.expires_at <= at + SOON:
        return pill(gettext("Live, ends {day}").format(day=day(key.expires_at)), "warn")
    return pill("Live", "good")


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(ScopedAdmin):
    """Keys of the machines: issued and revoked, never edited; the secret is shown once."""

    section = "Access"
    view_capability = Capability.VIEW_API_KEYS
    add_capability = Capability.MANAGE_API_KEYS
    form = ApiKeyForm
    row_fields = ("name", "scopes", "expires_at")
    detail_fields = ("state", "prefix", "created_at", "revoked_at")
    list_display = ("name", "prefix", "owner", "state", "created_at", "expires_at", "revoked_at")
    list_filter = ("client",)
    search_fields = ("name", "prefix")
    codes = {"scopes": None}
    intro = "Keys by which the learning platform and other systems ask. Two may live at once, for rotation."
    empty_text = "No key was issued: no system can ask yet."
    state = state_column(_key_pill)
    acts = (
        Act(
            "rotate",
            "Rotate key",
            Capability.MANAGE_API_KEYS,
            _rotate,
            form=RotateForm,
            lead="A new key of the same name, scopes and length of life is issued and shown once. Give it to the "
            "system; the old one goes on until the day you choose, never longer than it would have.",
            applies=lambda row, at: row.is_live(at),
            refusals={KeyNotLive: "The key opens nothing any more: issue a new one."},
        ),
        Act(
            "revoke",
            "Revoke key",
            Capability.MANAGE_API_KEYS,
            _revoke,
            lead="The next call with this key is refused. This cannot be taken back.",
            done="The key is revoked: the next call with it is refused.",
            danger=True,
            applies=lambda row, at: row.is_live(at),
            refusals={AlreadyRevoked: "The key was revoked before."},
        ),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Offer the scopes there are."""
        form = super().get_form(request, obj, change, **kwargs)
        if "scopes" in form.base_fields:
            form.base_fields["scopes"].choices = [(scope, scope) for scope in KEY_SCOPES]
            form.base_fields["scopes"].help_text = gettext("What the key may do: no more than its system needs.")
        form.code_sources = {}
        return form

    def write(self, row: ApiKey, **details: Any) -> None:
        """Issue the key; its secret goes into this one answer."""
        key, secret = issue_api_key(
            row.client_id,
            name=row.name,
            scopes=list(row.scopes),
            expires_at=row.expires_at,
            actor=details["actor"],
            reason=details["reason"],
            at=arrived_at(details["request"]),
        )
        row.pk, row.prefix = key.pk, key.prefix
        details["request"].issued_secret = secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the secret of the new key."""
        return self.issued(request, obj, request.issued_secret, title=gettext("Key issued"))  # type: ignore[attr-defined]

    def issued(self, request: HttpRequest, key: ApiKey, secret: str, **values: Any) -> HttpResponse:
        """Show a secret in the answer itself, and nowhere else: not in a message, not in the session."""
        told = {"secret": secret, "row_url": self.url_of("change", key), **values}
        return self.page(request, key, "console/key_issued.html", **told)


@boards.connect
def keys_board(actor: Actor, at: datetime) -> list[Card]:
    """Warn of keys that end soon."""
    if not actor.may(Capability.VIEW_API_KEYS):
        return []
    ending = ApiKey.objects.filter(revoked_at=None, expires_at__gt=at, expires_at__lte=at + SOON).count()
    if not ending:
        return []
    url = reverse("admin:accounts_apikey_changelist", current_app=site.name)
    return [
        Card(
            gettext("API keys end soon"),
            str(ending),
            gettext("within 30 days: issue the next one first"),
            url,
            needs_attention=True,
        )
    ]
