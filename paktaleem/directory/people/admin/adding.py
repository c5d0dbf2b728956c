"""The form by which staff add a person, as the learning platform registers one."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.age_changes import AgeRoute
from paktaleem.directory.people.details import SubjectDetails, check_external_id
from paktaleem.directory.people.fields import PERSONAL_FIELDS, FieldKind
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import SubjectRole
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import ReasonField, ScopedForm
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.console.widgets import DayInput

_KINDS = {FieldKind.TEXT, FieldKind.NAME, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.DAY}
_SEALED = [field for field in PERSONAL_FIELDS if field.kind in _KINDS]
ADDED_FIELDS = (
    "external_id",
    "role",
    "other_roles",
    "grade",
    "language",
    "country",
    *(field.name for field in _SEALED),
)
"""The fields of the form; ages without a birth date are stated on the person's page, with their source."""
_EXISTS = _("A person with this LMS id is registered already. Open their page to correct a field.")


class AddPersonForm(ScopedForm):
    """LMS id, role and sealed fields of a new person."""

    other_roles = forms.MultipleChoiceField(
        label=_("Other roles"),
        choices=SubjectRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("What else the person is, such as the parent of a student: one person has one LMS id."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add a field for each sealed field that staff may enter."""
        super().__init__(*args, **kwargs)
        for field in _SEALED:
            options: dict[str, Any] = {"label": _(field.label), "required": field.is_required}
            if field.kind is FieldKind.DAY:
                self.fields[field.name] = forms.DateField(widget=DayInput(), **options)
            else:
                off = forms.TextInput(attrs={"autocomplete": "off"})
                self.fields[field.name] = forms.CharField(max_length=field.longest, widget=off, **options)

    def clean(self) -> dict[str, Any]:
        """Check all values as the service does, so that every wrong field is reported at once."""
        given = super().clean()
        for check in (self._check_id, self._check_details):
            try:
                check(given)
            except ValidationError as refusal:
                for name, errors in refusal.error_dict.items():
                    if name not in self.errors:
                        self.add_error(name, errors)
        return given

    def _check_id(self, given: dict[str, Any]) -> None:
        check_external_id(given.get("external_id") or "")

    def _check_details(self, given: dict[str, Any]) -> None:
        client = given.get("client") or (self.instance.client if self.instance.client_id else None)
        at = get_action_time(self.request)
        zone, region = (client.time_zone, client.country) if client else ("UTC", "")
        SubjectDetails(**_to_details(given)).checked(today=at.astimezone(ZoneInfo(zone)).date(), region=region)


def _to_details(given: Mapping[str, Any]) -> dict[str, Any]:
    details = {name: given.get(name) or None for name in ADDED_FIELDS if name != "external_id"}
    plain = {"country": given.get("country", ""), "language": given.get("language", "")}
    return {**details, **plain, "role": given.get("role", ""), "other_roles": tuple(given.get("other_roles", ()))}


def add_person(row: Subject, given: dict[str, Any], **stamp: Any) -> Subject:
    """Register a new person in the client's context. Raises ValidationError if the LMS id is known, or as the service.

    Raised inside the page's transaction, which rolls back what the service changed.
    """
    client, details = Client.objects.get(pk=row.client_id), _to_details(given)
    subject, is_new = register_subject(
        given["external_id"] or "", client=client, details=details, route=AgeRoute.CONSOLE, **stamp
    )
    if not is_new:
        raise ValidationError({"external_id": [_EXISTS]})
    return subject
