"""Panels: the corrections and recipients of a request, and the corrected values of a person."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state
from paktaleem.foundation.console.person_pages import DISCLOSURES, on_tab, person_panels
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site
from rights.rectifications.models import CorrectedValue, Correction, CorrectionState
from rights.rectifications.selectors import (
    FieldHistory,
    list_corrected_fields,
    list_corrections,
    list_notices,
    list_notices_of_person,
    waiting_fields,
)
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import RightKind, RightsRequest
from rights.requests.services.steps import list_parts

__all__: list[str] = []

_TONES = {CorrectionState.OPEN: "warn", CorrectionState.MADE: "good", CorrectionState.REFUSED: "bad"}


@request_panels.connect
def corrections_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the corrections that a request asks for, without their values."""
    del request
    if not any(part.kind == RightKind.RECTIFICATION for part in list_parts(row)):
        return None
    waiting = waiting_fields(row)
    lines = [{"correction": one, "state": _state_of(one, waiting)} for one in list_corrections(row)]
    return {"template": "console/panels/corrections.html", "lines": lines, "is_open": row.is_open}


@request_panels.connect
def recipients_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the recipients that must be informed, with what came of it; None if there are none."""
    del request
    lines = list_notices(row)
    return {"template": "console/panels/recipient_notices.html", "lines": lines} if lines else None


@person_panels.connect
def corrected_values_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Return the corrected fields of a person, and which wrong values came back; None if nothing was corrected."""
    found = list_corrected_fields(row)
    if not found:
        return None
    rows = CorrectedValue.objects.filter(pk__in=[one.row.pk for one in found])
    actors = {one.pk: format_actor(one) for one in annotate_actor(rows, actor_of(request))}
    lines = [{"one": one.row, "state": _pill(one), "who": actors.get(one.row.pk, ""), **_link(one)} for one in found]
    is_back = any(one.came_back for one in found)
    return {"template": "console/panels/corrected_values.html", "lines": lines, "is_back": is_back}


@on_tab(DISCLOSURES)
def recipients_of_person_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Return the recipients to be informed of what staff did without a request; None if there are none."""
    del request
    lines = list_notices_of_person(row)
    return {"template": "console/panels/recipient_notices.html", "lines": lines} if lines else None


def _state_of(row: Correction, waiting: set[str]) -> Any:
    if row.state == CorrectionState.MADE and row.field in waiting:
        return render_state(_("Waits for a second person"), "warn")
    return render_state(row.get_state_display(), _TONES[CorrectionState(row.state)])


def _pill(one: FieldHistory) -> Any:
    if one.came_back:
        return render_state(_("The wrong value came back"), "bad")
    return render_state(_("Waits for a second person"), "warn") if one.waits else render_state(_("Corrected"), "good")


def _link(one: FieldHistory) -> dict[str, Any]:
    if one.row.request_id is None:
        return {"url": ""}
    url = reverse("admin:rights_rightsrequest_change", args=[one.row.request_id], current_app=site.name)
    return {"url": url, "number": RightsRequest.objects.values_list("number", flat=True).get(pk=one.row.request_id)}
