"""Console pages for API keys."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.models import EXPIRES_SOON, ApiKey
from paktaleem.foundation.accounts.roles import KEY_SCOPES, Capability
from paktaleem.foundation.accounts.services import (
    MAX_ROTATION_OVERLAP,
    ROTATION_OVERLAP,
    issue_api_key,
    revoke_api_key,
    rotate_api_key,
)
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.approvals import to_waiting
from paktaleem.foundation.console.columns import day, render_state, render_with_code, state_column, text_column
from paktaleem.foundation.console.forms import (
    FieldWords,
    FormData,
    GroundField,
    RowActionForm,
    ScopedForm,
    field_words,
    set_choices,
)
from paktaleem.foundation.console.long_acts import find_step_of
from paktaleem.foundation.console.model_admin import Fieldsets, Saving, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words
from paktaleem.foundation.upkeep.periods.kinds import get_kind, list_kinds
from paktaleem.foundation.upkeep.periods.models import PortalPeriod
from paktaleem.foundation.upkeep.periods.services import (
    MOST_COUNTED,
    KindLine,
    describe_bounds,
    describe_period,
    list_kind_lines,
    request_period_change,
)

SCOPE_NAMES = {
    "subjects:read": _("Find people, without their names"),
    "subjects:write": _("Register people, schools and classes"),
    "subjects:reveal": _("Read names, addresses and birth dates"),
    "register:read": _("Read purposes, notices and lawful bases"),
    "consents:read": _("Read consents"),
    "consents:write": _("Record consents and withdrawals"),
    "decisions:ask": _("Ask whether data may be processed"),
    "links:write": _("Make links to a person’s own page"),
    "orders": _("Fetch and complete orders, such as erasures"),
    "guardians:read": _("Read who the guardians are"),
    "guardians:write": _("Name, verify and invite guardians, record their answers"),
    "sandbox": _("Use the test functions of a sandbox"),
    "holdings:read": _("Read what data is held"),
    "holdings:write": _("Report data that was collected or used"),
    "disclosures:write": _("Report data that was shared"),
    "requests:read": _("Read rights requests"),
    "requests:write": _("Open rights requests for people"),
    "webhooks:manage": _("See and change webhooks"),
}
"""The permissions of each scope, in words."""
KEY_LIFE = timedelta(days=365)


class ApiKeyForm(ScopedForm):
    def prepare(self) -> None:
        if "expires_at" in self.fields and self.instance._state.adding:
            self.fields["expires_at"].initial = wall_clock_now() + KEY_LIFE

    def clean(self) -> FormData:
        cleaned = super().clean()
        expires_at = cleaned.get("expires_at")
        if expires_at is not None and expires_at <= get_arrival_time(self.request):
            self.add_error("expires_at", gettext("Choose a time in the future."))
        return cleaned


class RotateForm(RowActionForm):
    old_ends_on = forms.DateField(label="The old key stays valid until the end of", widget=DayInput())

    def prepare(self) -> None:
        self.zone = ZoneInfo(self.row.client.time_zone)
        self.today = get_arrival_time(self.request).astimezone(self.zone).date()
        self.last = self.today + MAX_ROTATION_OVERLAP - timedelta(days=1)
        day_field = self.fields["old_ends_on"]
        day_field.initial = self.today + ROTATION_OVERLAP
        day_field.widget.attrs |= {"min": f"{self.today}", "max": f"{self.last}"}
        words = gettext("At the latest {day} ({zone}). To end the old key immediately, revoke it after the rotation.")
        day_field.help_text = words.format(day=self.last, zone=self.zone.key)
        self.fields["reason"].initial = Reason.KEY_ROTATION

    def clean_old_ends_on(self) -> date:
        chosen: date = self.cleaned_data["old_ends_on"]
        if not self.today <= chosen <= self.last:
            words = gettext("Choose a day from {first} to {last}.")
            raise forms.ValidationError(words.format(first=self.today, last=self.last))
        return chosen

    def clean(self) -> FormData:
        cleaned: FormData = super().clean() or self.cleaned_data
        if "old_ends_on" in cleaned:
            end = datetime.combine(cleaned["old_ends_on"] + timedelta(days=1), time(), self.zone)
            cleaned["overlap"] = min(end - get_arrival_time(self.request), MAX_ROTATION_OVERLAP)
        return cleaned


def _rotate(key: ApiKey, given: FormData, request: HttpRequest) -> HttpResponse:
    successor, secret = rotate_api_key(
        key, overlap=given["overlap"], reason=given["reason"], actor=actor_of(request), at=get_arrival_time(request)
    )
    owner, old = ApiKeyAdmin(ApiKey, site), ApiKey.objects.get(pk=key.pk)
    old_url = owner.url_of("change", old)
    return owner.issued(request, successor, secret, title=gettext("Key rotated"), old=old, old_url=old_url)


def _key_pill(key: ApiKey) -> SafeString:
    at = wall_clock_now()
    if key.revoked_at is not None:
        return render_state(gettext("Revoked {day}").format(day=day(key.revoked_at)), "bad")
    if not key.is_live(at):
        return render_state("Expired", "warn")
    if key.expires_at <= at + EXPIRES_SOON:
        return render_state(gettext("Live, expires {day}").format(day=day(key.expires_at)), "warn")
    return render_state("Live", "good")


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(ScopedAdmin[ApiKey]):
    view_capability = Capability.VIEW_CLIENT_RECORDS
    add_capability = Capability.ADMINISTER_CLIENT
    form = ApiKeyForm
    row_fields = ("name", "scopes", "expires_at")
    detail_fields = ("state", "prefix", "created_at", "revoked_at")
    list_display = ("name", "prefix", "owner", "state", "created_at", "expires_at", "revoked_at")
    search_fields = ("name", "prefix")
    codes = {"scopes": None}
    intro = "API keys of the learning platform and other systems. Two keys may be valid at once, for rotation."
    empty_text = "No keys have been issued, so no system can use the API yet."
    state = state_column(_key_pill)
    acts = (
        RowAction(
            "rotate",
            "Rotate key",
            Capability.ADMINISTER_CLIENT,
            _rotate,
            form=RotateForm,
            lead="A new key with the same name, scopes and validity period is issued and shown once. Configure it in "
            "the system. The old key stays valid until the day you choose, or until its own expiry if that is earlier.",
            applies=lambda row, at: row.is_live(at),
        ),
        act_page(revoke_api_key, applies=lambda row, at: row.is_live(at)),
    )

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, *args: bool, **kwargs: Any) -> type[ScopedForm]:
        form = super().get_form(request, obj, *args, **kwargs)
        field = form.base_fields.get("scopes")
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(scope, render_with_code(str(SCOPE_NAMES[scope]), scope)) for scope in KEY_SCOPES]
            field.help_text = gettext("Permissions of the key. Select only what its system needs.")
        form.code_sources = {}
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_changeform_initial_data(request)
        return {**found, "scopes": str(found.get("scopes", "")).split(",")}

    def write(self, row: ApiKey, saving: Saving) -> None:
        name, scopes, expires_at = row.name, list(row.scopes), row.expires_at
        key, saving.request.issued_secret = issue_api_key(
            row.client_id, name=name, scopes=scopes, expires_at=expires_at, **saving.by_wall_clock
        )
        row.pk, row.prefix = key.pk, key.prefix

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        return self.issued(request, obj, request.issued_secret, title=gettext("Key issued"))  # type: ignore[attr-defined]

    def issued(self, request: HttpRequest, key: ApiKey, secret: str, **values: object) -> HttpResponse:
        """Return a page with the secret, which is not stored in a message or the session."""
        context = {"secret": secret, "row_url": find_step_of(request) or self.url_of("change", key), **values}
        return self.page(request, key, "console/key_issued.html", **context)


field_words.connect(
    FieldWords(
        "accounts.apikey",
        frozenset({"scopes"}),
        lambda scopes: join_words(str(SCOPE_NAMES.get(scope, scope)) for scope in scopes),
    )
)


class PeriodForm(ScopedForm):
    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    kind = forms.ChoiceField(label=_("Kind of data"))
    length = forms.IntegerField(label=_("Length"), min_value=1)
    ground = GroundField()

    def prepare(self) -> None:
        if "kind" in self.fields:
            kinds = [kind for kind in list_kinds() if kind.bounds]
            offered = [(kind.code, f"{kind.name} ({describe_bounds(kind.bounds)})") for kind in kinds]
            set_choices(self, "kind", [("", gettext("Choose a kind…")), *offered])


@admin.register(PortalPeriod, site=site)
class PortalPeriodAdmin(ScopedAdmin[PortalPeriod]):
    view_capability = Capability.VIEW_SECURITY
    add_capability = Capability.SUPERVISE
    add_weakens = True
    officers_only = True
    asks_reason = False
    list_filter = ()
    form = PeriodForm
    row_fields = ("kind", "length", "ground")
    detail_fields = ("what", "kept_for", "changed_at")
    list_display = ("what", "kept_for", "changed_at")
    newest_by = "changed_at"
    sortable_by = ()
    change_list_template = "console/periods.html"
    intro = (
        "How long the portal keeps its own data. Every change takes a second person: a shorter period deletes data "
        "that cannot be restored, a longer one keeps data for longer than was published."
    )
    empty_text = "No period was changed: the defaults apply."
    what = text_column(lambda row: get_kind(row.kind).name, "kind of data")
    kept_for = text_column(lambda row: row.get_length_display(), "kept for")

    def client_of(self, row: Any) -> UUID:
        del row
        return PAKTALEEM

    def get_queryset(self, request: HttpRequest) -> QuerySet[PortalPeriod]:
        return super().get_queryset(request).filter(client_id=PAKTALEEM)

    def get_fieldsets(self, request: HttpRequest, obj: PortalPeriod | None = None) -> Fieldsets:
        del request
        return [(None, {"fields": list(self.row_fields if obj is None else self.detail_fields)})]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        lines = [_serialize_line(line) for line in list_kind_lines(actor_of(request), at=get_action_time(request))]
        values = {"lines": lines, "may_change": may(request, Capability.SUPERVISE)}
        return super().changelist_view(request, {**values, **(extra_context or {})})

    def write(self, row: PortalPeriod, saving: Saving) -> None:
        request = saving.request
        request.waiting = request_period_change(
            row.kind, length=row.length, ground=request.POST["ground"], actor=saving.actor, at=saving.at
        )

    def response_add(self, request: Any, obj: PortalPeriod, post_url_continue: str | None = None) -> HttpResponse:
        del obj, post_url_continue
        return to_waiting(request, request.waiting)


def _serialize_line(line: KindLine) -> dict[str, Any]:
    most = MOST_COUNTED if line.has_more_due else None
    words = {"period": describe_period(line), "bounds": describe_bounds(line.kind.bounds)}
    return {"kind": line.kind, "due": line.due, "most": most, "run": line.run, **words}
