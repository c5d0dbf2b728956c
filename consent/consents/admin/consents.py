"""Consents, consent events, restrictions and objections in the console, mostly read-only.

Answers are recorded, and restrictions and objections opened, on the person's page.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_lazy as _, gettext_noop

from children.guardians.models import ServiceAuthorisation
from consent.consents.models import Consent, ConsentEvent, ConsentEvidence, ConsentState, Objection, Restriction
from consent.consents.selectors.consents import current_states, is_without_effect, load_asked_words
from consent.consents.services.consent_basis import add_evidence_file, open_evidence
from consent.consents.services.restrictions import SERVICE
from consent.consents.services.revocation import invalidate_consent, revoke_consent
from consent.decisions.admin import decision_cells
from consent.decisions.facts import Decision
from consent.decisions.reasons import DOCUMENTATION, Reason
from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.models import NoticeVersion
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.files.models import CONTENT_TYPES, FileKind
from paktaleem.directory.people.admin.people import person_column
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import AsOfForm, get_time_of
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    format_actor,
    period_pill,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ConditionFilter, RowFilter, get_filtered_client
from paktaleem.foundation.console.forms import FormData
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import OVERVIEW, on_tab
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, act_page, send_file, show_revealed
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

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
    known = ConsentState(state)
    return render_state(SHORT.get(known, known.label), TONES.get(known, "bad"))


def answer_cell(answer: Consent | ConsentEvent, state: str = "") -> SafeString:
    """Render an answer's state, or the given one, and that it is without effect; person and client must be loaded."""
    subject, pill = answer.subject, state_pill(state or answer.state)
    if not is_without_effect(answer, subject, subject.client):
        return pill
    return format_html("{} {}", pill, gettext("Without effect: given by a child, not by a guardian"))


class PurposeFilter(RowFilter):
    title = parameter_name = "purpose"
    of = "purpose_id"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        found = Purpose.objects.filter(client_id__in=[get_filtered_client(request) or PAKTALEEM, PAKTALEEM])
        return [(str(key), name) for key, name in found.order_by("name_en").values_list("pk", "name_en")]


class PersonRowAdmin[Row: Model](ExportableAdmin[Row]):
    view_capability = Capability.VIEW_CONSENTS
    person_field = "subject"
    asks_reason = False
    sortable_by = ()
    person = person_column()


@admin.register(Consent, site=site)
class ConsentAdmin(PersonRowAdmin[Consent]):
    loaded = ("subject__client", "purpose")
    list_display = ("purpose", "person", "answer", "given_by", "recorded_at", "expires_at", "owner")
    list_filter = ("state", PurposeFilter, "client")
    in_one_client = (PurposeFilter,)
    detail_fields = (*list_display[:-1], "in_force", "asked_at", "notice")
    intro = (
        "The latest answer of each person to each purpose based on consent. Only “Given” permits processing, and only "
        "until it expires or is outdated by a material notice or a widened purpose: the page of each consent says so."
    )
    empty_text = "No consent has been requested here yet."
    answer = state_column(answer_cell, gettext_noop("recorded answer"))
    exported = (
        "person=subject__external_id purpose=purpose__code recorded_answer=state given_by recorded_at "
        "expires_at notice_version"
    )
    acts = (revoke_consent, invalidate_consent)

    def describe_row(self, row: Consent) -> str:
        return f"{format_purpose(row.purpose.code, row.client_id)}: {row.get_state_display()}"

    @admin.display(description="notice")
    def notice(self, row: Consent) -> str:
        key = row.notice_version
        version = NoticeVersion.objects.select_related("notice").filter(pk=key).first() if key else None
        if version is None:
            return "—"
        title = version.notice.title_ur if get_language() == "ur" else version.notice.title_en
        return f"{title}, {version}"

    @admin.display(description="state now")
    def in_force(self, row: Consent) -> SafeString:
        with in_client(row.client_id):
            return state_pill(current_states(row.client_id, [row], at=get_time_of(row.client_id))[row.pk])

    def history_of(self, row: Consent, viewer: Actor) -> dict[str, object]:
        events = ConsentEvent.objects.filter(
            client_id=row.client_id, subject_id=row.subject_id, purpose_id=row.purpose_id
        )
        return {"events": serialize_events(events, viewer, limit=SHOWN), "versions": []}


def serialize_events(events: QuerySet[ConsentEvent], viewer: Actor, *, limit: int) -> FirstRows[dict[str, object]]:
    """Serialize the latest events for a table, with the numbers of their notices and the words they answer."""
    loaded = events.select_related("guardian", "purpose", "subject__client")
    found = take_latest(annotate_actor(loaded, viewer), limit)
    versions = {event.notice_version_id for event in found} - {None}
    numbers = dict(NoticeVersion.objects.filter(pk__in=versions).values_list("pk", "number"))
    words = load_asked_words((event.pk for event in found), language=get_language() or "en")
    return found.map(
        lambda event: {
            "event": event,
            "purpose": event.purpose,
            "asked": words[event.pk],
            "state": answer_cell(event),
            "who": format_actor(event),
            "notice": numbers.get(event.notice_version_id),
            "url": reverse("admin:consent_consentevent_change", args=[event.pk], current_app=site.name),
        }
    )


