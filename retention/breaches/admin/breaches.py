"""The breach register in the console: record, assess, write letters, record measures, request the closing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.mail.letter_pages import is_preview, preview_letter, show_letter_sheet
from paktaleem.directory.people.admin.people import person_url
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.word_lists import join_words
from retention.breaches.admin.forms import (
    AssessForm,
    AuthorityForm,
    ClientLetterForm,
    ClientsForm,
    CloseForm,
    MeasuresForm,
    PeopleForm,
)
from retention.breaches.messages import LETTER
from retention.breaches.models import Audience, Breach, BreachAssessment, BreachLetter
from retention.breaches.risk import whole_hours_left
from retention.breaches.selectors import count_affected, count_notices, find_list_to_write_to, list_unreached
from retention.breaches.services.letters import notify_authority, write_to_client, write_to_people
from retention.breaches.services.recording import (
    add_clients,
    assess_breach,
    list_missing,
    record_breach,
    record_measures,
    request_closing,
)


class BreachProgressFilter(ProgressFilter):
    """Filter for breaches whose clock runs, open ones, and those that are overdue."""

    offered: ClassVar[Any] = {"open": _("Open"), "overdue": _("Overdue")}


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _call(service: Callable[..., object]) -> Callable[[Breach, dict[str, Any], HttpRequest], None]:
    """Return the function of an act that calls a service with what its form gave."""

    def perform(row: Breach, given: dict[str, Any], request: HttpRequest) -> None:
        service(row, **given, **_by(request))

    return perform


def _show_draft(row: Breach, given: dict[str, Any], request: HttpRequest, *, slug: str) -> HttpResponse | None:
    language = given["language"]
    if "redraft" in request.POST:
        owner: Any = site.get_model_admin(Breach)
        return HttpResponseRedirect(f"{owner.url_of(slug, row)}?{urlencode({'language': language})}")
    if is_preview(request):
        return preview_letter(request, row, slug, kind=LETTER, language=language, text=given["text"])
    return None


def _write_to_client(row: Breach, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if draft := _show_draft(row, given, request, slug="write-client"):
        return draft
    write_to_client(row, **given, **_by(request))
    return None


def _notify_authority(row: Breach, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    if draft := _show_draft(row, given, request, slug="notify-authority"):
        return draft
    notify_authority(row, **given, **_by(request))
    note = gettext(
        "The notification is recorded. Print this page and hand it over, or enter it in the authority’s form. You find "
        "the text again on the page of the breach."
    )
    shown = {"text": given["text"], "language": given["language"]}
    return show_letter_sheet(request, row, heading=given["authority"], note=note, **shown)


def _write_to_people(row: Breach, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    language = given.pop("language")
    if is_preview(request):
        text = given["text_ur"] if language == "ur" else given["text"]
        return preview_letter(request, row, "write-people", kind=LETTER, language=language, text=text)
    write_to_people(row, **given, **_by(request))
    return None


def _is_open(row: Breach, _at: datetime) -> bool:
    return row.is_open


def _state(row: Breach) -> SafeString:
    if not row.is_open:
        return render_state(gettext("Closed"), "good")
    if not row.awaits_authority:
        return render_state(gettext("Open"), "warn")
    return render_state(gettext("Authority to be notified"), "bad")


_CAPABILITY = Capability.MANAGE_BREACHES
_LETTER_PAGE = "console/breach_letter.html"


@admin.register(Breach, site=site)
class BreachAdmin(SortByWaitingTime, ExportableAdmin):
    """Console page of personal-data breaches, newest first."""

    view_capability = Capability.VIEW_BREACHES
    add_capability = Capability.MANAGE_BREACHES
    asks_reason = False
    sortable_by = ()
    list_display = ("recorded_at", "known_at", "state", "hours_left", "to_inform", "owner")
    list_filter = (BreachProgressFilter, "client")
    exported = (
        "incident categories systems outcome happened_from happened_until known_at due_at recorded_at "
        "client_informed_at authority_notified_at people_informed_at closed_at"
    )
    newest_by = "recorded_at"
    longest_first: ClassVar[Any] = {"running": "due_at", "overdue": "due_at"}
    codes: ClassVar[Any] = {"categories": DataCategory, "systems": System}
    row_fields = (
        "happened_from",
        "happened_until",
        "known_at",
        "reported_by",
        "reporter",
        "what",
        "consequences",
        "categories",
        "systems",
    )
    fixed = row_fields
    detail_fields = (
        "state",
        "hours_left",
        "to_inform",
        "due_at",
        "missing",
        "measures",
        "lessons",
        "client_informed_at",
        "authority_notified_at",
        "people_informed_at",
        "closed_at",
    )
    intro = (
        "Breaches of security that led to the loss, alteration or disclosure of personal data. The supervisory "
        "authority is notified within 72 hours after the breach is known, unless a risk for people is unlikely. Record "
        "a breach at once: details can follow."
    )
    empty_text = "No breach is recorded."
    state = state_column(_state)
    acts = (
        RowAction(
            "assess",
            "Assess the risk",
            _CAPABILITY,
            _call(assess_breach),
            form=AssessForm,
            lead="The list of people concerned is frozen with the assessment: those whose data systems hold by their "
            "reports, and those you choose.",
            done="Assessed. The list of people is frozen.",
            applies=_is_open,
        ),
        RowAction(
            "write-client",
            "Write to the client",
            _CAPABILITY,
            _write_to_client,
            form=ClientLetterForm,
            lead="Sent to the client’s administrators. Check and edit the letter, and preview it.",
            done="The letter is on its way.",
            applies=_is_open,
            template=_LETTER_PAGE,
        ),
        RowAction(
            "notify-authority",
            "Notify the authority",
            _CAPABILITY,
            _notify_authority,
            form=AuthorityForm,
            lead="Check and edit the notification. It is recorded here; you hand it over, or enter it in the "
            "authority’s form.",
            applies=_is_open,
            template=_LETTER_PAGE,
        ),
        RowAction(
            "write-people",
            "Write to the people concerned",
            _CAPABILITY,
            _write_to_people,
            form=PeopleForm,
            lead="Sent to everyone on the frozen list, in their language; for a child, to its guardians. Check and "
            "edit both letters, and preview them.",
            done="The letters are on their way.",
            danger=True,
            applies=lambda row, _at: row.is_open and find_list_to_write_to(row) is not None,
            template=_LETTER_PAGE,
        ),
        RowAction(
            "measures",
            "Record measures and lessons",
            _CAPABILITY,
            _call(record_measures),
            form=MeasuresForm,
            lead="Both texts are kept with the breach. No one is written to.",
            done="Recorded.",
            applies=_is_open,
        ),
        RowAction(
            "add-clients",
            "Record at more clients",
            _CAPABILITY,
            _call(add_clients),
            form=ClientsForm,
            lead="The same event is recorded at each client you choose, as a breach of its own with the same facts. "
            "Categories and systems are matched by their codes: those that a client does not have are left out there.",
            done="Recorded.",
            applies=_is_open,
            across_clients=True,
        ),
        RowAction(
            "close",
            "Request the closing",
            _CAPABILITY,
            _call(request_closing),
            form=CloseForm,
            lead="The breach stays open until a second person agrees, under Closings of breaches.",
            done="Requested.",
            applies=lambda row, _at: row.is_open and not list_missing(row),
        ),
    )

    def write(self, row: Any, **details: Any) -> None:
        record_breach(row, actor=details["actor"], at=details["at"])

    def panels(self, request: HttpRequest, row: Breach) -> list[dict[str, Any]]:
        """Show the assessments and the letters; while the breach is open also whose data it concerns."""
        actor = actor_of(request)
        with in_client(row.client_id):
            counts = count_affected(row, actor=actor) if row.is_open else []
            own = {"client_id": row.client_id, "breach": row}
            assessments = list(BreachAssessment.objects.filter(**own))
            letters = [_serialize_letter(one) for one in BreachLetter.objects.filter(**own)]
        values = {"client_id": row.client_id, "counts": counts, "assessments": assessments, "letters": letters}
        return [{"template": "console/panels/breach.html", **values}]

    @admin.display(description="hours left")
    def hours_left(self, row: Breach) -> str:
        """Return the hours left to notify the authority; a dash if its clock does not run."""
        if not row.awaits_authority:
            return "—"
        left = whole_hours_left(row.known_at, get_time_of(row.client_id))
        if left >= 0:
            return str(left)
        return ngettext("{hours} hour late", "{hours} hours late", -left).format(hours=f"{-left:,}")

    @admin.display(description="to be informed")
    def to_inform(self, row: Breach) -> str:
        return str(row.get_outcome_display()) if row.outcome else gettext("not assessed yet")

    @admin.display(description="missing")
    def missing(self, row: Breach) -> str:
        """Return what is missing before it can be closed."""
        return join_words(list_missing(row)) or "—"


def _serialize_letter(letter: BreachLetter) -> dict[str, Any]:
    if letter.audience != Audience.PEOPLE:
        return {"letter": letter}
    unreached = list_unreached(letter)
    return {
        "letter": letter,
        "notices": count_notices(letter),
        "unreached": unreached.map(lambda person: {"name": str(person), "url": person_url(person.pk)}),
    }
