"""Console pages of rectifications: acts and panels on a request and on a person's page."""

from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from consent.decisions.selectors.changes import RolePreview, preview_roles
from consent.register.models.purposes import DataCategory, Purpose
from paktaleem.directory.data_systems.selectors import categories_held
from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import GroundNeeded
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, set_choices
from paktaleem.foundation.console.person_pages import DISCLOSURES, on_tab, person_acts, person_panels
from paktaleem.foundation.console.register_names import format_categories, format_purpose
from paktaleem.foundation.console.requests import actor_of, by_user, by_user_for, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, Weakens, act_page, ask_ground, calls, show_revealed
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.rectifications.disagreements import is_disagreement_possible, reveal_disagreements, state_disagreement
from rights.rectifications.models import CorrectedValue, Correction, CorrectionState, InformOutcome
from rights.rectifications.selectors import (
    FieldHistory,
    has_disagreements,
    list_corrected_fields,
    list_corrections,
    list_notices,
    waiting_fields,
)
from rights.rectifications.services import (
    Statement,
    add_correction,
    correct_person,
    correct_roles,
    find_open_part,
    record_informed,
    refuse_correction,
)
from rights.rectifications.values import CORRECTABLE, FIELD_LABELS
from rights.rectifications.views import CorrectionForm, DisagreementForm
from rights.requests.admin.acts import add_request_act, offer_rows, request_panels, request_url
from rights.requests.fields import make_text_field
from rights.requests.models import RightKind, RightsRequest
from rights.requests.services.decisions import restrict_for_request
from rights.requests.services.steps import list_parts

_DESTROYED: dict[type[Exception], str] = {CannotOpen: "The texts of this request have been deleted."}


class StateForm(CorrectionForm, ActionForm):
    """A correction in the person's words, taken down by staff."""

    category = forms.ChoiceField(
        label=_("Category, if it is something else"),
        help_text=_("Systems that hold this category are ordered to correct it. None chosen: all systems."),
        required=False,
    )

    def prepare(self) -> None:
        labels = {"old_value": _("Old value, as the person states it"), "new_value": _("New value")}
        for name, label in {**labels, "evidence": _("What shows it")}.items():
            self.fields[name].label = label
        held = categories_held(self.row.client_id, at=get_action_time(self.request))
        found = DataCategory.objects.filter(client_id__in=[self.row.client_id, PAKTALEEM], code__in=held)
        names = {one.code: str(one) for one in found.order_by("code")}
        set_choices(self, "category", [("", "—"), *((code, names.get(code, code)) for code in sorted(held))])


class RefuseForm(ActionForm):
    correction = forms.TypedChoiceField(label=_("Correction"), widget=forms.RadioSelect)
    reasons = make_text_field(_("Reasons, in words the person understands"), rows=5, most=2000, required=False)

    def prepare(self) -> None:
        offer_rows(self, "correction", [(one, f"{no}. {one}") for no, one in enumerate(_open_corrections(self.row), 1)])


class DisagreeForm(DisagreementForm, ActionForm):
    """A statement in the person's words, taken down by staff."""


