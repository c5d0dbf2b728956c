"""Webhooks in the console: which systems are told what, how they fare, and what became of every message."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.webhooks.events import patterns
from paktaleem.directory.webhooks.models import Delivery, DeliveryState, Endpoint
from paktaleem.directory.webhooks.selectors import attempts_of
from paktaleem.directory.webhooks.services import (
    AlreadyRemoved,
    NothingToReplay,
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
from paktaleem.directory.webhooks.words import event_in_words, pattern_in_words
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, arrived_at
from paktaleem.foundation.console.columns import coded, moment, pill
from paktaleem.foundation.console.forms import ActForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, ScopedAdmin, state_column
from paktaleem.foundation.console.site import site

__all__ = ["DeliveryAdmin", "EndpointAdmin"]

_TONES = {DeliveryState.WAITING: "warn", DeliveryState.DELIVERED: "good", DeliveryState.FAILED: "bad"}
_OFF = {NothingToReplay: "It is switched off: switch it on first.", AlreadyRemoved: "It was removed before."}


def _told(given: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "reason": given["reason"], "at": arrived_at(request)}


def _rotate(row: Endpoint, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    secret = rotate_secret(row, **_told(given, request))
    owner: EndpointAdmin = site.get_model_admin(Endpoint)  # type: ignore[assignment]
    return owner.issued(request, row, secret, title=gettext("Secret replaced"), is_rotated=True)


def _disable(row: Endpoint, given: dict[str, Any], request: HttpRequest) -> None:
    disable_endpoint(row, **_told(given, request))


def _enable(row: Endpoint, given: dict[str, Any], request: HttpRequest) -> None:
    enable_endpoint(row, **_told(given, request))


def _remove(row: Endpoint, given: dict[str, Any], request: HttpRequest) -> None:
    remove_endpoint(row, **_told(given, request))


def _test(row: Endpoint, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    send_test(row, actor=actor_of(request), at=arrived_at(request))


class ReplayForm(ActForm):
    """Since when."""

    since = forms.SplitDateTimeField(
        label="Since (UTC)",
        widget=admin.widgets.AdminSplitDateTime(),
        help_text="What it has taken is not sent again; everything since then that it has not is.",
    )
    field_order = ("since", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the moment it was switched off, or yesterday."""
        super().__init__(*args, **kwargs)
        offered: datetime = self.row.health.answered_at or arrived_at(self.request) - timedelta(days=1)
        self.fields["since"].initial = offered.replace(microsecond=0)


def _replay(row: Endpoint, given: dict[str, Any], request: HttpRequest) -> None:
    replay_since(row, since=given["since"], **_told(given, request))


def _state(row: Endpoint) -> SafeString:
    if row.removed_at is not None:
        return pill("Removed")
    if row.disabled_at is not None:
        return pill(row.get_disabled_because_display(), "bad")
    failures = row.health.failures
    return (
        pill(gettext("{number} failures in a row").format(number=failures), "warn") if failures else pill("On", "good")
    )


def _is_there(row: Endpoint, _at: datetime) -> bool:
    return row.removed_at is None


def _is_on(row: Endpoint, _at: datetime) -> bool:
    return row.is_enabled


def _is_off(row: Endpoint, _at: datetime) -> bool:
    return row.removed_at is None and row.disabled_at is not None


