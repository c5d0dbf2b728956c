"""The act that records an authority's case on a request, and the panel that lists them."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import CannotOpen
from rights.complaints.admin.cases import case_pill
from rights.complaints.admin.forms import OpenForm
from rights.complaints.models import AuthorityCase
from rights.complaints.services import GOES_ON_ELSEWHERE, open_case
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import RightsRequest
from rights.requests.states import State

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
