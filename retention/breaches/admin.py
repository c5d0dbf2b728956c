"""The breach register in the console: record, assess, write letters, record measures, close by two people."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.mail.admin import is_preview, preview_letter, show_letter_sheet
from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.schools.forms import CHOOSING, SelectionForm
from paktaleem.directory.schools.selectors import EVERYONE
from paktaleem.foundation.accounts.acts import Act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import waiting_panels
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import SortByWaitingTime, progress_filter
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, set_choices
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.foundation.console.model_admin import Saving
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, Weakens, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.times import join_words
from retention.breaches.models import Audience, Breach, BreachAssessment, BreachLetter, Likelihood, Outcome, Severity
from retention.breaches.selectors import count_affected, count_notices, list_residences, list_unreached
from retention.breaches.services import (
    FACTS,
    INFORM_PEOPLE,
    LETTER,
    add_clients,
    assess_breach,
    compose_breach_letters,
    list_missing,
    notify_authority,
    record_breach,
    record_measures,
    request_closing,
    write_to_client,
    write_to_people,
)

LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in {"en", "ur"}]


def _letter_field(label: Any, language: str = "") -> forms.CharField:
    attributes = {"rows": 14, "dir": "rtl", "lang": "ur"} if language == "ur" else {"rows": 14, "dir": "auto"}
    return forms.CharField(label=label, max_length=8000, widget=forms.Textarea(attrs=attributes))


class AssessForm(ActionForm, SelectionForm):
    likelihood = forms.ChoiceField(label=_("Likelihood of harm"), choices=Likelihood.choices, widget=forms.RadioSelect)
    severity = forms.ChoiceField(label=_("Severity of harm"), choices=Severity.choices, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(
        label=_("Who is informed besides the client?"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    reasons = forms.CharField(
        label=_("Reasons"),
        max_length=4000,
        widget=AdminTextareaWidget,
        help_text=_("Also why no one is informed, if so. Do not name people."),
    )
    everyone = forms.BooleanField(
        label=_("Everyone of the client is concerned"),
        required=False,
        help_text=_("Otherwise the people whose data systems hold, by their reports, and those you choose below."),
    )
    number = forms.IntegerField(
        label=_("Number of people concerned"),
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        help_text=_("If it is known from elsewhere, such as a log. Letters state it if it is larger than the list."),
    )
    field_order = ("likelihood", "severity", "outcome", "reasons", "everyone", *CHOOSING, "number")

    def clean(self) -> FormData:
        cleaned = super().clean() or self.cleaned_data
        with in_client(self.row.client_id):
            self.check_selection(self.row.client_id)
        chosen = self.selection if not self.errors and self.selection != EVERYONE else None
        is_everyone = cleaned.pop("everyone")
        if chosen and is_everyone:
            self.add_error("everyone", _("Choose people below, or everyone."))
        kept = {name: value for name, value in cleaned.items() if name not in CHOOSING}
        return {**kept, "also": EVERYONE if is_everyone else chosen}


class _LetterForm(ActionForm):
    audience: Audience

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, widget=forms.RadioSelect, initial="en")
    text = _letter_field(_("Letter"))

    def prepare(self) -> None:
        if not self.is_bound:
            with in_client(self.row.client_id):
                drafts = compose_breach_letters(self.row, self.audience, actor=actor_of(self.request))
            language = "ur" if self.initial.get("language") == "ur" else "en"
            self.initial.update({"language": language, "text": drafts[language], "text_ur": drafts["ur"]})


class ClientLetterForm(_LetterForm):
    audience = Audience.CLIENT

    handed_to = forms.CharField(
        label=_("Handed over to"),
        max_length=200,
        required=False,
        help_text=_("Only if the client has no administrator: the office to which you hand the letter. Name no one."),
    )


class AuthorityForm(_LetterForm):
    audience = Audience.AUTHORITY

    authority = forms.CharField(label=_("Supervisory authority"), max_length=200)
    late_reason = forms.CharField(
        label=_("Reasons for the delay"),
        max_length=4000,
        required=False,
        widget=AdminTextareaWidget,
        help_text=_("Only after the deadline."),
    )
    field_order = ("authority", "language", "text", "late_reason")

    def prepare(self) -> None:
        super().prepare()
        own, lives = self.row.client.list_authorities(self.row.known_at), list_residences(self.row)
        self.fields["authority"].initial = own[0].name if own else ""
        if others := [
            one.name for one in self.row.client.list_authorities(self.row.known_at, *lives) if one not in own
        ]:
            words = _(
                "People concerned live elsewhere. Write to these authorities too, one notification each: {names}."
            )
            self.fields["authority"].help_text = words.format(names=join_words(others))


class PeopleForm(_LetterForm):
    audience = Audience.PEOPLE

    language = forms.ChoiceField(label=_("Preview in"), choices=LANGUAGES, widget=forms.RadioSelect, initial="en")
    text = _letter_field(_("Letter (English)"))
    text_ur = _letter_field(_("Letter (Urdu)"), "ur")


class MeasuresForm(RowActionForm):
    measures = forms.CharField(
        label=_("Measures"),
        max_length=4000,
        widget=AdminTextareaWidget,
        help_text=_("Taken and proposed; shown in letters."),
    )
    lessons = forms.CharField(label=_("Lessons"), max_length=4000, required=False, widget=AdminTextareaWidget)

    def prepare(self) -> None:
        self.initial["measures"], self.initial["lessons"] = self.row.measures, self.row.lessons


class ClientsForm(ActionForm):
    clients = forms.ModelMultipleChoiceField(
        Client.objects.none(), label=_("Clients"), widget=forms.CheckboxSelectMultiple
    )

    def prepare(self) -> None:
        others = Client.objects.exclude(pk=self.row.client_id).filter(is_sandbox=False)
        set_choices(self, "clients", others.order_by("name"))


def _letter_page(act: Act[Any, Any, BreachLetter], form: type[_LetterForm]) -> RowAction:
    def respond(row: Breach, given: FormData, request: HttpRequest) -> HttpResponse | None:
        language = given["language"]
        if "redraft" in request.POST:
            owner = site.get_model_admin(Breach)
            return HttpResponseRedirect(f"{owner.url_of(act.slug, row)}?{urlencode({'language': language})}")
        if "text_ur" in given:  # written in both languages: this is the one of the preview
            del given["language"]
        if is_preview(request):
            text = given["text_ur"] if language == "ur" and "text_ur" in given else given["text"]
            return preview_letter(request, row, act.slug, kind=LETTER, language=language, text=text)
        letter = act(row, **given, actor=actor_of(request), at=get_action_time(request))
        if letter.audience != Audience.AUTHORITY:
            return None
        note = gettext(
            "The notification is recorded. Print this page and hand it over, or enter it in the authority’s form. You "
            "find the text again on the page of the breach."
        )
        return show_letter_sheet(request, row, heading=letter.recipient, note=note, text=letter.text, language=language)

    return act_page(act, form=form, respond=respond, template="console/breach_letter.html")


def _state(row: Breach) -> SafeString:
    if not row.is_open:
        return render_state(gettext("Closed"), "good")
    if not row.awaits_authority:
        return render_state(gettext("Open"), "warn")
    return render_state(gettext("Authority to be notified"), "bad")


@admin.register(Breach, site=site)
class BreachAdmin(SortByWaitingTime, ExportableAdmin[Breach]):
    view_capability = Capability.VIEW_CLIENT_RECORDS
    add_capability = Capability.SUPERVISE
    asks_reason = False
    sortable_by = ()
    list_display = ("recorded_at", "known_at", "state", "hours_left", "to_inform", "owner")
    list_filter = (progress_filter(open=_("Open"), overdue=_("Overdue")), "client")
    exported = (
        "incident categories systems outcome happened_from happened_until known_at due_at recorded_at "
        "client_informed_at authority_notified_at people_informed_at closed_at"
    )
    longest_first = {"running": "due_at", "overdue": "due_at"}
    codes = {"categories": DataCategory, "systems": System}
    row_fields = fixed = (*FACTS, "categories", "systems")
    detail_fields = (
        *("state", "hours_left", "to_inform", "due_at", "missing", "measures", "lessons"),
        *("client_informed_at", "authority_notified_at", "people_informed_at", "closed_at"),
    )
    intro = (
        "Breaches of security that led to the loss, alteration or disclosure of personal data. The supervisory "
        "authority is notified within 72 hours after the breach is known, or earlier by the law, unless a risk for "
        "people is unlikely. Record a breach at once: details can follow."
    )
    empty_text = "No breach is recorded."
    state = state_column(_state)
    to_inform = text_column(
        lambda row: str(row.get_outcome_display()) if row.outcome else gettext("not assessed yet"), "to be informed"
    )
    missing = text_column(lambda row: join_words(list_missing(row)) or "—", "missing")
    acts = (
        act_page(assess_breach, form=AssessForm),
        _letter_page(write_to_client, ClientLetterForm),
        _letter_page(notify_authority, AuthorityForm),
        _letter_page(write_to_people, PeopleForm),
        act_page(record_measures, form=MeasuresForm),
        act_page(add_clients, form=ClientsForm, across_clients=True),
        act_page(request_closing, weakens=Weakens.ALWAYS),
    )

    def write(self, row: Breach, saving: Saving) -> None:
        record_breach(row, actor=saving.actor, at=saving.at)

    def panels(self, request: HttpRequest, row: Breach) -> list[dict[str, object]]:
        own = {"client_id": row.client_id, "breach": row}
        with in_client(row.client_id):
            panel = {
                "template": "console/panels/breach.html",
                "client_id": row.client_id,
                "counts": count_affected(row, actor=actor_of(request)) if row.is_open else [],
                "assessments": list(BreachAssessment.objects.filter(**own)),
                "letters": [_serialize_letter(one) for one in BreachLetter.objects.filter(**own)],
            }
        return [panel, *waiting_panels(row)]

    @admin.display(description="hours left")
    def hours_left(self, row: Breach) -> str:
        if not row.awaits_authority:
            return "—"
        left = (row.due_at - get_time_of(row.client_id)) // timedelta(hours=1)
        if left >= 0:
            return str(left)
        return ngettext("{hours} hour late", "{hours} hours late", -left).format(hours=f"{-left:,}")


def _serialize_letter(letter: BreachLetter) -> dict[str, object]:
    if letter.audience != Audience.PEOPLE:
        return {"letter": letter}
    unreached = list_unreached(letter)
    return {
        "letter": letter,
        "notices": count_notices(letter),
        "unreached": unreached.map(lambda person: {"name": str(person), "url": person_url(person.pk)}),
    }


_LOOKED_BACK = timedelta(days=30)


def measure_letter(row: BreachLetter) -> Progress:
    found = count_notices(row)
    ended = (found.latest or row.sent_at) if found.done >= found.people else None
    return Progress(found.done, found.people, row.sent_at, ended, started_by=row.actor_id)


def _list_rows(since: datetime) -> QuerySet[BreachLetter]:
    rows = BreachLetter.objects.filter(audience=Audience.PEOPLE, sent_at__gte=since - _LOOKED_BACK)
    return rows.defer("text", "text_ur").order_by("-sent_at", "-pk")


long_acts.connect(
    LongAct(
        "breaches.breachletter",
        _("Emails about a breach"),
        frozenset({INFORM_PEOPLE}),
        Capability.VIEW_CLIENT_RECORDS,
        _list_rows,
        measure_letter,
        lambda row: reverse("admin:breaches_breach_change", args=[row.breach_id]),
    )
)
