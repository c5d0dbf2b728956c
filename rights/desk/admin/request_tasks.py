"""Tasks about rights requests: the act that adds one, their list, and the act that finishes one."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.encryption.sealing import CannotOpen
from rights.clock.deadlines import day_in
from rights.desk.admin.acts import REQUEST
from rights.desk.admin.taking_in import take_in
from rights.desk.models.request_tasks import RequestTask, TaskKind
from rights.desk.services.request_tasks import add_task, finish_task
from rights.requests.admin.queue import AssigneeFilter, assignee_for
from rights.requests.models.requests import RightsRequest
from rights.requests.services.handling import list_assignees


class TaskForm(ActionForm):
    """A task: its kind, its details, the colleague and the day."""

    kind = forms.ChoiceField(label=_("What is to be done?"), choices=TaskKind.choices, widget=forms.RadioSelect)
    detail = forms.CharField(
        label=_("Details"),
        help_text=_("Encrypted with the request, like a note."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    assignee = forms.ChoiceField(label=_("Assigned to"), required=False)
    due_on = forms.DateField(label=_("Until"), widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the colleagues of the user's own side; the user is chosen."""
        super().__init__(*args, **kwargs)
        actor, at = actor_of(self.request), get_action_time(self.request)
        self.people = {str(one.pk): one for one in list_assignees(self.row, actor=actor, at=at)}
        offered = [(key, user.email) for key, user in self.people.items()]
        set_choices(self, "assignee", [("", gettext("No one")), *offered])
        self.fields["assignee"].initial = str(actor.id)

    def clean_assignee(self) -> User | None:
        """Return the colleague, or None."""
        return self.people.get(self.cleaned_data["assignee"])


def _add(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    add_task(row, **given, actor=actor_of(request), at=get_action_time(request))


added_acts.connect(
    AddedAct(
        REQUEST,
        RowAction(
            "task",
            "Add a task",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _add,
            form=TaskForm,
            lead="A task is on the first page of the colleague who has it.",
            done="Task added.",
            applies=lambda row, _at: row.is_open and row.wrapped is not None,
            refusals={CannotOpen: "The texts of this request have been deleted."},
        ),
        after="assign",
    )
)


class TaskProgressFilter(ProgressFilter):
    """Filter for open tasks; the list opens with them."""

    default = "open"
    offered: ClassVar[Any] = {"open": _("Open, due soonest first")}


def _task_pill(row: RequestTask) -> SafeString:
    if row.is_done:
        return render_state(gettext("Done"), "good")
    is_late = row.due_on < day_in(get_time_of(row.client_id), row.client.time_zone)
    return render_state(gettext("Overdue"), "bad") if is_late else render_state(gettext("Open"), "warn")


def _finish(row: RequestTask, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    finish_task(row, actor=actor_of(request), at=get_action_time(request))


@admin.register(RequestTask, site=site)
class RequestTaskAdmin(SortByWaitingTime, ExportableAdmin, EvidenceAdmin):
    """Console page of tasks; their details are shown with the texts of the request."""

    view_capability = Capability.HANDLE_RIGHTS_REQUESTS
    ledger_families = ("rights_request",)
    ledger_person = "request.subject_id"
    list_display = ("kind", "of_request", "due_on", "standing", "assigned", "owner")
    list_filter = (TaskProgressFilter, AssigneeFilter, "client")
    exported = {
        "request": "request__number",
        "kind": "kind",
        "due_on": "due_on",
        "created_at": "created_at",
        "done_at": "done_at",
    }
    longest_first: ClassVar[Any] = {"open": "due_on"}
    default_progress = TaskProgressFilter.default
    detail_fields = ("kind", "of_request", "due_on", "standing", "assigned", "done_at")
    intro = "What colleagues do about rights requests, and until when. The details are among the texts of the request."
    empty_text = "There is no task."
    standing = state_column(_task_pill)
    acts = (
        RowAction(
            "done",
            "Done",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _finish,
            form=ActionForm,
            lead="Record the outcome as a note on the request, if there is one.",
            done="The task is done.",
            applies=lambda row, _at: not row.is_done,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select the related request, annotate the assignee, and defer the encrypted column."""
        found: QuerySet[Any] = super().get_queryset(request).select_related("request", "client").defer("detail")
        annotated: QuerySet[Any] = found.annotate(assigned_to=assignee_for(actor_of(request)))
        return annotated

    def get_urls(self) -> list[URLPattern]:
        """Add the page that takes in a request."""
        view = self.admin_site.admin_view(take_in)
        return [path("take-in/", view, name="desk_requesttask_take_in"), *super().get_urls()]

    @admin.display(description="request")
    def of_request(self, row: RequestTask) -> SafeString:
        """Return a link to the request."""
        url = reverse("admin:rights_rightsrequest_change", args=[row.request_id], current_app=site.name)
        return format_html('<a href="{}"><bdi>{}</bdi></a>', url, row.request.number)

    @admin.display(description="assigned to")
    def assigned(self, row: Any) -> str:
        """Return the colleague who has the task; clients see only that it is one of PakTaleem's staff."""
        return row.assigned_to or "—"
