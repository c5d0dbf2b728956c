"""Console pages for changes of privileged staff: one officer proposes, another approves."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.administration.admin.limits import name_limit, with_school_names
from paktaleem.foundation.accounts.requests import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.staff_accounts import AlreadyEnded
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import decide_staff_change
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import reason_label, staff_name
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.tasks_under_way import return_to_task
from paktaleem.foundation.times import isolate


def redirect_to_proposal(request: HttpRequest, proposal: StaffChange | None) -> HttpResponse | None:
    """Return a redirect to a proposal with a message; None if there is none, because the act is done."""
    if proposal is None:
        return None
    words = gettext("Proposed: nothing has changed yet. Another person must approve it.")
    messages.warning(request, words)
    name = "admin:accounts_staffchange_change"
    return return_to_task(request) or HttpResponseRedirect(reverse(name, args=[proposal.pk], current_app=site.name))


class ProposingAdmin(ScopedAdmin):
    """Base of pages whose ``write`` may propose the change: it sets ``request.proposal``, which is shown then."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the new row, or the proposal."""
        proposal = redirect_to_proposal(request, getattr(request, "proposal", None))
        return proposal or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Show the row, or the proposal."""
        proposal = redirect_to_proposal(request, getattr(request, "proposal", None))
        return proposal or super().response_change(request, obj)


@admin.register(StaffChange, site=site)
class StaffChangeAdmin(ScopedAdmin):
    """Proposals to make, re-enable or recover privileged staff."""

    view_capability = Capability.VIEW_STAFF
    asks_reason = False
    list_display = ("requested_at", "standing", "act", "role", "user", "requester", "owner")
    list_filter = ("state", "act", "client")
    newest_by = "requested_at"
    sortable_by = ()
    detail_fields = (
        "standing",
        "act",
        "role",
        "limit",
        "user",
        "person",
        "email",
        "why",
        "requester",
        "requested_at",
        "approver",
        "settled_at",
    )
    intro = (
        "Making, re-enabling and recovering privacy officers and client administrators takes two people: officers, or "
        "for a role at a client its own administrators too. A proposal has no effect until another one approves it. "
        "For 72 hours after that, neither of the two can approve what the person requests, and the person cannot "
        "approve what they request."
    )
    empty_text = "No changes of staff are waiting for approval."
    standing = change_state_column
    acts = approval_actions(
        decide_staff_change,
        approve="Approve change",
        decline="Decline change",
        lead="The change takes effect now, and you answer for it with the person who proposed it. Approve it only if "
        "you have verified yourself that the request comes from the right person: call them at a known number.",
        clock=get_arrival_time,
        capability=Capability.MANAGE_COLLEAGUES,
        danger=True,
        refusals={
            AlreadyEnded: "The membership has ended in the meantime. Decline the change.",
        },
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related users, and annotate the officers' names; clients see “PakTaleem” instead."""
        viewer = actor_of(request)
        names = {
            "requester_name": staff_name("requested_by", viewer),
            "approver_name": staff_name("settled_by", viewer),
        }
        found: QuerySet[Any] = super().get_queryset(request).select_related("user").annotate(**names)
        return with_school_names(found)

    def describe_row(self, row: StaffChange) -> str:
        """Return the act, the role, whose it is and where: who decides may come straight to that page."""
        role, person = row.get_role_display() if row.role else "", f"{row.user.full_name} ({row.user.email})"
        parts = (row.get_act_display(), role, isolate(person), row.client.name)
        return " · ".join(str(one) for one in parts if one)

    def page(self, request: HttpRequest, row: Any, template: str, **values: Any) -> TemplateResponse:
        """Render a page with what its title lacks, since the approver may open it directly."""
        told = (gettext("Sees"), self.limit(row)), (gettext("New email address"), row.email)
        asked = (gettext("Proposed by"), self.requester(row)), (gettext("Reason"), self.why(row))
        facts = [(label, value) for label, value in (*told, *asked) if value]
        return super().page(request, row, template, facts=facts, **values)

    @admin.display(description="sees")
    def limit(self, row: StaffChange) -> str:
        """Return the schools to which the proposed role is limited."""
        return name_limit(row) if row.role else "—"

    @admin.display(description="name")
    def person(self, row: StaffChange) -> str:
        """Return the full name of the member of staff."""
        return row.user.full_name

    @admin.display(description="reason")
    def why(self, row: StaffChange) -> str:
        """Return the reason of the proposal."""
        return reason_label(row.reason)

    @admin.display(description="proposed by")
    def requester(self, row: Any) -> str:
        """Return the name of the person who proposed the change."""
        return str(row.requester_name or gettext("Former staff"))

    @admin.display(description="decided by")
    def approver(self, row: Any) -> str:
        """Return the name of the person who approved or declined the change."""
        return "—" if row.settled_by is None else str(row.approver_name or gettext("Former staff"))
