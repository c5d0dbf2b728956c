"""The acts that move one pupil, or pupils of a class, to other classes or another school of the same client."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.admin import LinesField, PlaceField, offer_places, read_place
from paktaleem.directory.schools.models import Enrolment, EnrolmentRole, SchoolClass
from paktaleem.directory.schools.selectors import get_day, list_moving_enrolments, list_people_of_class
from paktaleem.directory.schools.services.moving import Move, check_move, move_pupils
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import annotate_actor, format_actor
from paktaleem.foundation.console.forms import RowActionForm, add_service_error, set_choices
from paktaleem.foundation.console.person_pages import person_acts, person_panels
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.word_lists import join_words
from paktaleem.office.school_years.moves import MovePreview, list_moves_of, preview_move, read_moves
from paktaleem.office.school_years.selectors import PUPILS, is_only_pupil
from paktaleem.office.school_years.services import leave_client
from rights.requests.models import RightKind

_MOST_PEOPLE, _MOST_OTHERS, _SHOWN, _NAMED = 500, 20, 20, 10
_NOT_MOVED = _("No one has been moved yet. Check what changes and what stays, then send the form again.")
_LEAD = (
    "Within this client nothing is lost: consents, guardians, what is held, requests and the history are about the "
    "pupil and stay. Only classes end and begin. First you see what changes. Move the pupil in the LMS too: what the "
    "LMS or the next roster states counts."
)


class MoveForm(RowActionForm):
    """The new classes and the day; the first submission shows the effect, the second one with the same effect moves."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    joining = PlaceField(
        of=[SchoolClass],
        label=_("New class"),
        required=True,
        help_text=_("Its name or LMS id; a class of any school of this client."),
    )
    others = LinesField(
        rows=3,
        label=_("Other new classes"),
        help_text=_("If they join several: one name or LMS id per line."),
    )
    on = forms.DateField(
        label=_("First day in the new classes"),
        widget=DayInput,
        help_text=_("The present classes end with the day before."),
    )
    effect: MovePreview | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer today, in the client's time zone."""
        super().__init__(*args, **kwargs)
        self.at = get_action_time(self.request)
        with in_client(self.row.client_id):
            self.client = Client.objects.get(pk=self.row.client_id)
            self.offer()
            offer_places(self, "joining", self.client.pk)
        self.initial.setdefault("on", get_day(self.client, self.at))

    def offer(self) -> None:
        """Set the people or classes to choose from, in the client's context."""
        raise NotImplementedError

    def clean_joining(self) -> UUID:
        """Return the key of the class that the text names."""
        return self._read_class(self.cleaned_data["joining"])

    def clean_others(self) -> list[UUID]:
        """Return the keys of the classes that the lines name."""
        lines = self.cleaned_data["others"]
        if len(lines) > _MOST_OTHERS:
            raise forms.ValidationError(gettext("Enter at most 20 classes."))
        return [self._read_class(line) for line in lines]

    def _read_class(self, text: str) -> UUID:
        with in_client(self.row.client_id):
            return read_place(text, self.client.pk, [SchoolClass]).key

    def clean(self) -> dict[str, Any]:
        """Add the checked move; unless its effect was shown for these values, show it instead of moving."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        cleaned["classes"] = {cleaned["joining"], *cleaned["others"]}
        cleaned["move"] = move = self.to_move(cleaned)
        with in_client(self.row.client_id):
            try:
                check_move(move, client=self.client, at=self.at)
            except ValidationError as refusal:
                add_service_error(self, refusal)
                return cleaned
            effect = preview_move(move, client=self.client, at=self.at)
        digest = self._digest(effect)
        if cleaned["seen"] != digest:
            self.effect = effect
            self._ask_again(digest)
        return cleaned

    def to_move(self, cleaned: dict[str, Any]) -> Move:
        """Return the move of a valid form."""
        raise NotImplementedError

    def _ask_again(self, digest: str) -> None:
        self.data = QueryDict(mutable=True)
        for name in self.request.POST:
            self.data.setlist(name, self.request.POST.getlist(name))
        self.data["seen"] = digest
        self.add_error(None, ValidationError(_NOT_MOVED, code=EFFECT_SHOWN))

    def _digest(self, effect: MovePreview) -> str:
        """Return a digest of the values and of their effect."""
        names = sorted(set(self.request.POST) - {"seen", "reason", "csrfmiddlewaretoken"})
        values = "\0".join(f"{name}={one}" for name in names for one in self.request.POST.getlist(name))
        return hashlib.sha256(f"{values}\0{effect.fingerprint}".encode()).hexdigest()


class PersonMoveForm(MoveForm):
    """The classes that end for one pupil, and the new ones."""

    leaving = forms.MultipleChoiceField(
        label=_("Classes that end"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("leaving", "joining", "others", "on", "reason")
    row: Subject

    def offer(self) -> None:
        """Offer the pupil's classes, all chosen; leave the field out if there are none."""
        today = get_day(self.client, self.at)
        rows = list_moving_enrolments(self.client.pk, [self.row.pk], leaving=None, joining=(), on=today)
        found = {str(one.school_class_id): _name(one.school_class) for one in rows}
        set_choices(self, "leaving", found.items())
        self.initial.setdefault("leaving", list(found))
        if not found:
            del self.fields["leaving"]

    def to_move(self, cleaned: dict[str, Any]) -> Move:
        """Return the move of a valid form."""
        leaving = [UUID(key) for key in cleaned.get("leaving", [])]
        return Move(people=[self.row.pk], leaving=leaving, joining=cleaned["classes"], on=cleaned["on"])


