"""Forms limited to the user's client and PakTaleem's shared rows, with a coded reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms.models import ModelChoiceField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.filters import CLIENT_PARAMETER, get_filtered_client
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.translation import translate_fields, translate_text
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.places import name_countries, name_country, name_language
from paktaleem.foundation.text.times import format_time, join_words

_TIMES = (forms.SplitDateTimeField, forms.DateTimeField)
_CHANGED_MEANWHILE = _(
    "Someone else saved this row after you opened the page, so nothing was saved. Where your values differ from the "
    "stored ones, both are shown: choose, then save again."
)


type FormData = dict[str, Any]
"""The cleaned values of a form by field; their types are those of its fields."""


class ReasonField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Reason"))
        kwargs.setdefault("help_text", _("Recorded in the history with your name."))
        super().__init__(choices=[("", _("Choose a reason…")), *Reason.choices], **kwargs)


class GroundField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Ground"))
        kwargs.setdefault("help_text", _("Why is this lawful and necessary? About this step only; do not name people."))
        super().__init__(max_length=2000, widget=AdminTextareaWidget, **kwargs)


def set_choices(form: forms.BaseForm, name: str, offered: Iterable[tuple[str, Any]] | QuerySet[Any]) -> None:
    """Set the rows, or the codes with labels, that a form field offers. Raises TypeError if it is of another kind."""
    field = form.fields[name]
    if isinstance(offered, QuerySet):
        if not isinstance(field, ModelChoiceField):
            raise TypeError(f"{name} is not a field for rows.")
        field.queryset = offered
    elif isinstance(field, forms.ChoiceField) and not isinstance(field, ModelChoiceField):
        field.choices = list(offered)
    else:
        raise TypeError(f"{name} is not a field for codes.")


def add_service_error(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Add a service's error, in the page's language, to the field it names, or to the form."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, _translate_errors(refusal.error_list))
        return
    for field, errors in refusal.error_dict.items():
        named = field if field in form.fields and any(each.code != EFFECT_SHOWN for each in errors) else None
        form.add_error(named, _translate_errors(errors))


def separate_effect(form: forms.BaseForm) -> dict[str, object]:
    """Return the values by which a page shows the effect of a change in a note, and not as an error."""
    return {"errors": [], "effect_shown": form.non_field_errors()} if shows_effect(form) else {}


def shows_effect(form: forms.BaseForm) -> bool:
    """Return True if the form only shows the effect of a change that is to be confirmed: nothing is wrong."""
    return {error.code for errors in form.errors.as_data().values() for error in errors} == {EFFECT_SHOWN}


def _translate_errors(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Translate fixed texts; texts that depend on a number are lazy and translate themselves."""
    return [
        ValidationError(translate_text(one.message), one.code, one.params) if isinstance(one.message, str) else one
        for one in errors
    ]


class ScopedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Change form of a row; errors of the service are shown when the form is validated again."""

    request: ClassVar[HttpRequest]
    code_sources: ClassVar[dict[str, Any]] = {}

    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        translate_fields(self.fields)
        _name_time_zone(self.fields)
        bound_to = actor_of(self.request).client_id
        if self.instance._state.adding and bound_to is not None and not isinstance(self.instance, Client):
            self.instance.client_id = bound_to
        owner = getattr(self.instance, "client_id", None)
        for name, field in self.fields.items():
            offered = field.queryset if isinstance(field, ModelChoiceField) else None
            if offered is not None and _has_client(offered.model):
                self._offer_rows(name, field, offered, owner)
        for name, source in self.code_sources.items():
            if name in self.fields:
                self._offer_codes(name, source, owner)
        if "reason" in self.fields and (suggested := self.request.GET.get("reason")):
            self.fields["reason"].initial = suggested
        if "starts_at" in self.fields and self.instance._state.adding:
            self.fields["starts_at"].required = False
            self.fields["starts_at"].help_text = gettext("Leave empty to start now. A time in the past is not allowed.")
            _name_time_zone({"starts_at": self.fields["starts_at"]})
        self.prepare()

    def prepare(self) -> None:
        """Set choices, initial values and help that depend on the row or the user; called last by ``__init__``."""

    def _offer_rows(self, name: str, field: Any, rows: QuerySet[Any], owner: Any) -> None:
        if owner is None:  # rows of several clients may have one name
            field.label_from_instance = lambda row: f"{row}" if row.client_id == PAKTALEEM else f"{row} ({row.client})"
            set_choices(self, name, rows.select_related("client"))
        else:
            set_choices(self, name, rows.filter(client_id__in=[owner, PAKTALEEM]))

    def _offer_codes(self, name: str, source: Any, owner: Any) -> None:
        labels: dict[str, str] = {}
        models: Iterable[Any] = [source] if isinstance(source, type) else source
        for model in models:
            found = model.objects.all() if owner is None else model.objects.filter(client_id__in=[owner, PAKTALEEM])
            labels |= {row.code: str(row) for row in found}
        labels.update({code: code for code in getattr(self.instance, name) or [] if code not in labels})
        set_choices(self, name, sorted(labels.items(), key=lambda one: one[1]))

    def clean(self) -> FormData:
        cleaned = super().clean() or self.cleaned_data
        if not self.instance._state.adding:
            for name, field in self.fields.items():  # unchanged times stay exact: the form shows seconds only
                if isinstance(field, _TIMES) and name not in self.changed_data:
                    cleaned[name] = getattr(self.instance, name)
        if "starts_at" in self.fields and cleaned.get("starts_at") is None and "starts_at" not in self.errors:
            cleaned["starts_at"] = get_action_time(self.request)
        client = cleaned.get("client")
        owner = client.pk if client is not None else getattr(self.instance, "client_id", None)
        for name, value in list(cleaned.items()):
            is_of_client = name != "client" and owner is not None and _has_client(type(value))
            if is_of_client and value.client_id not in {owner, PAKTALEEM}:
                self.add_error(name, gettext("Choose an entry of the same client or a shared one."))
        return _to_utc(cleaned)

    @property
    def loaded_digest(self) -> str:
        """Return a digest of the stored values of the fields, which differs once another person has saved others."""
        stored = [(name, self.initial[name]) for name in sorted(self.fields) if name in self.initial]
        return salted_hmac("console.loaded", repr(stored), algorithm="sha256").hexdigest()

    def _refuse_outdated(self) -> None:
        loaded = self.request.POST.get("loaded", self.loaded_digest)
        if self.instance._state.adding or constant_time_compare(loaded, self.loaded_digest):
            return
        self.add_error(None, _CHANGED_MEANWHILE)
        for name in self.changed_data:
            if name in self.initial:
                words = gettext("Now stored: {value}")
                self.add_error(name, words.format(value=_show_value(self.fields[name], self.initial[name])))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self._refuse_outdated()
        refusal = getattr(self.request, "refusal", None)
        if refusal is not None:
            add_service_error(self, refusal)


def _show_value(field: forms.Field, value: object) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    words = [
        format_time(part) if isinstance(part, datetime) else labels.get(str(part), str(part))
        for part in values
        if part is not None and part != ""
    ]
    return ", ".join(words) or gettext("nothing")


def _name_time_zone(fields: Mapping[str, forms.Field]) -> None:
    words = gettext("In the time zone {zone}.").format(zone=timezone.get_current_timezone_name())
    for field in fields.values():
        if isinstance(field, _TIMES):
            field.help_text = f"{field.help_text} {words}".strip()


def _to_utc(cleaned: FormData) -> FormData:
    for name, value in cleaned.items():
        if isinstance(value, datetime):
            cleaned[name] = value.astimezone(UTC)
    return cleaned


def _has_client(model: object) -> bool:
    return model is not Client and hasattr(model, "_meta") and any(f.name == "client" for f in model._meta.fields)


class ActionForm(forms.Form):
    row: Any

    def __init__(self, *args: Any, row: object, request: HttpRequest, **kwargs: Any) -> None:
        self.row, self.request = row, request
        super().__init__(*args, **kwargs)
        translate_fields(self.fields)
        _name_time_zone(self.fields)
        self.prepare()

    def prepare(self) -> None:
        """Set choices, initial values and help that depend on the row or the user; called last by ``__init__``."""

    def clean(self) -> FormData:
        return _to_utc(super().clean() or self.cleaned_data)


class RowActionForm(ActionForm):
    """The form of a row action that takes a reason: its last field, unless ``field_order`` says otherwise."""

    reason = ReasonField()

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        super().order_fields(field_order or [name for name in self.fields if name != "reason"])


type Describe = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """How fields of a model (``app_label.model``) are said in words; the function gets a value that is not empty."""

    model: str
    fields: frozenset[str]
    describe: Describe


field_words: ExtensionPoint[FieldWords] = ExtensionPoint(
    "console.field_words", "How a read-only field and the history say values of a model's fields in words."
)


def _describe_ages(ages: Mapping[str, int]) -> str:
    return join_words(f"{name_country(code)}: {age}" for code, age in ages.items())


_OF_EVERY_MODEL: Mapping[str, Describe] = {
    "countries": name_countries,
    "country": name_country,
    "country_full_ages": _describe_ages,
    "country_thresholds": _describe_ages,
    "language": name_language,
}


def find_words(model: str, field: str) -> Describe | None:
    """Return how a field of a model is said in words, None if its value needs none."""
    for one in field_words:
        if one.model == model and field in one.fields:
            return one.describe
    return _OF_EVERY_MODEL.get(field)


def get_chosen_client(request: HttpRequest) -> Client:
    """Return the user's own client, or the one that an officer chose, otherwise PakTaleem. Raises PermissionDenied."""
    client: Client | None = Client.objects.filter(pk=get_filtered_client(request) or PAKTALEEM).first()
    if client is None:
        raise PermissionDenied
    return client


def list_choice_values(request: HttpRequest, client: Client) -> dict[str, object]:
    """Return what ``console/choose_client.html`` shows: the client, and for officers all others by name."""
    is_officer = actor_of(request).client_id is None
    clients = list(Client.objects.order_by("name")) if is_officer else []
    return {"client": client, "clients": clients, "parameter": CLIENT_PARAMETER}
