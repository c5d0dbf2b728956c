"""Acts that write a letter about a request: choose the occasion, edit the draft, preview it, send or print it."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.mail.letter_pages import LETTER_TEMPLATE, is_preview
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.admin.acts import REQUEST
from rights.desk.messages import LETTER
from rights.desk.models.letters import Way
from rights.desk.services.letters import may_mail, send_letter
from rights.requests.admin.letters import preview_message, show_sheet
from rights.requests.letters import OCCASIONS, Occasion, compose_letter, get_answer_occasion
from rights.requests.models.requests import RightsRequest
from rights.requests.services.steps import list_parts

__all__: list[str] = []

_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in {"en", "ur"}]
_ALWAYS = (Occasion.ACKNOWLEDGEMENT, Occasion.IDENTITY, Occasion.CLARIFICATION, Occasion.CLOSING)
_ASKING = frozenset({Occasion.IDENTITY, Occasion.CLARIFICATION})
_DESTROYED: dict[type[Exception], str] = {CannotOpen: "The texts of this request have been deleted."}


def _list_occasions(row: RightsRequest) -> list[Occasion]:
    """List the occasions that apply: the answer once everything is decided, the notice before the due date."""
    if row.answered_at is not None:
        return [Occasion.CLOSING]
    is_decided = all(part.decision for part in list_parts(row))
    return [*_ALWAYS, Occasion.NOTICE, *([get_answer_occasion(row)] if is_decided else [])]


class ChooseLetterForm(ActionForm):
    """The occasion and the language of a letter."""

    occasion = forms.ChoiceField(label=_("Occasion"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what applies to the request, in its language."""
        super().__init__(*args, **kwargs)
        offered = set(_list_occasions(self.row))
        set_choices(self, "occasion", [(code, label) for code, label in OCCASIONS if Occasion(code) in offered])
        self.fields["language"].initial = self.row.language


class LetterForm(ActionForm):
    """The draft of a letter, and how it reaches the person."""

    occasion = forms.ChoiceField(choices=OCCASIONS, widget=forms.HiddenInput)
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
        if not self.is_bound and occasion in dict(OCCASIONS):
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
    occasion = Occasion(given["occasion"])
    if occasion is Occasion.NOTICE:
        return HttpResponseRedirect(owner.url_of("extend", row))
    if occasion not in _ALWAYS:
        return HttpResponseRedirect(owner.url_of("answer", row))
    chosen = urlencode({"occasion": occasion.value, "language": given["language"]})
    return HttpResponseRedirect(f"{owner.url_of('send-letter', row)}?{chosen}")


def _send(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        language = given["language"]
        return preview_message(request, row, "send-letter", kind=LETTER, language=language, text=given["text"])
    send_letter(row, **given, actor=actor_of(request), at=get_action_time(request))
    if given["way"] == Way.MAIL:
        return None
    return show_sheet(request, row, text=given["text"], language=given["language"])


def _may_write(row: RightsRequest, _at: datetime) -> bool:
    return row.is_open and row.wrapped is not None


_ACTS = (
    RowAction(
        "letter",
        "Write a letter",
        Capability.ANSWER_RIGHTS_REQUESTS,
        _choose,
        form=ChooseLetterForm,
        lead="Choose the occasion. The template is filled in; you edit and preview it before it is sent.",
        applies=_may_write,
    ),
    RowAction(
        "send-letter",
        "Send the letter",
        Capability.ANSWER_RIGHTS_REQUESTS,
        _send,
        form=LetterForm,
        lead="Check and edit the letter. Before the identity is verified it must say nothing about the data.",
        done="The letter is on its way.",
        applies=_may_write,
        refusals=_DESTROYED,
        listed=False,
        template=LETTER_TEMPLATE,
    ),
)
for _act in _ACTS:
    added_acts.connect(AddedAct(REQUEST, _act, after="note"))