class InForceFilter(ConditionFilter):
    offered = {"in_force": (gettext_lazy("In force"), lambda _at: Q(ends_at=None))}


def format_limited_purpose(row: Restriction | Objection) -> str:
    return format_purpose(row.purpose_code, row.client_id) if row.purpose_code else gettext("Every purpose")


class LimitAdmin[Row: Model](PersonRowAdmin[Row]):
    loaded = ("subject",)
    list_display = ("person", "purpose_named", "state", "starts_at", "ends_at", "owner")
    list_display_links = ("purpose_named",)
    list_filter = (InForceFilter, "client")
    newest_by = "starts_at"
    detail_fields = list_display[:-1]
    state = state_column(period_pill)
    exported = "person=subject__external_id purpose=purpose_code starts_at ends_at"
    purpose_named = text_column(format_limited_purpose, "purpose")


@admin.register(Restriction, site=site)
class RestrictionAdmin(LimitAdmin[Restriction]):
    intro = (
        "While processing is restricted, data is stored but not otherwise used. Restrictions are opened on the "
        "person's page."
    )
    empty_text = "No restriction yet. Restrict processing on the person's page."


@admin.register(Objection, site=site)
class ObjectionAdmin(LimitAdmin[Objection]):
    intro = (
        "Objections to purposes based on legitimate interest. They are recorded on the person's page. The person "
        "withdraws one on their own page; two officers overrule one."
    )
    empty_text = "No objection yet. Record an objection on the person's page."


searches.connect(RowSearch(ConsentEvent))
order_cases.connect(OrderCase("restriction", Restriction))
order_cases.connect(OrderCase("objection", Objection))
order_cases.connect(OrderCase(SERVICE, ServiceAuthorisation))


_ERASED: dict[type[Exception], str] = {
    ErasureInProgress: "The person is being erased: nothing new is recorded about them.",
    AlreadyErased: "The person is erased: the evidence can no longer be opened.",
}
ADD_EVIDENCE = act_page(add_evidence_file, refusals=_ERASED)


def _open_evidence(evidence: ConsentEvidence, given: FormData, request: HttpRequest) -> HttpResponse:
    opened = open_evidence(evidence, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))
    if isinstance(opened, str) or evidence.file is None:
        return show_revealed(request, evidence, gettext("Evidence"), [(gettext("Reference"), str(opened))])
    kind = FileKind(evidence.file.kind)
    return send_file(opened, f"evidence.{kind}", CONTENT_TYPES[kind])


@admin.register(ConsentEvidence, site=site)
class ConsentEvidenceAdmin(EvidenceAdmin[ConsentEvidence]):
    view_capability = Capability.VIEW_EVIDENCE
    list_display = ("added_at", "answer", "person", "what", "actor", "owner")
    detail_fields = ("person", "answer", "what", "actor", "added_at")
    loaded = ("subject", "event__purpose", "file")
    intro = "Signed forms, letters and notes of calls that prove answers. Opening one requires a reason and is logged."
    empty_text = "No evidence has been added yet."
    what = text_column(lambda row: gettext("Reference") if row.file is None else str(row.file), "kind")
    acts = (
        RowAction(
            "open",
            "Open evidence",
            Capability.VIEW_EVIDENCE,
            _open_evidence,
            lead="The file is decrypted and sent to you. It is recorded that you opened it, and why.",
            refusals=_ERASED,
        ),
    )
    person = person_column()
    actor = actor_column()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEvidence]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    @admin.display(description="answer")
    def answer(self, row: ConsentEvidence) -> SafeString:
        url = reverse("admin:consent_consentevent_change", args=[row.event_id], current_app=site.name)
        return format_html('<a href="{}">{}: {}</a>', url, row.event.purpose.name_en, row.event.get_state_display())