@admin.register(Endpoint, site=site)
class EndpointAdmin(ScopedAdmin):
    """Addresses of a client's systems; the secret is shown once."""

    section = "Access"
    view_capability = Capability.VIEW_WEBHOOKS
    add_capability = change_capability = Capability.MANAGE_WEBHOOKS
    row_fields = ("name", "url", "events")
    detail_fields = ("state", "answered", "created_at", "disabled_at", "removed_at")
    list_display = ("__str__", "owner", "state", "answered", "created_at")
    list_filter = ("disabled_because", "client")
    search_fields = ("name", "url")
    newest_by = "created_at"
    codes = {"events": None}
    refusals = {AlreadyRemoved: "It was removed before: add it anew."}
    intro = "Systems that are told what happens: signed messages with ids and codes, never a name or an address."
    empty_text = "No system is told anything yet."
    state = state_column(_state)
    acts = (
        Act("test", "Send a test", Capability.MANAGE_WEBHOOKS, _test, done="It is on its way.", applies=_is_on),
        Act(
            "rotate",
            "Replace secret",
            Capability.MANAGE_WEBHOOKS,
            _rotate,
            lead="A new secret is shown once. Messages are signed with both for a day, so the system can change over.",
            applies=_is_there,
        ),
        Act(
            "replay",
            "Send again",
            Capability.MANAGE_WEBHOOKS,
            _replay,
            form=ReplayForm,
            lead="Sends what was given up, and what happened while the webhook was switched off.",
            done="It is on its way.",
            applies=_is_on,
            refusals=_OFF,
        ),
        Act(
            "disable",
            "Switch off",
            Capability.MANAGE_WEBHOOKS,
            _disable,
            lead="Nothing is sent there until it is switched on again; what happens meanwhile is kept.",
            done="It is switched off.",
            applies=_is_on,
        ),
        Act(
            "enable",
            "Switch on",
            Capability.MANAGE_WEBHOOKS,
            _enable,
            lead="What waits is sent now. What happened while it was off is sent by “Send again”.",
            done="It is switched on.",
            applies=_is_off,
        ),
        Act(
            "remove",
            "Remove",
            Capability.MANAGE_WEBHOOKS,
            _remove,
            lead="Nothing is ever sent there again. Its log stays.",
            done="It is removed.",
            danger=True,
            applies=_is_there,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring along how each fares."""
        return super().get_queryset(request).select_related("health")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nothing of a removed one change."""
        return (obj is None or obj.removed_at is None) and super().has_change_permission(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Offer the events there are."""
        form = super().get_form(request, obj, change, **kwargs)
        if "events" in form.base_fields:
            form.base_fields["events"].choices = [(one, coded(pattern_in_words(one), one)) for one in patterns()]
            form.base_fields["events"].help_text = gettext(
                "A family such as consent.* includes what is added to it later."
            )
        form.code_sources = {}
        return form

    @admin.display(description="last took something")
    def answered(self, row: Endpoint) -> str:
        """Say when it last took a message."""
        return moment(row.health.answered_at)

    def write(self, row: Endpoint, **details: Any) -> None:
        """Add the webhook, its secret goes into this one answer; or change it."""
        told = {"actor": details["actor"], "reason": details["reason"], "at": arrived_at(details["request"])}
        if details["change"]:
            change_endpoint(row, **told)
            return
        made, secret = add_endpoint(row.client_id, url=row.url, events=list(row.events), name=row.name, **told)
        row.pk = made.pk
        details["request"].issued_secret = secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the secret of the new webhook."""
        return self.issued(request, obj, request.issued_secret, title=gettext("Webhook added"))  # type: ignore[attr-defined]

    def issued(self, request: HttpRequest, row: Endpoint, secret: str, **values: Any) -> HttpResponse:
        """Show a secret in the answer itself, and nowhere else."""
        told = {"secret": secret, "row_url": self.url_of("change", row), **values}
        return self.page(request, row, "console/webhook_secret.html", **told)


def _replay_one(row: Delivery, given: dict[str, Any], request: HttpRequest) -> None:
    replay_delivery(row, **_told(given, request))


@admin.register(Delivery, site=site)
class DeliveryAdmin(EvidenceAdmin):
    """Messages on their way, newest first."""

    section = "Evidence"
    view_capability = Capability.VIEW_WEBHOOKS
    list_display = ("event", "webhook", "stands", "attempts", "queued_at", "done_at", "owner")
    list_filter = ("state", "client")
    newest_by = "queued_at"
    detail_fields = ("event", "webhook", "message_id", "stands", "attempts", "queued_at", "next_attempt", "done_at")
    intro = "What was sent to the systems of clients, and what became of it."
    empty_text = "Nothing has been sent yet."
    stands = state_column(lambda row: pill(row.get_state_display(), _TONES[row.state]))
    acts: ClassVar[Any] = (
        Act(
            "replay",
            "Send again",
            Capability.MANAGE_WEBHOOKS,
            _replay_one,
            lead="It is sent under the id it had, so a system that has it knows.",
            done="It is on its way.",
            applies=lambda row, _at: row.state != DeliveryState.WAITING and row.endpoint.is_enabled,
            refusals=_OFF,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring along the message and the webhook."""
        return super().get_queryset(request).select_related("message", "endpoint")

    @admin.display(description="event")
    def event(self, row: Delivery) -> SafeString:
        """Give the event in words, beside its type."""
        return coded(event_in_words(row.message.type), row.message.type)

    @admin.display(description="webhook")
    def webhook(self, row: Delivery) -> str:
        """Name the webhook."""
        return str(row.endpoint)

    @admin.display(description="next attempt")
    def next_attempt(self, row: Delivery) -> str:
        """Say when a waiting one is tried next."""
        return moment(row.due_at) if row.state == DeliveryState.WAITING else "—"

    def panels(self, request: HttpRequest, row: Delivery) -> list[dict[str, Any]]:
        """Show the attempts."""
        found = attempts_of(row, actor=actor_of(request))[:50]
        return [{"template": "console/panels/attempts.html", "rows": list(found)}]
