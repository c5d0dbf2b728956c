"""Console pages for webhooks: endpoints with their events and health, and the log of deliveries."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.webhooks.events import INVALIDATED, TEST, patterns
from paktaleem.directory.webhooks.models import Delivery, DeliveryState, Endpoint
from paktaleem.directory.webhooks.selectors import attempts_of
from paktaleem.directory.webhooks.services import (
    add_endpoint,
    change_endpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    replay_delivery,
    replay_since,
    rotate_secret,
    send_test,
)
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.names import ACT_NAMES, ENTRY_KINDS, FAMILY_NAMES
from paktaleem.foundation.console.columns import moment_tag, render_state, render_with_code, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import FormData, RowActionForm, ScopedForm
from paktaleem.foundation.console.long_acts import find_step_of
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.row_actions import act_page
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import MomentInput
from paktaleem.foundation.first_rows import take_latest

_LABELS = {
    INVALIDATED: gettext_noop("Decisions must be queried again"),
    TEST: gettext_noop("Test message"),
    **{
        event.type: event.label or entry.name
        for entry in ENTRY_KINDS
        for event in entry.events
        if event.type and event.type not in ACT_NAMES
    },
}
"""Labels of the events that are not acts of the same code."""
_FAMILIES = {**FAMILY_NAMES, "decision": gettext_noop("Decisions"), "recipient": gettext_noop("Recipients")}


def event_label(event: str) -> str:
    """Return the label of an event in the current language; for a type no longer sent, its code."""
    words = _LABELS.get(event) or ACT_NAMES.get(event)
    return gettext(words) if words else event


def pattern_label(pattern: str) -> str:
    """Return the label of a subscription: an event, or a whole family as ``family.*``."""
    family, _, rest = pattern.partition(".")
    if rest != "*":
        return event_label(pattern)
    return gettext("{family}: everything").format(family=gettext(_FAMILIES.get(family, family)))


_MOST_ATTEMPTS = 50
_TONES = {DeliveryState.WAITING: "warn", DeliveryState.DELIVERED: "good", DeliveryState.FAILED: "bad"}


def _rotate(row: Endpoint, given: FormData, request: HttpRequest) -> HttpResponse:
    secret = rotate_secret(row, **given, actor=actor_of(request), at=get_arrival_time(request))
    return EndpointAdmin(Endpoint, site).issued(request, row, secret, title=gettext("Secret replaced"), is_rotated=True)


class ReplayForm(RowActionForm):
    since = forms.SplitDateTimeField(
        label="Since",
        widget=MomentInput(),
        help_text="Sends everything since then that it has not accepted. Messages it accepted are not sent again.",
    )

    def prepare(self) -> None:
        offered: datetime = self.row.health.answered_at or get_arrival_time(self.request) - timedelta(days=1)
        self.fields["since"].initial = offered.replace(microsecond=0)


def _state(row: Endpoint) -> SafeString:
    if row.removed_at is not None:
        return render_state("Removed")
    if row.disabled_at is not None:
        return render_state(row.get_disabled_because_display(), "bad")
    return render_state(str(row.health), "warn") if row.health.failures else render_state("On", "good")


@admin.register(Endpoint, site=site)
class EndpointAdmin(ScopedAdmin[Endpoint]):
    view_capability = Capability.VIEW_WEBHOOKS
    add_capability = change_capability = Capability.MANAGE_WEBHOOKS
    row_fields = ("name", "url", "events")
    detail_fields = ("state", "answered", "created_at", "disabled_at", "removed_at")
    loaded = ("health",)
    list_display = ("__str__", "owner", "state", "answered", "created_at")
    list_filter = (ProgressFilter, "disabled_because", "client")
    search_fields = ("name", "url")
    codes = {"events": None}
    intro = (
        "Systems that are notified of events by signed messages, which hold ids and codes, never names or addresses."
    )
    empty_text = "No webhooks have been added yet."
    state = state_column(_state)
    answered = text_column(lambda row: moment_tag(row.health.answered_at), "last successful delivery")
    acts = (
        send_test,
        act_page(rotate_secret, respond=_rotate),
        act_page(replay_since, form=ReplayForm),
        act_page(disable_endpoint, applies=lambda row, _at: row.is_enabled),
        act_page(enable_endpoint, applies=lambda row, _at: row.disabled_at is not None),
        act_page(remove_endpoint, applies=lambda row, _at: row.removed_at is None),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.removed_at is None) and super().has_change_permission(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Endpoint | None = None, *args: bool, **kwargs: Any
    ) -> type[ScopedForm]:
        form = super().get_form(request, obj, *args, **kwargs)
        field = form.base_fields.get("events")
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(one, render_with_code(pattern_label(one), one)) for one in patterns()]
            field.help_text = gettext("A family such as consent.* includes events that are added later.")
        form.code_sources = {}
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_changeform_initial_data(request)
        return {**found, "events": str(found.get("events", "")).split(",")}

    def write(self, row: Endpoint, saving: Saving) -> None:
        by = saving.by_wall_clock
        if not saving.is_new:
            change_endpoint(row, **by)
            return
        made, secret = add_endpoint(row.client_id, url=row.url, events=list(row.events), name=row.name, **by)
        row.pk, saving.request.issued_secret = made.pk, secret

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        return self.issued(request, obj, request.issued_secret, title=gettext("Webhook added"))  # type: ignore[attr-defined]

    def issued(self, request: HttpRequest, row: Endpoint, secret: str, **values: object) -> HttpResponse:
        common = {"secret": secret, "row_url": find_step_of(request) or self.url_of("change", row), **values}
        return self.page(request, row, "console/webhook_secret.html", **common)


@admin.register(Delivery, site=site)
class DeliveryAdmin(ExportableAdmin[Delivery], EvidenceAdmin[Delivery]):
    view_capability = Capability.VIEW_WEBHOOKS
    loaded = ("message", "endpoint")
    list_display = ("event", "webhook", "state_pill", "attempts", "queued_at", "done_at", "owner")
    list_filter = ("state", "client")
    exported = "webhook=endpoint__name state attempts queued_at due_at done_at"
    detail_fields = ("event", "webhook", "message_id", "state_pill", "attempts", "queued_at", "next_attempt", "done_at")
    intro = "Messages sent to clients' systems, and their delivery status."
    empty_text = "Nothing has been sent yet."
    event = text_column(lambda row: render_with_code(event_label(row.message.type), row.message.type), "event")
    webhook = text_column(lambda row: row.endpoint, "webhook")
    state_pill = state_column(lambda row: render_state(row.get_state_display(), _TONES[row.state]))
    next_attempt = text_column(
        lambda row: moment_tag(row.due_at) if row.state == DeliveryState.WAITING else "—", "next attempt"
    )
    acts = (act_page(replay_delivery, applies=lambda row, _at: row.state != DeliveryState.WAITING),)

    def panels(self, request: HttpRequest, row: Delivery) -> list[dict[str, object]]:
        found = take_latest(attempts_of(row, actor=actor_of(request)), _MOST_ATTEMPTS)
        return [{"template": "console/panels/attempts.html", "rows": found}]


searches.connect(RowSearch(Delivery))
