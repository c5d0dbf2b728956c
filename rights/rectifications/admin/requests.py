"""Acts on a request for rectification: state a correction, read and refuse, restrict meanwhile, tell recipients."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import DataCategory, Purpose
from paktaleem.directory.data_systems.selectors import categories_held
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.rectifications.forms import CorrectionForm
from rights.rectifications.models import Correction, CorrectionState, InformOutcome, RecipientNotice
from rights.rectifications.selectors import list_corrections, list_notices
from rights.rectifications.services import recipients, statements
from rights.rectifications.services.statements import find_open_part
from rights.requests.models.requests import RightsRequest
from rights.requests.services.outcomes import restrict_for_request

__all__: list[str] = []

_REQUEST = RightsRequest._meta.label_lower
_DESTROYED: dict[type[Exception], str] = {CannotOpen: "The texts of this request have been deleted."}


class StateForm(CorrectionForm, ActionForm):
    """A correction in the person's words, taken down by staff."""

    category = forms.ChoiceField(
        label=_("Category, if it is something else"),
        help_text=_("Systems that hold this category are ordered to correct it. None chosen: all systems."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories that systems hold; the labels are those for staff."""
        super().__init__(*args, **kwargs)
        labels = {"old_value": _("Old value, as the person states it"), "new_value": _("New value")}
        for name, label in {**labels, "evidence": _("What shows it")}.items():
            self.fields[name].label = label
        held = categories_held(self.row.client_id, at=get_action_time(self.request))
        found = DataCategory.objects.filter(client_id__in=[self.row.client_id, PAKTALEEM], code__in=held)
        names = {one.code: str(one) for one in found.order_by("code")}
        set_choices(self, "category", [("", "—"), *((code, names.get(code, code)) for code in sorted(held))])


class RefuseForm(ActionForm):
    """The correction that is refused, and why."""

    correction = forms.ChoiceField(label=_("Correction"), widget=forms.RadioSelect)
    reasons = forms.CharField(
        label=_("Reasons, in words the person understands"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the corrections that are not decided."""
        super().__init__(*args, **kwargs)
        self.offered = {str(one.pk): one for one in _open_corrections(self.row)}
        labels = [(key, f"{number}. {one}") for number, (key, one) in enumerate(self.offered.items(), 1)]
        set_choices(self, "correction", labels)

    def clean_correction(self) -> Correction:
        """Return the chosen correction."""
        return self.offered[self.cleaned_data["correction"]]


class MeanwhileForm(ActionForm):
    """The purposes for which data is not used while it is checked."""

    purposes = forms.MultipleChoiceField(
        label=_("Purposes"),
        help_text=_("None chosen: every purpose. The data is stored, but not otherwise used."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the client's purposes and the shared ones."""
        super().__init__(*args, **kwargs)
        found = Purpose.objects.filter(client_id__in=[self.row.client_id, PAKTALEEM], is_active=True)
        set_choices(self, "purposes", [(one.code, str(one)) for one in found.order_by("code")])


class InformedForm(ActionForm):
    """A recipient, and what came of telling it."""

    notice = forms.ChoiceField(label=_("Recipient"), widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=InformOutcome.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the recipients that must be informed."""
        super().__init__(*args, **kwargs)
        self.offered = {str(one.pk): one for one in self.list_offered()}
        set_choices(self, "notice", [(key, str(one.recipient)) for key, one in self.offered.items()])

    def list_offered(self) -> list[RecipientNotice]:
        """List the rows of the request."""
        return list_notices(self.row)

    def clean_notice(self) -> RecipientNotice:
        """Return the chosen row."""
        return self.offered[self.cleaned_data["notice"]]


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _state(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    statements.add_correction(row, statements.Statement(**given), **_by(request))


def _read(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    shown: list[tuple[str, str]] = []
    for number, one in enumerate(statements.read_corrections(row, reason=given["reason"], **_by(request)), 1):
        field = f"{number}. {one.row}"
        texts = [
            (gettext("What it is about"), one.about),
            (gettext("Old value, as the person states it"), one.old_value),
            (gettext("Value stored here now"), one.stored),
            (gettext("New value"), one.new_value),
            (gettext("What shows it"), one.evidence),
            (gettext("Reasons of the refusal"), one.reasons),
        ]
        shown += [(f"{field} · {label}", text) for label, text in texts if text]
    owner: Any = site.get_model_admin(RightsRequest)
    page: HttpResponse = owner.page(
        request,
        row,
        "console/revealed.html",
        title=gettext("Corrections"),
        shown=shown,
        row_url=owner.url_of("change", row),
    )
    return page


def _refuse(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del row
    statements.refuse_correction(given["correction"], reasons=given["reasons"], **_by(request))


def _restrict(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    restrict_for_request(row, given["purposes"], **_by(request))


def _informed(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del row
    recipients.record_informed(given["notice"], outcome=given["outcome"], **_by(request))


def _open_corrections(row: RightsRequest) -> list[Correction]:
    return [one for one in list_corrections(row) if one.state == CorrectionState.OPEN]


def _is_undecided(row: RightsRequest, _at: datetime) -> bool:
    return row.is_open and row.answered_at is None and row.wrapped is not None and find_open_part(row) is not None


def _is_verified(row: RightsRequest, at: datetime) -> bool:
    return _is_undecided(row, at) and row.is_identity_verified and row.subject_id is not None


def _has_corrections(row: RightsRequest, _at: datetime) -> bool:
    return row.wrapped is not None and bool(list_corrections(row))


_ACTS = (
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
    RowAction(
        "read-corrections",
        "Read the corrections",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _read,
        lead="Shows what the person states beside the value that is stored here. Your access is recorded with your "
        "name and reason.",
        applies=_has_corrections,
        refusals=_DESTROYED,
    ),
    RowAction(
        "refuse-correction",
        "Refuse a correction",
        Capability.DECIDE_RIGHTS_REQUESTS,
        _refuse,
        form=RefuseForm,
        lead="Refuse single corrections first, each with its reasons. Then decide: the others are made if you grant "
        "the right partly.",
        done="Refused. Now decide about the right.",
        applies=lambda row, at: _is_undecided(row, at) and bool(_open_corrections(row)),
        refusals=_DESTROYED,
    ),
    RowAction(
        "restrict-meanwhile",
        "Restrict while it is checked",
        Capability.RESTRICT_PROCESSING,
        _restrict,
        form=MeanwhileForm,
        lead="While it is checked whether the data is correct, the person may ask that it is only stored (GDPR Art. "
        "18(1)(a)). The restriction takes effect with the next decision; lift it on its own page, after informing the "
        "person.",
        done="Restricted.",
        applies=_is_verified,
    ),
    RowAction(
        "inform-recipient",
        "Record that a recipient was informed",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _informed,
        form=InformedForm,
        lead="Recipients of the data must be informed of a correction, restriction or erasure, unless that is "
        "impossible or a disproportionate effort (GDPR Art. 19). Inform them yourself, then record it. The key of a "
        "person is not destroyed before: afterwards no one could say whom it is about.",
        done="Recorded.",
        applies=lambda row, _at: row.is_open and bool(list_notices(row)),
    ),
)
for _act in _ACTS:
    added_acts.connect(AddedAct(_REQUEST, _act, after="resume"))
