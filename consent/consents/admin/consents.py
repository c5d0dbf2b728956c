"""Consents, consent events, restrictions and objections in the console, mostly read-only.

Answers are recorded, and restrictions and objections opened, on the person's page.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop

from children.guardians.models.authorisations import ServiceAuthorisation
from consent.consents.models.consents import Consent, ConsentEvent, ConsentState, Objection, Restriction
from consent.consents.selectors.consents import current_states, is_without_effect
from consent.consents.services.revocation import invalidate_consent, revoke_consent
from consent.consents.services.service_orders import SERVICE
from consent.notices.models.notices import NoticeVersion
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.order_cases import OrderCase, order_cases
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import annotate_actor, format_actor, period_pill, render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, ConditionFilter, get_filtered_client, parse_uuid
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

TONES = {
    ConsentState.GIVEN: "good",
    ConsentState.REQUESTED: "warn",
    ConsentState.DEFERRED: "warn",
    ConsentState.OUTDATED: "warn",
    ConsentState.EXPIRED: "warn",
    ConsentState.UNKNOWN: "calm",
}
SHORT = {
    ConsentState.WITHDRAWN: gettext_noop("Withdrawn"),
    ConsentState.REVOKED: gettext_noop("Revoked"),
    ConsentState.OUTDATED: gettext_noop("Outdated"),
}
SHOWN = 200


def state_pill(state: str) -> SafeString:
    """Render the state of a consent as a pill."""
    known = ConsentState(state)
    return render_state(SHORT.get(known, known.label), TONES.get(known, "bad"))


def answer_cell(answer: Consent | ConsentEvent, state: str = "") -> SafeString:
    """Render an answer's state, or the given one, and that it is without effect; person and client must be loaded."""
    subject, pill = answer.subject, state_pill(state or answer.state)
    if not is_without_effect(answer, subject, subject.client):
        return pill
    return format_html("{} {}", pill, gettext("Without effect: given by a child, not by a guardian"))