class MeanwhileForm(ActionForm):
    purposes = forms.MultipleChoiceField(
        label=_("Purposes"),
        help_text=_("None chosen: every purpose. The data is stored, but not otherwise used."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def prepare(self) -> None:
        found = Purpose.objects.filter(client_id__in=[self.row.client_id, PAKTALEEM], is_active=True)
        set_choices(self, "purposes", [(one.code, str(one)) for one in found.order_by("code")])


class InformedForm(ActionForm):
    notice = forms.TypedChoiceField(label=_("Recipient"), widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=InformOutcome.choices, widget=forms.RadioSelect)

    def prepare(self) -> None:
        offer_rows(self, "notice", [(one, str(one.recipient)) for one in list_notices(self.row)])


def _state(row: RightsRequest, given: FormData, request: HttpRequest) -> None:
    add_correction(row, Statement(**given), **by_user(request))


def _open_corrections(row: RightsRequest) -> list[Correction]:
    return [one for one in list_corrections(row) if one.state == CorrectionState.OPEN]


def _is_undecided(row: RightsRequest, _at: datetime) -> bool:
    return row.wrapped is not None and find_open_part(row) is not None


_INFORM = act_page(record_informed, form=InformedForm, target="notice", list_targets=list_notices)
add_request_act(
    RowAction(
        "add-correction",
        "Add a correction",
        Capability.RECEIVE_RIGHTS_REQUESTS,
        _state,
        form=StateForm,
        lead="What the person says is wrong, in their words: the old value, the correct one, and what shows it. It is "
        "encrypted with the request. Nothing changes before it is decided.",
        done="Added.",
        applies=_is_undecided,
        refusals=_DESTROYED,
    ),
    act_page(refuse_correction, form=RefuseForm, target="correction", list_targets=_open_corrections),
    RowAction(
        "restrict-meanwhile",
        "Restrict while it is checked",
        Capability.RESTRICT_PROCESSING,
        calls(restrict_for_request),
        form=MeanwhileForm,
        lead="While it is checked whether the data is correct, the person may ask that it is only stored (GDPR Art. "
        "18(1)(a)). The restriction takes effect with the next decision; lift it on its own page, after informing the "
        "person.",
        done="Restricted.",
        applies=lambda row, at: _is_undecided(row, at) and row.is_identity_verified and row.subject_id is not None,
    ),
    RowAction(
        "state-disagreement",
        "Record a statement of disagreement",
        Capability.RECEIVE_RIGHTS_REQUESTS,
        calls(state_disagreement),
        form=DisagreeForm,
        lead="A person whose correction was refused may leave a statement. It is encrypted, kept beside the data, "
        "and goes along in copies and disclosures. A new one replaces the one before; an empty one takes it back.",
        done="Recorded.",
        applies=lambda row, _at: is_disagreement_possible(list_parts(row)),
    ),
    _INFORM,
    after="resume",
)


class RolesForm(RowActionForm):
    """Main role, other roles and reason; valid once its preview was shown and nothing has changed since."""

    row: Subject
    preview: RolePreview | None = None

    role = forms.ChoiceField(label=_("Main role"), choices=SubjectRole.choices)
    other_roles = forms.MultipleChoiceField(
        label=_("Other roles"),
        choices=SubjectRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("What else the person is, such as the parent of a student. Decisions go by the strictest role."),
    )
    shown = forms.CharField(label="", widget=forms.HiddenInput, required=False, max_length=64)

    def prepare(self) -> None:
        self.initial = {**self.initial, "role": self.row.role, "other_roles": self.row.other_roles}

    def clean(self) -> FormData:
        cleaned = super().clean()
        wanted = {*cleaned.get("other_roles", ())} - {cleaned.get("role")}
        if not self.errors and (cleaned["role"], wanted) == (self.row.role, {*self.row.other_roles}):
            self.add_error(None, gettext("The person has these roles already."))
        return cleaned

    def is_valid(self) -> bool:
        """Return True if the form is correct and was sent with the preview of these roles; otherwise prepare it."""
        if not super().is_valid():
            return False
        with in_client(self.row.client_id):
            given, at = self.cleaned_data, get_action_time(self.request)
            self.preview = preview_roles(self.row, given["role"], given["other_roles"], at=at)
        if given["shown"] == self.preview.fingerprint:
            return True
        if self.preview.waits:
            ask_ground(self)
        data = self.request.POST.copy()
        data["shown"] = self.preview.fingerprint
        self.data = data
        return False

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        found = self.preview.effects if self.preview else ()
        return [(format_purpose(one.purpose, self.row.client_id), one.now, one.after) for one in found]

    @property
    def roles_after(self) -> str:
        return ", ".join(str(SubjectRole(one).label) for one in (self.preview.roles if self.preview else ()))


def _change_roles(subject: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    told = by_user_for(request, given["reason"])
    made = correct_roles(subject, role=given["role"], other_roles=given["other_roles"], ground=given["ground"], **told)
    waits = gettext("Nothing has changed yet: a second person must confirm it.")
    done = gettext("The roles are changed. The systems that hold them are ordered to change them.")
    return _to_person(request, subject, made, waits=waits, done=done)


def _to_person(
    request: HttpRequest, subject: Subject, made: CorrectedValue | None, *, waits: str, done: str
) -> HttpResponse:
    is_waiting = made is not None and made.applied_at is None
    messages.add_message(request, *((messages.WARNING, waits) if is_waiting else (messages.SUCCESS, done)))
    return HttpResponseRedirect(person_url(subject.pk))


person_acts.connect(
    RowAction(
        "change-roles",
        "Change the roles",
        Capability.REGISTER_SUBJECTS,
        _change_roles,
        form=RolesForm,
        template="console/change_roles.html",
        lead="You see first which decisions change. Nothing changes before you press the button again. What the "
        "learning platform or a roster sends next replaces the roles here, so every system is ordered to correct them. "
        "A change that would let a child decide waits for a second person.",
        weakens=Weakens.BY_ITS_VALUES,
        applies=lambda row, _at: row.is_recorded,
    )
)


class CorrectForm(RowActionForm):
    field = forms.ChoiceField(
        label=_("Field"), choices=[("", _("Choose…")), *((name, FIELD_LABELS[name]) for name in CORRECTABLE)]
    )
    new_value = forms.CharField(
        label=_("Correct value"),
        help_text=_("Write a day as 2014-03-27. Leave it empty to have an email address or phone number removed."),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


def _correct(subject: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    told = by_user_for(request, given["reason"])
    try:
        made = correct_person(subject, field=given["field"], value=given["new_value"], ground=given["ground"], **told)
    except GroundNeeded:
        raise
    except ValidationError as error:
        label = FIELD_LABELS[given["field"]]
        raise ValidationError({"new_value": [f"{label}: {one}" for one in error.messages]}) from error
    waits = gettext("Nothing has changed yet: a second person must confirm this age.")
    done = gettext("Corrected here. The systems that hold it are ordered to correct it too.")
    return _to_person(request, subject, made, waits=waits, done=done)


person_acts.connect(
    RowAction(
        "correct",
        "Correct a field",
        Capability.REGISTER_SUBJECTS,
        _correct,
        form=CorrectForm,
        lead="The learning platform is the source of this data: what it sends next replaces the value here. So every "
        "system that holds the data, the learning platform too, is ordered to correct it. If the wrong value comes "
        "back, this page says so. An age that would let a child decide waits for a second person.",
        weakens=Weakens.BY_ITS_VALUES,
        applies=lambda row, _at: row.is_recorded,
    )
)
person_acts.connect(_INFORM)


def _show_disagreements(subject: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    found = reveal_disagreements(subject, **by_user_for(request, given["reason"]))
    every = gettext("All data")
    names = [(format_categories(one.categories, subject.client_id) or every, one.text) for one in found]
    return show_revealed(request, subject, gettext("Statements of disagreement"), names)


person_acts.connect(
    RowAction(
        "show-disagreements",
        "Show the statements of disagreement",
        Capability.REVEAL_PERSONAL_DATA,
        _show_disagreements,
        lead="What the person stated beside data that was not corrected. Hand it on whenever this data is disclosed. "
        "The access is recorded.",
        applies=lambda row, _at: row.is_recorded and has_disagreements(row),
    )
)


_TONES = {CorrectionState.OPEN: "warn", CorrectionState.MADE: "good", CorrectionState.REFUSED: "bad"}


@request_panels.connect
def corrections_panel(_request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    if not any(part.kind == RightKind.RECTIFICATION for part in list_parts(row)):
        return None
    waiting = waiting_fields(row)
    lines = [{"correction": one, "state": _state_of(one, waiting)} for one in list_corrections(row)]
    return {"template": "console/panels/corrections.html", "lines": lines, "is_open": row.is_open}


@person_panels.connect
def corrected_values_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    found = list_corrected_fields(row)
    if not found:
        return None
    rows = CorrectedValue.objects.filter(pk__in=[one.row.pk for one in found])
    actors = {one.pk: format_actor(one) for one in annotate_actor(rows, actor_of(request))}
    lines = [
        {
            "one": one.row,
            "state": _pill(one),
            "who": actors.get(one.row.pk, ""),
            "url": request_url(one.row.request_id) if one.row.request_id else "",
        }
        for one in found
    ]
    is_back = any(one.came_back for one in found)
    return {"template": "console/panels/corrected_values.html", "lines": lines, "is_back": is_back}


@request_panels.connect
@on_tab(DISCLOSURES)
def recipients_panel(_request: HttpRequest, row: RightsRequest | Subject) -> dict[str, object] | None:
    lines, is_disputed = list_notices(row), isinstance(row, Subject) and has_disagreements(row)
    if not lines and not is_disputed:
        return None
    return {"template": "console/panels/recipient_notices.html", "lines": lines, "is_disputed": is_disputed}


def _state_of(row: Correction, waiting: set[str]) -> object:
    if row.state == CorrectionState.MADE and row.field in waiting:
        return render_state(gettext("Waits for a second person"), "warn")
    return render_state(row.get_state_display(), _TONES[CorrectionState(row.state)])


def _pill(one: FieldHistory) -> SafeString:
    if one.came_back:
        return render_state(gettext("The wrong value came back"), "bad")
    words, tone = (gettext("Waits for a second person"), "warn") if one.waits else (gettext("Corrected"), "good")
    return render_state(words, tone)