class ClassMoveForm(MoveForm):
    """The pupils of a class who move, whether their other classes end too, and the new classes."""

    people = forms.MultipleChoiceField(label=_("Pupils who move"), required=False, widget=forms.CheckboxSelectMultiple)
    ids = LinesField(
        rows=4,
        max_length=200_000,
        label=_("Pupils of this class, by LMS id"),
        help_text=_("One per line, besides those chosen above; at most 500 together."),
    )
    every_class = forms.BooleanField(
        label=_("End all their other classes too"),
        required=False,
        help_text=_("Choose this if they move to another school. Otherwise only this class ends."),
    )
    field_order = ("people", "ids", "every_class", "joining", "others", "on", "reason")
    row: SchoolClass

    def offer(self) -> None:
        """Offer the pupils who are in the class today; of a large class the first, and the others by their LMS ids."""
        rows = self._list_pupils()
        found = list(rows[:_MOST_PEOPLE])
        set_choices(self, "people", [(str(one.subject_id), str(one.subject)) for one in found])
        if len(found) < _MOST_PEOPLE or (left_out := rows.count() - len(found)) <= 0:
            self.fields["people"].required = True
            del self.fields["ids"]
            return
        self.fields["people"].help_text = gettext(
            "The first {shown} are listed, in the order of their LMS ids; {left_out} more are not. Enter the ids of "
            "those below."
        ).format(shown=len(found), left_out=left_out)

    def _list_pupils(self) -> QuerySet[Enrolment]:
        rows = list_people_of_class(self.row, on=get_day(self.client, self.at))
        return rows.filter(role=EnrolmentRole.STUDENT, subject__erasure_started_at=None)

    def clean_ids(self) -> list[UUID]:
        """Return the keys of the pupils that the lines name. Raises ValidationError for others than this class's."""
        lines = self.cleaned_data["ids"]
        with in_client(self.row.client_id):
            rows = self._list_pupils().filter(subject__external_id__in=lines)
            found = dict(rows.values_list("subject__external_id", "subject_id"))
        if unknown := [one for one in lines if one not in found]:
            shown = join_words([*unknown[:_NAMED], "…"] if len(unknown) > _NAMED else unknown)
            raise forms.ValidationError(gettext("Not a pupil of this class today: {ids}.").format(ids=shown))
        return list(found.values())

    def to_move(self, cleaned: dict[str, Any]) -> Move:
        """Return the move of a valid form."""
        leaving = None if cleaned["every_class"] else [self.row.pk]
        people = list(dict.fromkeys([*map(UUID, cleaned["people"]), *cleaned.get("ids", ())]))
        return Move(people=people, leaving=leaving, joining=cleaned["classes"], on=cleaned["on"])

    def clean(self) -> dict[str, Any]:
        """Check the number of pupils, then as every move."""
        chosen = len({*self.cleaned_data.get("people", ()), *map(str, self.cleaned_data.get("ids", ()))})
        if chosen > _MOST_PEOPLE:
            self.add_error("people", gettext("Choose at most {most} pupils at once.").format(most=_MOST_PEOPLE))
        return super().clean()


