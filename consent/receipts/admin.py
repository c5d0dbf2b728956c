"""Consent events, receipts and the timeline of a person in the console."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop

from consent.consents.admin.consents import (
    ADD_EVIDENCE,
    PersonRowAdmin,
    PurposeFilter,
    answer_cell,
    list_decisions,
    state_pill,
)
from consent.consents.models import ConsentEvent
from consent.consents.selectors.consents import (
    ACKNOWLEDGED,
    TimelineEntry,
    is_without_effect,
    list_timeline,
    select_acknowledgements,
    select_consent_events,
    states_at,
)
from consent.decisions.admin import basis_label
from consent.notices.selectors.registers import current_register, register_as_of
from consent.receipts.services import export_evidence
from consent.receipts.views import print_receipt
from consent.register.compiled import Register
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.clocks import AsOfForm
from paktaleem.foundation.console.columns import actor_column, annotate_actor, format_actor, render_state, state_column
from paktaleem.foundation.console.forms import FormData, RowActionForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import PersonPage, person_acts, person_pages
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, by_user_for, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, send_file
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.web.public.pages import LanguageLink


def _timeline_values(request: HttpRequest, row: Subject) -> dict[str, object]:
    form = AsOfForm(request.GET or None)
    with in_client(row.client_id):
        now = get_action_time(request)
        at = form.moment(now)
        actor = actor_of(request)
        events = list(annotate_actor(select_consent_events(row, actor=actor, until=at), actor))
        acknowledgements = list(annotate_actor(select_acknowledgements(row, actor=actor, until=at), actor))
        lines = list_timeline(row, events=events, acknowledged=acknowledgements, until=at)
        register = current_register(row.client_id) if at == now else register_as_of(row.client_id, at)
        states = states_at(events, register, at)
        may_decide = row.external_id is not None and may(request, Capability.REQUEST_DECISIONS, row.client_id)
        decisions = list_decisions(request, row, at) if may_decide else []
    return {
        "form": form,
        "at": at,
        "is_past": at < now,
        "lines": [_serialize_entry(line, row, register) for line in lines],
        "states": [
            (format_purpose(code, row.client_id), state_pill(line.state), line, _is_without_effect(line, row, register))
            for code, line in states.items()
        ],
        "decisions": decisions,
        "bundle_url": reverse("admin:people_subject_evidence", args=[row.pk], current_app=site.name),
        "may_export": actor.may(Capability.VIEW_EVIDENCE, row.client_id) and bool(events or acknowledgements),
    }


def _is_without_effect(line: TimelineEntry, subject: Subject, register: Register) -> bool:
    return bool(line.state) and isinstance(line.row, ConsentEvent) and is_without_effect(line.row, subject, register)


def _serialize_entry(line: TimelineEntry, subject: Subject, register: Register) -> dict[str, object]:
    row: Any = line.row
    is_event = bool(line.state and row is not None)
    is_seen = line.what == ACKNOWLEDGED
    return {
        "at": line.at,
        "purpose": gettext("The privacy policy")
        if is_seen
        else format_purpose(line.purpose, subject.client_id)
        if line.purpose
        else gettext("Every purpose"),
        "state": state_pill(line.state)
        if line.state
        else render_state(line.what, "calm" if line.notice is not None else "warn"),
        "who": format_actor(row) if is_event or is_seen else "",
        "whose": row.get_given_by_display() if is_event else "",
        "guardian": row.guardian if is_event else None,
        "how": row.get_method_display() if is_event or is_seen else "",
        "is_seen": is_seen,
        "language": row.language if line.notice is not None else "",
        "followed": line.row is None,
        "without_effect": _is_without_effect(line, subject, register),
        "notice": line.notice,
        "basis": basis_label(line.basis),
        "url": reverse("admin:consent_consentevent_change", args=[row.pk], current_app=site.name) if is_event else "",
    }


_TITLE = gettext_noop("Timeline of consents")
person_pages.connect(
    PersonPage("timeline", _TITLE, Capability.VIEW_CONSENTS, "console/timeline.html", _timeline_values)
)


class BundleForm(RowActionForm):
    language = forms.ChoiceField(choices=[("en", "English"), ("ur", "Urdu")])


def _export_bundle(subject: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    base, by = get_public_url(request), by_user_for(request, given["reason"])
    packed = export_evidence(subject, base=base, language=given["language"], **by)
    return send_file(packed, f"evidence-{subject.pk}.zip", "application/zip")


person_acts.connect(
    RowAction(
        "evidence",
        "Export evidence",
        Capability.VIEW_EVIDENCE,
        _export_bundle,
        form=BundleForm,
        lead="A ZIP with the receipts, the notices as shown, the ledger entries and a hash of each; it can be "
        "checked offline. People are identified by pseudonym. The export is logged.",
    )
)


@admin.register(ConsentEvent, site=site)
class ConsentEventAdmin(PersonRowAdmin[ConsentEvent], EvidenceAdmin[ConsentEvent]):
    list_display = ("recorded_at", "purpose", "person", "answer", "given_by", "method", "actor", "owner")
    list_filter = ("state", "method", "given_by", PurposeFilter, "client")
    in_one_client = ("method", "given_by", PurposeFilter)
    detail_fields = (
        "person",
        "purpose",
        "answer",
        "given_by",
        "guardian",
        "method",
        "language",
        "notice_version",
        "shown_hash",
        "actor",
        "claimed_at",
        "recorded_at",
        "expires_at",
    )
    intro = "All recorded answers about purposes. They are never changed."
    empty_text = "No answers have been recorded yet."
    acts = (ADD_EVIDENCE,)
    answer = state_column(answer_cell)
    exported = (
        "person=subject__external_id purpose=purpose__code state given_by guardian=guardian__external_id "
        "method language notice_version=notice_version_id actor_kind actor_role claimed_at recorded_at "
        "expires_at"
    )
    actor = actor_column()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEvent]:
        found = super().get_queryset(request).select_related("subject__client", "purpose", "guardian", "notice_version")
        return annotate_actor(found, actor_of(request))

    def get_urls(self) -> list[URLPattern]:
        receipt = path(
            "<path:object_id>/receipt/",
            self.admin_site.admin_view(self.receipt_view),
            name="consent_consentevent_receipt",
        )
        return [receipt, *super().get_urls()]

    def receipt_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: ConsentEvent = self._row_or_404(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        requested = request.GET.get("in", row.language)
        language = requested if requested in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        links = [LanguageLink(code, name, f"?in={code}", code == language) for code, name in settings.LANGUAGES]
        with in_client(row.client_id):
            return print_receipt(request, row, language=language, links=links)

    def panels(self, request: HttpRequest, row: ConsentEvent) -> list[dict[str, object]]:
        return [*super().panels(request, row), {"template": "console/panels/receipt.html"}]
