"""Page on which a person says what is wrong, one correction after the other. GET shows, POST adds."""

from functools import partial
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import GET_OR_POST, Visit, own_page
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.console.forms import add_service_error
from paktaleem.foundation.web.public.pages import public_page, redirect_to_page
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
    """One correction: a field or something else, the value as the person knows it, and the correct one."""

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
def state_corrections(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Show the corrections stated so far and the form for another one; add it."""
    row = _get_own(visit, rights_request)
    if find_open_part(row) is None:
        return redirect_to_page("requests")
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _add(request, visit, row, form):
        return redirect_to_page("requests-corrections", row.pk)
    return public_page(
        request,
        "rights/corrections.html",
        title=_("What is wrong?"),
        client=row.client,
        row=row,
        stated=list_corrections(row),
        form=form,
    )


class DisagreementForm(forms.Form):
    """A statement beside data that was not corrected."""

    text = make_text_field(
        _("Statement"), _("Leave it empty to take back the statement."), most=MOST_CHARACTERS, required=False
    )


@own_page(Page.REQUESTS, GET_OR_POST)
def state_own_disagreement(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Show the form for a statement beside data that was not corrected; record it."""
    row = _get_own(visit, rights_request)
    if not is_disagreement_possible(list_parts(row)):
        return redirect_to_page("requests")
    form = DisagreementForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        state_disagreement(row, **form.cleaned_data, actor=visit.actor, at=get_client_time(request))
        return redirect_to_page("requests")
    title = _("Your statement about data that was not corrected")
    return public_page(request, "rights/disagreement.html", title=title, client=row.client, row=row, form=form)


def _get_own(visit: Visit, rights_request: UUID) -> RightsRequest:
    own = RightsRequest.objects.filter(client_id=visit.person.client_id, subject=visit.person, requester=None)
    row = own.select_related("client", "subject").filter(pk=rights_request).first()
    if row is None:
        raise Http404
    return row


def _add(request: HttpRequest, visit: Visit, row: RightsRequest, form: CorrectionForm) -> bool:
    try:
        add_correction(row, Statement(**form.cleaned_data), actor=visit.actor, at=get_client_time(request))
    except ValidationError as error:
        add_service_error(form, error)
    except TooManyCorrections:
        form.add_error(None, _("You have stated as many corrections as one request can have."))
    except (AlreadyAnswered, NoRectification, RequestEnded):
        form.add_error(None, _("This request is already decided. Make a new one."))
    return form.is_valid()


def corrections_extra(request: RightsRequest) -> dict[str, object] | None:
    """Return the corrections of a request, and the way to add one; None for a request about other rights."""
    parts = list_parts(request)
    if not any(part.kind == RightKind.RECTIFICATION for part in parts):
        return None
    waiting = waiting_fields(request)
    rows = [(row, row.state == CorrectionState.MADE and row.field in waiting) for row in list_corrections(request)]
    may_add, may_disagree = find_open_part(request) is not None, is_disagreement_possible(parts)
    return {"template": "rights/corrections_extra.html", "rows": rows, "may_add": may_add, "may_disagree": may_disagree}