def _name(of: SchoolClass) -> str:
    return f"{of.title} ({of.school})" if of.school else of.title


def _move(row: Subject | SchoolClass, given: dict[str, Any], request: HttpRequest) -> None:
    client = Client.objects.get(pk=row.client_id)
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    move_pupils(given["move"], client=client, **by)


def _is_pupil(row: Subject, _at: datetime) -> bool:
    return row.is_recorded and row.is_account_open and not {row.role, *row.other_roles}.isdisjoint(PUPILS)


person_acts.connect(
    RowAction(
        "moves-class",
        "Move to another school or class",
        Capability.REGISTER_SUBJECTS,
        _move,
        form=PersonMoveForm,
        lead=_LEAD,
        done="The pupil is moved. Consents, guardians, holdings and requests are unchanged.",
        template="console/move_pupils.html",
        applies=_is_pupil,
    )
)
added_acts.connect(
    AddedAct(
        "schools.schoolclass",
        RowAction(
            "move-pupils",
            "Move pupils to another class",
            Capability.REGISTER_SUBJECTS,
            _move,
            form=ClassMoveForm,
            lead=_LEAD,
            done="The pupils are moved. Their consents, guardians, holdings and requests are unchanged.",
            template="console/move_pupils.html",
            applies=lambda row, _at: row.ended_at is None,
        ),
    )
)


@person_panels.connect
def moves_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show who moved a pupil when, from which classes to which, and why; None if no one did."""
    found = take_latest(annotate_actor(list_moves_of(row), actor_of(request)), _SHOWN)
    lines = found.with_rows(
        {
            "left": _names(one.left),
            "joined": _names(one.joined),
            "on": one.on,
            "at": one.entry.recorded_at,
            "who": format_actor(one.entry),
            "why": Reason(one.reason).label,
        }
        for one in read_moves(row, found)
    )
    return {"template": "console/panels/moves.html", "lines": lines} if lines else None


def _names(classes: Sequence[SchoolClass]) -> str:
    return join_words(map(_name, classes)) or "—"


class PortabilityForm(RowActionForm):
    """Whether the data is requested to be taken along, and the reason."""

    portability = forms.ChoiceField(
        label=_("Data to take along"),
        choices=[
            ("none", _("No one has asked for it")),
            ("requested", _("The person or a guardian asks for it: record the request next")),
        ],
        initial="none",
        widget=forms.RadioSelect,
        help_text=_("They can also ask later, on their own page or in writing."),
    )
    field_order = ("portability", "reason")


def _leave(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    leave_client(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))
    if given["portability"] == "none":
        return None
    url = reverse("admin:subjects_subject_rights-request", args=[row.pk], current_app=site.name)
    return HttpResponseRedirect(f"{url}?kinds={RightKind.PORTABILITY.value}")


person_acts.connect(
    RowAction(
        "moves-away",
        "Moves to another institution",
        Capability.REGISTER_SUBJECTS,
        _leave,
        form=PortabilityForm,
        lead="For a pupil who leaves for a school outside this client. The account here closes, the classes end, and "
        "the periods after which the data is deleted begin. PakTaleem copies nothing to the other institution, also "
        "if it uses PakTaleem: only the person, a guardian or the controller can have a copy made (data portability). "
        "Within this client, enrol the pupil in the new class instead: consents and history stay.",
        done="The account is closed.",
        danger=True,
        applies=lambda row, _at: row.is_recorded and row.is_account_open and is_only_pupil(row),
    )
)
