"""Acts of staff on a rights request: those whose page is more than a form and a message."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from paktaleem.directory.mail.letter_pages import LETTER_TEMPLATE, is_preview
from paktaleem.foundation.console.act_pages import act_page
from paktaleem.foundation.console.columns import moment
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from rights.requests.admin import forms
from rights.requests.admin.forms import list_parts_of_page, preview_message, show_sheet
from rights.requests.deadlines import format_day
from rights.requests.hooks import texts_to_read
from rights.requests.messages import ANSWER, NOTICE
from rights.requests.models import RightsRequest
from rights.requests.services.clock import extend_request, pause_request, resume_request
from rights.requests.services.closing import (
    add_rights,
    answer_request,
    close_request,
    is_mailed,
    link_duplicate,
    record_delivery,
)
from rights.requests.services.decisions import (
    AlreadyDecided,
    add_note,
    assign_request,
    decide_part,
    read_notes,
    route_part,
)
from rights.requests.services.intake import assign_person, read_request, verify_identity


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _read(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    texts = read_request(row, reason=given["reason"], **_by(request))
    notes = read_notes(row, actor=actor_of(request))
    owner: Any = site.get_model_admin(RightsRequest)
    labels = {"details": gettext("Details"), "contact": gettext("Contact"), "answer": gettext("Answer")}
    shown = [(labels[field], text) for field, text in texts.items()]
    shown += [(f"{gettext('Note')} · {moment(at)}", text) for at, _, text in notes]
    shown += [one for texts_of in texts_to_read for one in texts_of(row)]
    url = owner.url_of("change", row)
    page: HttpResponse = owner.page(
        request, row, "console/revealed.html", title=gettext("Text of the request"), shown=shown, row_url=url
    )
    return page


def _extend(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        expected = format_day(row.due_at + timedelta(days=given["days"]), row.client.time_zone)
        return preview_message(request, row, "extend", kind=NOTICE, text=given["text"], expected=expected)
    extend_request(row, **given, **_by(request))
    return _hand_over_unless_mailed(request, row, "extended", given["text"])


def _answer(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        return preview_message(request, row, "answer", kind=ANSWER, text=given["text"])
    answer_request(row, **given, **_by(request))
    return _hand_over_unless_mailed(request, row, "answered", given["text"])


def _hand_over_unless_mailed(request: HttpRequest, row: RightsRequest, step: str, text: str) -> HttpResponse | None:
    if is_mailed(row, step):
        return None
    messages.warning(request, gettext("It was not sent by email: print it, hand it over, and record that."))
    return show_sheet(request, row, text=text, language=row.language)


ACTS = (
    act_page(read_request, respond=_read),
    add_note,
    act_page(assign_request, form=forms.AssignForm),
    act_page(assign_person, form=forms.MatchForm),
    act_page(verify_identity, form=forms.VerifyForm),
    pause_request,
    resume_request,
    act_page(extend_request, form=forms.ExtendForm, respond=_extend, template=LETTER_TEMPLATE),
    act_page(route_part, form=forms.RouteForm, target="part", list_targets=list_parts_of_page),
    act_page(add_rights, form=forms.AddRightsForm),
    act_page(decide_part, form=forms.DecideForm, target="part", list_targets=list_parts_of_page),
    act_page(answer_request, form=forms.AnswerForm, respond=_answer, template=LETTER_TEMPLATE),
    record_delivery,
    act_page(
        link_duplicate,
        form=forms.LinkForm,
        refusals={AlreadyDecided: "One of these rights is already decided: answer each request on its own."},
    ),
    close_request,
)
"""Acts on a request, in the order of the work."""