class PurposeFilter(ChosenFilter):
    """Filter by a purpose of the client in view, or a shared one."""

    title = "purpose"
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """List the purposes of the client in view, and the shared ones."""
        owners = {get_filtered_client(request) or PAKTALEEM, PAKTALEEM}
        found = Purpose.objects.filter(client_id__in=owners).order_by("name_en").values_list("pk", "name_en")
        return [(str(key), name) for key, name in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Return the filtered queryset."""
        value = self.value()
        return queryset.filter(purpose_id=parse_uuid(value)) if value else queryset


class PersonRowAdmin(ExportableAdmin):
    """Rows about one person."""

    view_capability = Capability.VIEW_CONSENTS
    person_field = "subject"
    asks_reason = False
    sortable_by = ()

    @admin.display(description="person")
    def person(self, row: Any) -> SafeString:
        """Link to the person."""
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)


def _is_given(row: Consent, _at: Any) -> bool:
    return row.state == ConsentState.GIVEN


def _revoke(row: Consent, given: dict[str, Any], request: HttpRequest) -> None:
    revoke_consent(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


def _invalidate(row: Consent, given: dict[str, Any], request: HttpRequest) -> None:
    invalidate_consent(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


@admin.register(Consent, site=site)
class ConsentAdmin(PersonRowAdmin):
    """Current consents of all people."""

    list_display = ("purpose", "person", "answer", "given_by", "recorded_at", "expires_at", "owner")
    list_filter = ("state", PurposeFilter, "client")
    in_one_client = (PurposeFilter,)
    newest_by = "recorded_at"
    detail_fields = (*list_display[:-1], "in_force", "asked_at", "notice")
    intro = (
        "The latest answer of each person to each purpose based on consent. Only “Given” permits processing, and only "
        "until it expires or is outdated by a material notice or a widened purpose: the page of each consent says so."
    )
    empty_text = "No consent has been requested here yet."
    answer = state_column(answer_cell, gettext_noop("recorded answer"))
    exported = {
        "person": "subject__external_id",
        "purpose": "purpose__code",
        "recorded_answer": "state",
        "given_by": "given_by",
        "recorded_at": "recorded_at",
        "expires_at": "expires_at",
        "notice_version": "notice_version",
    }
    acts = (
        RowAction(
            "revoke",
            "Revoke consent",
            Capability.REVOKE_CONSENTS,
            _revoke,
            lead="PakTaleem or the client ends this consent. It can be given again after the notice is shown again.",
            done="Revoked. In effect from the next decision.",
            danger=True,
            applies=_is_given,
        ),
        RowAction(
            "invalidate",
            "Declare invalid",
            Capability.INVALIDATE_CONSENTS,
            _invalidate,
            lead="An authority or a court found this consent invalid, or it should never have been recorded.",
            done="Declared invalid. In effect from the next decision.",
            danger=True,
            applies=_is_given,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person, their client, and purpose."""
        return super().get_queryset(request).select_related("subject__client", "purpose")

    def describe_row(self, row: Consent) -> str:
        """Return the name of the purpose, and the answer."""
        return f"{format_purpose(row.purpose.code, row.client_id)}: {row.get_state_display()}"

    @admin.display(description="notice")
    def notice(self, row: Consent) -> str:
        """Return the title and the number of the version on which the answer is based."""
        if row.notice_version is None:
            return "—"
        version = NoticeVersion.objects.select_related("notice").filter(pk=row.notice_version).first()
        if version is None:
            return "—"
        title = version.notice.title_ur if get_language() == "ur" else version.notice.title_en
        return f"{title}, {version}"

    @admin.display(description="state now")
    def in_force(self, row: Consent) -> SafeString:
        """Return the state after expiry, new notices and widened purposes."""
        with in_client(row.client_id):
            return state_pill(current_states(row.client_id, [row], at=get_time_of(row.client_id))[row.pk])

    def history_of(self, row: Consent, viewer: Actor) -> dict[str, Any]:
        """Return the events that led to the current state."""
        events = ConsentEvent.objects.filter(
            client_id=row.client_id, subject_id=row.subject_id, purpose_id=row.purpose_id
        )
        loaded = events.select_related("guardian", "purpose", "subject__client")
        found = take_latest(annotate_actor(loaded, viewer), SHOWN)
        return {"events": serialize_events(found), "versions": []}


def serialize_events(events: Iterable[Any]) -> FirstRows[dict[str, Any]]:
    """Serialize events, loaded with person and client, for a table. Runs one query, for the notices' numbers."""
    found = events if isinstance(events, FirstRows) else FirstRows(events)
    versions = {event.notice_version_id for event in found} - {None}
    numbers = dict(NoticeVersion.objects.filter(pk__in=versions).values_list("pk", "number"))
    return found.map(
        lambda event: {
            "event": event,
            "state": answer_cell(event),
            "who": format_actor(event),
            "notice": numbers.get(event.notice_version_id),
            "url": reverse("admin:consent_consentevent_change", args=[event.pk], current_app=site.name),
        }
    )


class InForceFilter(ConditionFilter):
    """Filter for restrictions and objections that have no end."""

    offered: ClassVar[Any] = {"in_force": (gettext_lazy("In force"), lambda _at: Q(ends_at=None))}


class LimitAdmin(PersonRowAdmin):
    """Restrictions and objections of people."""

    list_display = ("person", "purpose_named", "state", "starts_at", "ends_at", "owner")
    list_display_links = ("purpose_named",)
    list_filter = (InForceFilter, "client")
    newest_by = "starts_at"
    detail_fields = ("person", "purpose_named", "state", "starts_at", "ends_at")
    state = state_column(period_pill)
    exported = {
        "person": "subject__external_id",
        "purpose": "purpose_code",
        "starts_at": "starts_at",
        "ends_at": "ends_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related people."""
        found: QuerySet[Any] = super().get_queryset(request).select_related("subject")
        return found

    @admin.display(description="purpose")
    def purpose_named(self, row: Any) -> str:
        """Return the name of the purpose, or "Every purpose"."""
        return format_purpose(row.purpose_code, row.client_id) if row.purpose_code else gettext("Every purpose")


@admin.register(Restriction, site=site)
class RestrictionAdmin(LimitAdmin):
    """Restrictions of processing."""

    intro = (
        "While processing is restricted, data is stored but not otherwise used. Restrictions are opened on the "
        "person's page."
    )
    empty_text = "No restriction yet. Restrict processing on the person's page."


@admin.register(Objection, site=site)
class ObjectionAdmin(LimitAdmin):
    """Objections to legitimate interest."""

    intro = (
        "Objections to purposes based on legitimate interest. They are recorded on the person's page. The person "
        "withdraws one on their own page; two officers overrule one."
    )
    empty_text = "No objection yet. Record an objection on the person's page."


searches.connect(RowSearch(ConsentEvent))
order_cases.connect(OrderCase("restriction", Restriction))
order_cases.connect(OrderCase("objection", Objection))
order_cases.connect(OrderCase(SERVICE, ServiceAuthorisation))
