"""Console pages of authorities' cases."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.clocks import get_time_of, select_by_clock
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Line, Task
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.encryption.sealing import CannotOpen
from rights.complaints import services
from rights.complaints.models import AuthorityCase, CaseDeadline, CaseEntry, CaseOutcome, Direction, Origin
from rights.complaints.reminders import NEAR
from rights.complaints.services import GOES_ON_ELSEWHERE, open_case
from rights.requests.admin.forms import request_panels
from rights.requests.authorities import AUTHORITIES, NONE_YET
from rights.requests.deadlines import day_in
from rights.requests.models import RightsRequest
from rights.requests.states import State

_TEXT = {"rows": 8, "dir": "auto"}


class OpenForm(ActionForm):
    """A new case: the authority, who turned to it, its reference, and the day."""

    country = forms.ChoiceField(
        label=_("Supervisory authority"),
        required=False,
        help_text=_("Pakistan and Bangladesh have no supervisory authority yet, as far as we know: name the court."),
    )
    authority = forms.CharField(label=_("Another authority or court, by name"), required=False, max_length=200)
    origin = forms.ChoiceField(label=_("How it began"), choices=Origin.choices, widget=forms.RadioSelect)
    reference = forms.CharField(
        label=_("Reference number of the authority"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    opened_on = forms.DateField(label=_("Opened on"), widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(code, f"{code} · {one.name}") for code, one in AUTHORITIES.items() if code not in NONE_YET]
        set_choices(self, "country", [("", "—"), *offered])


class MessageForm(ActionForm):
    """One message of the correspondence."""

    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices, widget=forms.RadioSelect)
    on = forms.DateField(label=_("Day of the message"), widget=DayInput())
    text = forms.CharField(label=_("Text"), required=False, max_length=8000, widget=forms.Textarea(attrs=_TEXT))
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("Any type. It is encrypted with the request and never opened here; its name is not stored."),
    )


class DeadlineForm(ActionForm):
    """A day by which the authority expects something."""

    due_on = forms.DateField(label=_("Due on"), widget=DayInput())
    what = forms.CharField(label=_("What the authority expects"), max_length=8000, widget=forms.Textarea(attrs=_TEXT))


class DoneForm(ActionForm):
    """The deadline that is met."""

    deadline = forms.ChoiceField(label=_("Deadline"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = CaseDeadline.objects.filter(client_id=self.row.client_id, case=self.row, done_at=None)
        self.offered: dict[str, CaseDeadline] = {str(one.pk): one for one in rows.select_related("case__request")}
        set_choices(self, "deadline", [(key, str(one.due_on)) for key, one in self.offered.items()])

    def clean_deadline(self) -> CaseDeadline:
        return self.offered[self.cleaned_data["deadline"]]


class EndForm(ActionForm):
    """How the case ended."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=CaseOutcome.choices, widget=forms.RadioSelect)
    ended_on = forms.DateField(label=_("Day of the outcome"), widget=DayInput())
    measures = forms.CharField(
        label=_("Measures"),
        help_text=_("What is done about it. Needed if the complaint was upheld, wholly or partly."),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs=_TEXT),
    )


