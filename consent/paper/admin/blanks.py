"""Empty answer sheets of a form in the console: of everyone on it, or of those of a school, class, grade or role."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from consent.paper.empty_sheets import render_csv_sheet, render_xlsx_sheet
from consent.paper.models.forms import FormPage, FormPurpose, FormRun
from consent.paper.verdicts import SERVICE, SHARING
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.admin.choosing import PLACE, SelectionForm
from paktaleem.directory.schools.selections import EVERYONE, Selection, select_chosen
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.tenancy.context import in_client

BLANKS: dict[str, tuple[str, Callable[[Any, Any], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", render_csv_sheet),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", render_xlsx_sheet),
}
_NO_ONE = _("No one on this form is chosen by these fields.")


class SheetForm(ActionForm, SelectionForm):
    """The people of the form whose codes the sheet has, and its format."""

    format = forms.ChoiceField(
        label=_("Format"), choices=[("xlsx", "Excel (XLSX)"), ("csv", "CSV")], widget=forms.RadioSelect, initial="xlsx"
    )
    field_order = (PLACE, "grade", "role", "format")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave out the choice by ids: a sheet has codes only."""
        super().__init__(*args, **kwargs)
        for name in ("ids", "beginning"):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Check the school or class and the grade, and add the selection."""
        cleaned = super().clean() or self.cleaned_data
        with in_client(self.row.client_id):
            self.check_selection(self.row.client_id)
        return cleaned if self.errors else {**cleaned, "chosen": self.selection}


def build_blank(
    run: FormRun, kind: str, request: HttpRequest, *, chosen: Selection = EVERYONE, name: str = "answers"
) -> HttpResponse:
    """Return the empty answer sheet of the chosen people of a form: its codes, no names.

    Raises ValidationError if people are chosen and none of them is on the form.
    """
    form_purposes = FormPurpose.objects.filter(client_id=run.client_id, run=run).order_by("position")
    pages = FormPage.objects.filter(client_id=run.client_id, run=run).order_by("position")
    asked = [SERVICE] if run.for_guardians else []
    asked += [SHARING] if pages.filter(asks_sharing=True).exists() else []
    if chosen != EVERYONE:
        client = Client.objects.get(pk=run.client_id)
        everyone = Subject.objects.filter(client_id=run.client_id)
        people = select_chosen(everyone, chosen, client=client, at=get_action_time(request))
        pages = pages.filter(subject_id__in=people.order_by().values("pk"))
    codes = list(pages.values_list("code", flat=True))
    if not codes and chosen != EVERYONE:
        raise ValidationError(_NO_ONE)
    content_type, make = BLANKS[kind]
    content = make([*asked, *form_purposes.values_list("purpose__code", flat=True)], codes)
    file = f"{name}-{run.made_at:%Y%m%d}-{run.pk.hex[-6:]}.{kind}"
    disposition = f'attachment; filename="{file}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})


def _give_sheet(run: FormRun, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    return build_blank(run, given["format"], request, chosen=given["chosen"], name="answers-part")


SHEET_OF_SOME = RowAction(
    "sheet",
    "Answer sheet of a class",
    Capability.MANAGE_FORMS,
    _give_sheet,
    form=SheetForm,
    lead="The empty answer sheet of those on this form who are of a school, class, grade or role today. It has their "
    "codes and no names. Leave all fields empty for everyone on the form.",
)
