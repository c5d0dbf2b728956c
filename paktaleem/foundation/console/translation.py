"""Translation of the console's texts when they are displayed: names, headings, buttons and states.

The texts are written in English in ``Meta``, ``@admin.display``, ``Act`` and ``TextChoices``. ``tools/messages.py``
collects them, and the suite fails if an Urdu translation is missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from django.conf import settings
from django.contrib.admin.utils import label_for_field
from django.forms import ChoiceField, Field, ModelChoiceField
from django.forms.utils import pretty_name
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import get_language, gettext, gettext_noop, ngettext_lazy

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


DJANGO_TEXTS = (
    ngettext_lazy("Please correct the error below.", "Please correct the errors below.", "number"),
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    ),
    ngettext_lazy(
        "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    ),
    gettext_noop("Constraint “%(name)s” is violated."),
    gettext_noop("%(model_name)s with this %(field_labels)s already exists."),
    gettext_noop("Enter a valid email address."),
    gettext_noop("Null characters are not allowed."),
    gettext_noop("- Select an option -"),
)
"""Django's own form messages, translated here because Django has no Urdu for them."""


def translate_text(words: object) -> str:
    """Return a text in the current language, unchanged if there is no translation."""
    text = str(words)
    return gettext(text) if text else text


def translate_fields(fields: Mapping[str, Field]) -> None:
    for name, field in fields.items():
        field.label = translate_text(pretty_name(name) if field.label is None else field.label)
        field.help_text = translate_text(field.help_text)
        if _has_fixed_choices(field):
            field.choices = [(value, translate_text(label)) for value, label in _choices(field)]


def list_field_texts(fields: Mapping[str, Field]) -> Iterator[str]:
    for name, field in fields.items():
        yield str(pretty_name(name) if field.label is None else field.label)
        yield str(field.help_text)
        if _has_fixed_choices(field):
            yield from (str(label) for value, label in _choices(field) if value != label)


def _has_fixed_choices(field: Field) -> TypeGuard[ChoiceField]:
    if not isinstance(field, ChoiceField) or isinstance(field, ModelChoiceField):
        return False
    return not isinstance(field.choices, CallableChoiceIterator)


def _choices(field: ChoiceField) -> list[tuple[object, object]]:
    return [*cast("Iterable[tuple[object, object]]", field.choices)]


def translate_row_texts(owner: "ModelAdmin[Any]", names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the translated labels and help texts of a row's read-only fields."""
    labels, helps = list_displayed_texts(owner, names)
    return {
        "labels": {name: translate_text(label) for name, label in labels.items()},
        "help_texts": {name: translate_text(text) for name, text in helps.items()},
    }


def list_displayed_texts(owner: "ModelAdmin[Any]", names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the untranslated labels and help texts of columns and model fields."""
    own = {field.name: field for field in owner.opts.fields}
    known = [name for name in names if name in own or hasattr(owner, name) or hasattr(owner.model, name)]
    labels = {name: str(label_for_field(name, owner.model, owner)) for name in known}
    return labels, {name: str(own[name].help_text) for name in known if name in own and own[name].help_text}


def get_other_language() -> tuple[str, str]:
    return next((code, name) for code, name in settings.LANGUAGES if code != get_language())