class FileForm(RowActionForm):
    """The message whose file is opened, and the reason."""

    entry = forms.ChoiceField(label=_("Message"), widget=forms.RadioSelect)
    field_order = ("entry", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = CaseEntry.objects.filter(client_id=self.row.client_id, case=self.row, file__isnull=False)
        self.offered = {str(one.pk): one for one in rows.select_related("case__request", "file")}
        set_choices(self, "entry", [(key, str(one)) for key, one in self.offered.items()])

    def clean_entry(self) -> CaseEntry:
        return self.offered[self.cleaned_data["entry"]]


_TONES = {CaseOutcome.UPHELD: "bad", CaseOutcome.PARTLY: "warn", CaseOutcome.REJECTED: "good"}
_DESTROYED: dict[type[Exception], str] = {CannotOpen: "The texts of this request have been deleted."}


def case_pill(row: AuthorityCase) -> SafeString:
    """Return the outcome of a case, or that it is open."""
    if row.is_open:
        return render_state(gettext("Open"), "warn")
    return render_state(row.get_outcome_display(), _TONES.get(CaseOutcome(row.outcome), "calm"))


class NearFilter(admin.SimpleListFilter):
    """Filter for open cases, and for those with a deadline that is near or past."""

    title = "progress"
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("open", gettext("Open")), ("near", gettext("A deadline is near or past"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.filter(outcome="")
        if self.value() != "near":
            return queryset
        return select_by_clock(get_action_time(request), lambda at: select_near_cases(queryset, at))


def select_near_cases(cases: QuerySet[Any], at: datetime) -> QuerySet[Any]:
    """Select the cases with a deadline that is near or past; ``near_due_on`` is the earliest of them."""
    due = services.near_deadlines(at).filter(client_id=OuterRef("client_id"), case=OuterRef("pk"))
    earliest = Subquery(due.order_by("due_on").values("due_on")[:1])
    near: QuerySet[Any] = cases.annotate(near_due_on=earliest).filter(near_due_on__isnull=False)
    return near


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _read(row: AuthorityCase, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    found = services.read_case(row, reason=given["reason"], **_by(request))
    shown = [(gettext("Reference number of the authority"), found.reference)]
    shown += [(f"{one.on} · {one.get_direction_display()}", text) for one, text in found.entries]
    shown += [(gettext("Due on {day}").format(day=one.due_on), text) for one, text in found.deadlines]
    shown += [(gettext("Measures"), found.measures)]
    owner: Any = site.get_model_admin(AuthorityCase)
    values = {"shown": [one for one in shown if one[1]], "row_url": owner.url_of("change", row)}
    page: HttpResponse = owner.page(request, row, "console/revealed.html", title=gettext("Text of the case"), **values)
    return page


def _open_file(row: AuthorityCase, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    del row
    content = services.open_file(given["entry"], reason=given["reason"], **_by(request))
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="message-{given["entry"].on}"'
    return response


def _message(row: AuthorityCase, given: dict[str, Any], request: HttpRequest) -> None:
    services.add_entry(row, **given, **_by(request))


def _deadline(row: AuthorityCase, given: dict[str, Any], request: HttpRequest) -> None:
    services.set_deadline(row, **given, **_by(request))


def _done(row: AuthorityCase, given: dict[str, Any], request: HttpRequest) -> None:
    del row
    services.finish_deadline(given["deadline"], **_by(request))


def _end(row: AuthorityCase, given: dict[str, Any], request: HttpRequest) -> None:
    services.end_case(row, **given, **_by(request))


def _is_open(row: AuthorityCase, _at: datetime) -> bool:
    return row.is_open and row.request.wrapped is not None


def _is_readable(row: AuthorityCase, _at: datetime) -> bool:
    return row.request.wrapped is not None


def _has_file(row: AuthorityCase, at: datetime) -> bool:
    own = CaseEntry.objects.filter(client_id=row.client_id, case=row, file__isnull=False)
    return _is_readable(row, at) and own.exists()


def _has_deadline(row: AuthorityCase, at: datetime) -> bool:
    own = CaseDeadline.objects.filter(client_id=row.client_id, case=row, done_at=None)
    return _is_open(row, at) and own.exists()


@admin.register(AuthorityCase, site=site)
class AuthorityCaseAdmin(ExportableAdmin, EvidenceAdmin):
    """Cases of supervisory authorities about requests."""

    view_capability = Capability.VIEW_AUTHORITY_CASES
    ledger_families = ("rights_request",)
    ledger_person = "request.subject_id"
    list_display = ("authority", "standing", "number", "next_due", "opened_on", "recorded_at", "owner")
    list_filter = (NearFilter, "outcome", "client")
    exported = {
        "request": "request__number",
        "country": "country",
        "authority": "authority",
        "origin": "origin",
        "opened_on": "opened_on",
        "outcome": "outcome",
        "ended_on": "ended_on",
        "recorded_at": "recorded_at",
    }
    newest_by = "recorded_at"
    detail_fields = ("authority", "standing", "number", "origin", "opened_on", "next_due", "ended_on", "recorded_at")
    intro = (
        "Complaints of people to a supervisory authority, and what an authority wrote about a request. A case is "
        "recorded on the page of the request."
    )
    empty_text = "No supervisory authority has written about a request."
    standing = state_column(case_pill)
    acts = (
        RowAction(
            "read",
            "Read it",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _read,
            lead="Shows reference, messages and measures. Your access is recorded with your name and reason.",
            applies=_is_readable,
            refusals=_DESTROYED,
        ),
        RowAction(
            "open-file",
            "Open a file",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _open_file,
            form=FileForm,
            lead="The file was not checked: open it with care. Your access is recorded with your name and reason.",
            applies=_has_file,
            refusals=_DESTROYED,
        ),
        RowAction(
            "message",
            "Add a message",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _message,
            form=MessageForm,
            lead="A message to or from the authority. It is encrypted with the request and cannot be changed.",
            done="Added.",
            applies=_is_open,
            refusals=_DESTROYED,
        ),
        RowAction(
            "deadline",
            "Add a deadline",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _deadline,
            form=DeadlineForm,
            lead="A day that the authority set. Staff are reminded 7, 3 and 1 days before, on the day, and then daily.",
            done="Recorded.",
            applies=_is_open,
            refusals=_DESTROYED,
        ),
        RowAction(
            "met",
            "Deadline is met",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _done,
            form=DoneForm,
            lead="The authority’s deadline is no longer open, and you are no longer reminded of it.",
            done="Recorded.",
            applies=_has_deadline,
        ),
        RowAction(
            "end",
            "Record the outcome",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _end,
            form=EndForm,
            lead="How the authority decided, and what is done about it. The request can then be closed.",
            done="Recorded.",
            applies=_is_open,
            refusals=_DESTROYED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).select_related("request__client").defer("reference", "measures")
        annotated: QuerySet[Any] = found.annotate(next_deadline=_next_deadline())
        return annotated

    def panels(self, request: HttpRequest, row: AuthorityCase) -> list[dict[str, Any]]:
        """Return the correspondence and the deadlines, without their texts."""
        own = {"client_id": row.client_id, "case": row}
        messages = annotate_actor(CaseEntry.objects.filter(**own).select_related("file"), actor_of(request))
        lines = [{"message": one, "who": format_actor(one)} for one in messages]
        today = day_in(get_time_of(row.client_id), row.request.client.time_zone)
        deadlines = [(one, _deadline_pill(one, today)) for one in CaseDeadline.objects.filter(**own)]
        template = "console/panels/authority_messages.html"
        return [*super().panels(request, row), {"template": template, "lines": lines, "deadlines": deadlines}]

    @admin.display(description="request")
    def number(self, row: AuthorityCase) -> SafeString:
        url = reverse("admin:rights_rightsrequest_change", args=[row.request_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.request.number)

    @admin.display(description="next deadline")
    def next_due(self, row: Any) -> str:
        return str(row.next_deadline or "—")


def _next_deadline() -> Subquery:
    own = CaseDeadline.objects.filter(client_id=OuterRef("client_id"), case=OuterRef("pk"), done_at=None)
    return Subquery(own.order_by("due_on").values("due_on")[:1])


def _deadline_pill(row: CaseDeadline, today: date) -> SafeString:
    if row.done_at is not None:
        return render_state(gettext("Met"), "good")
    if row.due_on < today:
        return render_state(gettext("Overdue"), "bad")
    return render_state(gettext("Open"), "warn" if row.due_on <= today + NEAR else "calm")


__all__: list[str] = []


def _url(case: AuthorityCase) -> str:
    return reverse("admin:complaints_authoritycase_change", args=[case.pk], current_app=site.name)


@request_panels.connect
def cases_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the authorities' cases about a request; None if there are none."""
    if not may(request, Capability.VIEW_AUTHORITY_CASES, row.client_id):
        return None
    rows = AuthorityCase.objects.filter(client_id=row.client_id, request=row).defer("reference", "measures")
    lines = [{"case": one, "state": case_pill(one), "url": _url(one)} for one in rows]
    return {"template": "console/panels/authority_cases.html", "lines": lines} if lines else None


def _open(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    case = open_case(row, **given, actor=actor_of(request), at=get_action_time(request))
    return HttpResponseRedirect(_url(case))


def _may_open(row: RightsRequest, _at: datetime) -> bool:
    return row.wrapped is not None and State(row.state) not in GOES_ON_ELSEWHERE


added_acts.connect(
    AddedAct(
        RightsRequest._meta.label_lower,
        RowAction(
            "authority-case",
            "Record an authority’s case",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _open,
            form=OpenForm,
            lead="A supervisory authority has a case about this request: a person complained to it, it wrote on its "
            "own, or we turned to it. The request can be closed once the case has an outcome.",
            applies=_may_open,
            refusals={CannotOpen: "The texts of this request have been deleted."},
        ),
        after="extend",
    )
)


@boards.connect
def deadline_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card if a deadline of an authority is near or past."""
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:complaints_authoritycase_changelist", current_app=site.name) + "?progress=near"
    rows = select_by_clock(at, lambda now: select_near_cases(AuthorityCase.objects.all(), now))
    title, note = gettext("Deadlines of authorities"), gettext("cases with a deadline near or past")
    return [Task(title, rows, note, url, Severity.URGENT, due="near_due_on")]
