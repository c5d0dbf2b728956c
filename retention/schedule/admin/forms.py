"""Forms of retention rules and holds."""

import hashlib
from copy import copy
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from consent.register.admin.safeguards import SafeguardForm
from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.foundation.accounts.reauthentication import require_recent_authentication
from paktaleem.foundation.accounts.requests import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import (
    ActionForm,
    GroundField,
    RowActionForm,
    ScopedForm,
    add_service_error,
    set_choices,
)
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.models.holds import HoldKind
from retention.schedule.selectors.effects import RuleEffect, preview_end, preview_rule
from retention.schedule.services.rules import check_rule
from retention.schedule.weakening import is_disposed_earlier

_NOT_SAVED = _("Nothing is saved yet. Check the effect below, then save.")


def _category_choices(owner: Any, *, every: bool) -> list[tuple[str, str]]:
    rows = DataCategory.objects.all()
    if owner is not None:
        rows = rows.filter(client_id__in={owner, PAKTALEEM})
    urdu = get_language() == "ur"
    names = {one.code: one.name_ur if urdu else one.name_en for one in rows}
    first = ("", gettext("Every category") if every else gettext("Choose a category…"))
    return [first, *sorted(names.items(), key=lambda one: one[1])]


class RuleForm(SafeguardForm):
    """A retention rule; the first submission shows its effect, the second one with the same values saves it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    category = forms.ChoiceField(label=_("Data category"))

    effect: RuleEffect | None = None
    is_end = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories of the client and of PakTaleem."""
        super().__init__(*args, **kwargs)
        if "category" in self.fields:
            owner = getattr(self.instance, "client_id", None)
            set_choices(self, "category", _category_choices(owner, every=False))
        if "trigger" in self.fields:
            self.fields["trigger"].help_text = _(
                "The school year is the one in which the data was last collected or used. Rosters and the learning "
                "platform state its dates. Without a date nothing falls due."
            )

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        with in_client(self.instance.client_id):
            actor, at = actor_of(self.request), get_action_time(self.request)
            try:
                check_rule(self.instance, actor=actor, at=at)
            except ValidationError as refusal:
                add_service_error(self, refusal)
                return
        if self.cleaned_data.get("seen") != self._digest():
            self._show_effect()

    def _show_effect(self) -> None:
        """Show what the rule changes, or what its end changes: a rule that has started can only be ended."""
        actor, at = actor_of(self.request), get_action_time(self.request)
        self.is_end = self.instance.starts_at < at and self.instance.ends_at is not None
        preview = preview_end if self.is_end else preview_rule
        self.effect = preview(self.instance, actor=actor, at=at)
        self.data = self._with_digest()
        self.add_error(None, ValidationError(_NOT_SAVED, code=EFFECT_SHOWN))

    def _with_digest(self) -> QueryDict:
        """Return the submitted values with the digest, so that the same values are saved next time."""
        values = QueryDict(mutable=True)
        values.update(self.data)
        values["seen"] = self._digest()
        return values

    def _digest(self) -> str:
        """Return a digest of the values whose effect was shown."""
        names = sorted(set(self.data) - {"seen", "reason", "ground", "csrfmiddlewaretoken"})
        values = "\0".join(f"{name}={self.data[name]}" for name in names)
        return hashlib.sha256(values.encode()).hexdigest()


class EndRuleForm(RowActionForm):
    """Ending a rule, with the effect; it asks for a ground if data is then disposed of earlier."""

    ground = GroundField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for a ground, and for recent authentication, only if they are needed."""
        super().__init__(*args, **kwargs)
        ended = copy(self.row)
        ended.ends_at = get_action_time(self.request)
        with in_client(self.row.client_id):
            self.is_weaker = is_disposed_earlier(ended, at=ended.ends_at)
        if self.is_weaker:
            at = get_arrival_time(self.request)
            require_recent_authentication(self.request, Capability.WEAKEN_SAFEGUARDS, at=at)
        else:
            del self.fields["ground"]

    @property
    def effect(self) -> RuleEffect:
        """Return what would fall due without the rule."""
        return preview_end(self.row, actor=actor_of(self.request), at=get_action_time(self.request))


_BY_HAND = [(code, label) for code, label in HoldKind.choices if code != HoldKind.OPEN_REQUEST]
"""The kinds of holds that people place; the hold of an open request comes and ends with the request."""


class HoldForm(ScopedForm):
    """A hold of a client's data, or of a category or a system of it."""

    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    category = forms.ChoiceField(label=_("Data category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories of the client and of PakTaleem."""
        super().__init__(*args, **kwargs)
        if "category" in self.fields:
            owner = getattr(self.instance, "client_id", None)
            set_choices(self, "category", _category_choices(owner, every=True))
        if "kind" in self.fields:
            set_choices(self, "kind", _BY_HAND)


class _ReviewDay(forms.DateField):
    """The day on which a hold is reviewed."""

    def __init__(self) -> None:
        """Use the console's date field."""
        super().__init__(
            label=_("Review day"),
            help_text=_("On this day, the first page asks whether the hold is still needed."),
            widget=DayInput,
        )


class PlaceForm(ActionForm):
    """A hold of a person's data."""

    kind = forms.ChoiceField(label=_("Kind"), choices=_BY_HAND, widget=forms.RadioSelect)
    ground = GroundField(help_text=_("About the case only; do not name people."))
    category = forms.ChoiceField(label=_("Data category"), required=False)
    system = forms.ModelChoiceField(
        System.objects.none(), label=_("System"), required=False, empty_label=_("Every system")
    )
    review_on = _ReviewDay()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories and systems of the person's client and of PakTaleem."""
        super().__init__(*args, **kwargs)
        owners = {self.row.client_id, PAKTALEEM}
        set_choices(self, "category", _category_choices(self.row.client_id, every=True))
        set_choices(self, "system", System.objects.filter(client_id__in=owners))


class LiftForm(ActionForm):
    """The ground for lifting a hold."""

    ground = forms.CharField(
        label=_("Ground"),
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text=_("Why is the hold no longer needed? Do not name people."),
    )


class ReviewForm(RowActionForm):
    """The next review day."""

    review_on = _ReviewDay()
    field_order = ("review_on", "reason")