_GUARDIANS = "#panel-gate"
"""The panel of the same page that shows the guardians and their answers."""
_ANSWERED = (
    Reason.CONSENT_REFUSED,
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_REVOKED,
    Reason.CONSENT_EXPIRED,
    Reason.CONSENT_INVALIDATED,
    Reason.CONSENT_NOT_BY_GUARDIAN,
)
_CAUSES = {
    **dict.fromkeys(
        (
            Reason.PURPOSE_INACTIVE,
            Reason.CATEGORY_NOT_COVERED,
            Reason.AUTOMATED_NOT_DESCRIBED,
            Reason.ASSESSMENT_MISSING,
        ),
        "consent_purpose",
    ),
    Reason.TRANSFER_NOT_ASSESSED: "consent_recipient",
    **dict.fromkeys((Reason.AGREEMENT_SUSPENDED, Reason.AGREEMENT_ENDED), "consent_serviceagreement"),
    **dict.fromkeys(_ANSWERED, "consent_consentevent"),
    Reason.PROCESSING_RESTRICTED: "consent_restriction",
    Reason.BALANCING_MISSING: "consent_lawfulbasis",
    Reason.OBJECTION_IN_FORCE: "consent_objection",
}
"""The page of the row on which a refusal rests: the last one of its evidence."""
_OF_GUARDIANS = {
    Reason.AGE_UNKNOWN,
    Reason.QUARANTINED,
    Reason.GUARDIAN_CONSENT_REQUIRED,
    Reason.GUARDIAN_CONSENT_REFUSED,
    Reason.GUARDIAN_CONSENT_WITHDRAWN,
    Reason.GUARDIAN_AUTHORITY_LAPSED,
}


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that helps against a refusal: a page, for those with the capability; ``of_person`` for an act on them."""

    label: Promise
    page: str
    capability: Capability
    of_person: bool = False
    query: str = ""


_ANSWER = _Step(
    _("Record an answer"),
    "people_subject_answer",
    Capability.RECORD_CONSENTS,
    of_person=True,
    query=f"&state={ConsentState.GIVEN.value}",
)
_ASK = _Step(_("Ask the guardians"), "people_subject_ask-guardians", Capability.MANAGE_GUARDIANS, of_person=True)
_AGREEMENT = _Step(_("Service agreements"), "consent_serviceagreement_changelist", Capability.VIEW_REGISTER)
_STEPS = {
    **dict.fromkeys((*_ANSWERED, Reason.CONSENT_MISSING, Reason.CONSENT_OUTDATED), _ANSWER),
    **dict.fromkeys(_OF_GUARDIANS - {Reason.AGE_UNKNOWN, Reason.QUARANTINED}, _ASK),
    **dict.fromkeys((Reason.NO_AGREEMENT, Reason.AGREEMENT_SUSPENDED, Reason.AGREEMENT_ENDED), _AGREEMENT),
    Reason.AGE_UNKNOWN: _Step(
        _("State an age"), "people_subject_state-age", Capability.REGISTER_SUBJECTS, of_person=True
    ),
    Reason.NOT_INSTRUCTED: _Step(_("Instructions"), "consent_instruction_changelist", Capability.VIEW_REGISTER),
    Reason.BASIS_MISSING: _Step(_("Lawful bases"), "consent_lawfulbasis_changelist", Capability.VIEW_REGISTER),
    Reason.BALANCING_MISSING: _Step(_("Balancing tests"), "consent_balancingtest_changelist", Capability.VIEW_REGISTER),
}


@on_tab(OVERVIEW, place=1)
def standing_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    if row.external_id is None or not may(request, Capability.REQUEST_DECISIONS, row.client_id):
        return None
    form, now = AsOfForm(request.GET or None), get_action_time(request)
    at = form.moment(now)
    rows = list_decisions(request, row, at)
    allowed = sum(bool(one["is_allowed"]) for one in rows)
    return {
        "template": "console/panels/standing.html",
        "rows": rows,
        "form": form,
        "at": at,
        "is_past": at < now,
        "allowed": allowed,
        "denied": len(rows) - allowed,
    }


def list_decisions(request: HttpRequest, row: Subject, at: datetime) -> list[dict[str, object]]:
    """Return the decisions about a person at a time as rows of a table. Raises NotAllowed.

    Of several roles the strictest decides (decision 0097): each row names it.
    """
    now = get_action_time(request)
    answers = decide_all_purposes(actor_of(request), row.client_id, row.external_id or "", at=at, now=now)
    return [
        {
            "purpose": format_purpose(code, row.client_id),
            "is_allowed": one.allowed,
            "role": SubjectRole(one.role).label if one.role and len(row.roles) > 1 else "",
            **decision_cells(one),
            **({} if one.allowed else _explain(request, row, code, one, is_past=at < now)),
        }
        for code, one in answers.items()
    ]


def _explain(request: HttpRequest, row: Subject, code: str, one: Decision, *, is_past: bool) -> dict[str, object]:
    page = _CAUSES.get(one.reason)
    cause = _url_of(f"{page}_change", one.evidence[-1]) if page and one.evidence else ""
    cause_url = _GUARDIANS if one.reason in _OF_GUARDIANS else cause
    links: dict[str, object] = {"cause_url": cause_url, "documentation": f"{DOCUMENTATION}#{one.reason.value}"}
    step = None if is_past else _STEPS.get(one.reason)
    if step is None or not row.is_recorded or not may(request, step.capability, row.client_id):
        return links
    if not step.of_person:
        return {**links, "step": step.label, "step_url": _url_of(step.page)}
    query = f"?purpose={code}{step.query}" if step.query else ""
    return {**links, "step": step.label, "step_url": f"{_url_of(step.page, row.pk)}{query}"}


def _url_of(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args, current_app=site.name)
