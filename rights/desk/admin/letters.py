"""Acts that write a letter about a request: choose the occasion, edit the draft, preview it, send or print it."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.mail.letter_pages import LETTER_TEMPLATE, is_preview
from paktaleem.directory.staff.administration.client_pages import PublicPage, public_pages
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.act_pages import act_page
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import annotate_actor, format_actor
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.admin.request_tasks import REQUEST
from rights.desk.messages import LETTER
from rights.desk.models import Way
from rights.desk.selectors import list_letters, list_other_sides, list_tasks
from rights.desk.services import CallOutcome, may_mail, record_call, send_letter
from rights.requests.admin.forms import preview_message, request_panels, show_sheet
from rights.requests.admin.queue import assignee_for
from rights.requests.letters import ANSWERS, Occasion, compose_letter
from rights.requests.models import RightsRequest

_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in {"en", "ur"}]
_ELSEWHERE = {*ANSWERS, Occasion.NOTICE}
_ASKING = frozenset({Occasion.IDENTITY, Occasion.CLARIFICATION})


class ChooseLetterForm(ActionForm):
    """The occasion and the language of a letter."""

    occasion = forms.ChoiceField(label=_("Occasion"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_answered = self.row.answered_at is not None
        offered = {Occasion.CLOSING} if is_answered else {*Occasion} - _ELSEWHERE
        set_choices(self, "occasion", [(code, label) for code, label in Occasion.choices if Occasion(code) in offered])
        self.fields["language"].initial = self.row.language


class LetterForm(ActionForm):
    """The draft of a letter, and how it reaches the person."""

    occasion = forms.ChoiceField(choices=Occasion.choices, widget=forms.HiddenInput)
    language = forms.ChoiceField(choices=_LANGUAGES, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Letter"),
        help_text=_("Sent in these words, and kept encrypted."),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 14, "dir": "auto"}),
    )
    way = forms.ChoiceField(label=_("How does it reach the person?"), choices=Way.choices, widget=forms.RadioSelect)
    pauses = forms.BooleanField(label=_("Pause the clock until they reply"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Fill in the template of the occasion; offer email only if a contact has been on file for 72 hours."""
        super().__init__(*args, **kwargs)
        occasion = str(self.initial.get("occasion") or self.data.get("occasion") or "")
        if not self.is_bound and occasion in set(Occasion):
            language = str(self.initial.get("language") or "")
            self.initial.setdefault("text", compose_letter(self.row, occasion, language=language))
        with in_client(self.row.client_id):
            mails = may_mail(self.row, get_action_time(self.request))
        set_choices(self, "way", [one for one in Way.choices if mails or one[0] != Way.MAIL])
        self.fields["way"].initial = Way.MAIL if mails else Way.BY_HAND
        if occasion not in _ASKING:
            del self.fields["pauses"]


def _choose(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    del request
    owner: Any = site.get_model_admin(RightsRequest)
    return HttpResponseRedirect(f"{owner.url_of('send-letter', row)}?{urlencode(given)}")


def _send(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        language = given["language"]
        return preview_message(request, row, "send-letter", kind=LETTER, language=language, text=given["text"])
    send_letter(row, **given, actor=actor_of(request), at=get_action_time(request))
    if given["way"] == Way.MAIL:
        return None
    return show_sheet(request, row, text=given["text"], language=given["language"])


_ACTS = (
    RowAction(
        "letter",
        "Write a letter",
        Capability.ANSWER_RIGHTS_REQUESTS,
        _choose,
        form=ChooseLetterForm,
        lead="Choose the occasion. The template is filled in; you edit and preview it before it is sent. The answer is "
        "written with “Answer”, the reasoned notice with “Extend it”.",
        applies=lambda row, _at: row.is_open and row.wrapped is not None,
    ),
    act_page(send_letter, form=LetterForm, respond=_send, listed=False, template=LETTER_TEMPLATE),
)
for _act in _ACTS:
    added_acts.connect(AddedAct(REQUEST, _act, after="note"))


_OUTCOMES = [
    (CallOutcome.REACHED.value, _("The person answered and made this request: it counts as theirs")),
    (CallOutcome.NOT_REACHED.value, _("No one answered")),
    (CallOutcome.NOT_THEM.value, _("The person answered and did not make it: the request ends")),
]


class CallForm(ActionForm):
    """The outcome of a call."""

    outcome = forms.ChoiceField(label=_("What did the call show?"), choices=_OUTCOMES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Look whether a number is on file, and since when; the number itself is shown by *Reveal personal data*."""
        super().__init__(*args, **kwargs)
        self.person = self.row.sender
        self.has_number = self.person.phone is not None
        with in_client(self.row.client_id):
            self.is_settled = self.has_number and is_contact_settled(self.person, get_action_time(self.request))
        self.may_reveal = may(self.request, Capability.REVEAL_PERSONAL_DATA)


added_acts.connect(
    AddedAct(REQUEST, act_page(record_call, form=CallForm, template="console/rights_call.html"), after="match")
)


@request_panels.connect
def hand_over_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the links to the rows of a request that was handed over, for officers."""
    sides = list_other_sides(row, actor=actor_of(request))
    return {"template": "console/panels/rights_handover.html", "sides": sides} if sides else None


@request_panels.connect
def letters_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the letters about a request, without their texts."""
    if not may(request, Capability.HANDLE_RIGHTS_REQUESTS):
        return None
    letters = annotate_actor(list_letters(row), actor_of(request))
    lines = [(one, format_actor(one)) for one in letters]
    return {"template": "console/panels/rights_letters.html", "lines": lines} if lines else None


@request_panels.connect
def tasks_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the tasks about a request, open ones first."""
    if not may(request, Capability.HANDLE_RIGHTS_REQUESTS):
        return None
    viewer = actor_of(request)
    tasks = list_tasks(viewer).filter(client_id=row.client_id, request=row).annotate(assigned_to=assignee_for(viewer))
    lines = [
        (one, reverse("admin:desk_requesttask_change", args=[one.pk], current_app=site.name))
        for one in sorted(tasks, key=lambda one: (one.is_done, one.due_on))
    ]
    return {"template": "console/panels/rights_tasks.html", "lines": lines} if lines else None


public_pages.connect(PublicPage(gettext_noop("Make a request"), "rights-form-of"))
public_pages.connect(PublicPage(gettext_noop("Report a concern about a child’s data"), "concern-about"))
