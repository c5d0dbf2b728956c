"""Pages of a person, or of a child's guardian: say what is wrong, and disagree with what was not corrected.

GET shows, POST adds. Each acts on requests that they made themselves.
"""

from functools import partial
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from consent.own_pages.guardian_pages import ChildView, about_child
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import GET_OR_POST, Visit, own_page
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.console.forms import add_service_error
from paktaleem.foundation.web.public.pages import page_url, public_page
from rights.rectifications.disagreements import MOST_CHARACTERS, is_disagreement_possible, state_disagreement
from rights.rectifications.models import CorrectionState
from rights.rectifications.selectors import list_corrections, waiting_fields
from rights.rectifications.services import (
    NoRectification,
    Statement,
    TooManyCorrections,
    add_correction,
    find_open_part,
)
from rights.rectifications.values import FIELD_LABELS
from rights.requests.fields import make_text_field
from rights.requests.models import RightKind, RightsRequest
from rights.requests.services.clock import AlreadyAnswered
from rights.requests.services.steps import RequestEnded, list_parts

_make_line = partial(
    forms.CharField, required=False, widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})
)


class CorrectionForm(forms.Form):
    field = forms.ChoiceField(label=_("What is wrong?"), choices=[("", _("Choose…")), *FIELD_LABELS.items()])
    about = _make_line(
        label=_("If it is something else: what, and where?"),
        help_text=_("For example: the mark of a course, and the course."),
        max_length=300,
    )
    old_value = _make_line(label=_("What is there now, as far as you know?"), max_length=2000)
    new_value = _make_line(
        label=_("What is correct?"),
        help_text=_("Write a day as 2014-03-27. Leave it empty to have an email address or phone number removed."),
        max_length=2000,
    )
    evidence = make_text_field(
        _("What shows it?"),
        _("In words, such as: it is so on my certificate. Never send identity papers."),
        rows=3,
        most=2000,
        required=False,
    )


@own_page(Page.REQUESTS, GET_OR_POST)
def state_own_corrections(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    return _answer_corrections(request, _get_made_by(None, visit.person, rights_request), visit.actor)


@about_child(GET_OR_POST)
def state_corrections_of_ward(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    return _answer_corrections(
        request, _get_made_by(ward.visit.person, ward.child, rights_request), ward.actor, about=ward.name
    )


def _answer_corrections(request: HttpRequest, row: RightsRequest, actor: Actor, *, about: str = "") -> HttpResponse:
    if find_open_part(row) is None:
        return HttpResponseRedirect(_list_url(row))
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _add(request, actor, row, form):
        return HttpResponseRedirect(_form_url(row, "corrections"))
    return public_page(
        request,
        "rights/corrections.html",
        title=_("What is wrong?"),
        client=row.client,
        row=row,
        stated=list_corrections(row),
        form=form,
        back=_list_url(row),
        about=about,
    )


class DisagreementForm(forms.Form):
    text = make_text_field(
        _("Statement"), _("Leave it empty to take back the statement."), most=MOST_CHARACTERS, required=False
    )


@own_page(Page.REQUESTS, GET_OR_POST)
def state_own_disagreement(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    return _answer_disagreement(request, _get_made_by(None, visit.person, rights_request), visit.actor)


@about_child(GET_OR_POST)
def state_disagreement_of_ward(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    return _answer_disagreement(
        request, _get_made_by(ward.visit.person, ward.child, rights_request), ward.actor, about=ward.name
    )


def _answer_disagreement(request: HttpRequest, row: RightsRequest, actor: Actor, *, about: str = "") -> HttpResponse:
    back = _list_url(row)
    if not is_disagreement_possible(list_parts(row)):
        return HttpResponseRedirect(back)
    form = DisagreementForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        state_disagreement(row, **form.cleaned_data, actor=actor, at=get_client_time(request))
        return HttpResponseRedirect(back)
    title = _("Your statement about data that was not corrected")
    return public_page(
        request,
        "rights/disagreement.html",
        title=title,
        client=row.client,
        row=row,
        form=form,
        back=back,
        about=about,
    )


def _get_made_by(requester: Subject | None, subject: Subject, key: UUID) -> RightsRequest:
    made = RightsRequest.objects.filter(client_id=subject.client_id, subject=subject, requester=requester)
    return get_object_or_404(made.select_related("client", "subject"), pk=key)


def _form_url(row: RightsRequest, form: str) -> str:
    is_own = row.requester_id is None
    return page_url(f"requests-{form}", row.pk) if is_own else page_url(f"guardian-{form}", row.subject_id, row.pk)


def _list_url(row: RightsRequest) -> str:
    return page_url("requests") if row.requester_id is None else page_url("guardian-data", row.subject_id)


def _add(request: HttpRequest, actor: Actor, row: RightsRequest, form: CorrectionForm) -> bool:
    try:
        add_correction(row, Statement(**form.cleaned_data), actor=actor, at=get_client_time(request))
    except ValidationError as error:
        add_service_error(form, error)
    except TooManyCorrections:
        form.add_error(None, _("You have stated as many corrections as one request can have."))
    except (AlreadyAnswered, NoRectification, RequestEnded):
        form.add_error(None, _("This request is already decided. Make a new one."))
    return form.is_valid()


def corrections_extra(request: RightsRequest) -> dict[str, object] | None:
    parts = list_parts(request)
    if not any(part.kind == RightKind.RECTIFICATION for part in parts):
        return None
    waiting = waiting_fields(request)
    rows = [(row, row.state == CorrectionState.MADE and row.field in waiting) for row in list_corrections(request)]
    return {
        "template": "rights/corrections_extra.html",
        "rows": rows,
        "add_url": _form_url(request, "corrections") if find_open_part(request) else "",
        "disagree_url": _form_url(request, "disagreement") if is_disagreement_possible(parts) else "",
    }
