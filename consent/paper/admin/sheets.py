"""Answer sheets in the console: upload, progress of the rows, and confirmation of matched rows."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from consent.paper.models.sheets import OPEN_STATES, AnswerSheet, EntryState, SheetEntry
from consent.paper.selectors import count_rows
from consent.paper.services.sheets import confirm_matched, upload_sheet
from consent.paper.sheets import SheetInvalid
from paktaleem.directory.oneroster.problems import Problem
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor, moment_tag, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import ActionForm, ScopedForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client

PROBLEMS_SHOWN = 100
TONES = {
    EntryState.MATCHED: "good",
    EntryState.UNMATCHED: "warn",
    EntryState.CONTRADICTORY: "bad",
    EntryState.OUTDATED: "warn",
    EntryState.GUARDIAN: "warn",
}


class UploadForm(ScopedForm):
    """A form to upload an answer sheet."""

    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_(
            "The answer sheet of a form, filled in (.xlsx, or .csv saved as CSV UTF-8): at most 5,000 rows. One "
            "sheet may contain several forms."
        ),
    )

    def clean_file(self) -> Any:
        """Require a file; one that exceeds the upload limit is not received at all."""
        file = self.cleaned_data.get("file")
        if file is None:
            raise forms.ValidationError(gettext("Choose a file of at most 2 MB."))
        return file


def _has_matched(row: AnswerSheet, _at: Any) -> bool:
    return not row.is_under_way and count_rows(row)[EntryState.MATCHED] > 0


def _confirm_sheet(row: AnswerSheet, _given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    before = count_rows(row)[EntryState.CONFIRMED]
    row = confirm_matched(row, actor=actor_of(request), at=get_action_time(request))
    if row.is_under_way:
        messages.info(request, gettext("The sheet is large: its rows are confirmed now, one after the other."))
    else:
        number = count_rows(row)[EntryState.CONFIRMED] - before
        words = ngettext("{number} row is confirmed.", "{number} rows are confirmed.", number).format(number=number)
        messages.success(request, words)
    owner: AnswerSheetAdmin = site.get_model_admin(AnswerSheet)
    return HttpResponseRedirect(owner.url_of("change", row))


def _format_problem(problem: Problem) -> str:
    """Format a problem with its row and column."""
    place = [gettext("Row {row}").format(row=problem.row)] if problem.row is not None else []
    place += [problem.column] if problem.column else []
    return f"{', '.join(place) or problem.file}: {problem.message}."


def standing_pill(row: Any) -> SafeString:
    """Render the number of open rows as a pill."""
    if row.is_under_way:
        return render_state(gettext("Being confirmed"), "warn")
    if not row.waiting:
        return render_state(gettext("Settled"), "good")
    words = ngettext("{number} row waits", "{number} rows wait", row.waiting).format(number=row.waiting)
    return render_state(words, "warn")


@admin.register(AnswerSheet, site=site)
class AnswerSheetAdmin(EvidenceAdmin):
    """Answer sheets, with their uploader and the state of their rows."""

    form = UploadForm
    view_capability = Capability.VIEW_FORMS
    ledger_families = ("answers",)
    add_capability = Capability.MANAGE_FORMS
    list_display = ("name", "owner", "kind", "rows", "standing", "brought_by")
    list_filter = ("client",)
    newest_by = "uploaded_at"
    detail_fields = ("uploaded", "kind", "rows", "standing", "brought_by", "fingerprint")
    change_list_template = "paper/sheets.html"
    change_form_template = "paper/sheet.html"
    intro = "Uploaded answer sheets. Their rows are in the queue; an answer counts only once it is confirmed."
    empty_text = "No answer sheet has been uploaded yet."
    acts = (
        RowAction(
            "confirm",
            "Confirm all matched",
            Capability.CONFIRM_ANSWERS,
            _confirm_sheet,
            form=ActionForm,
            lead="Each matched row is recorded now, each purpose separately, with the sheet and its row as evidence. "
            "Every row is checked again first; rows that no longer match stay in the queue.",
            applies=_has_matched,
        ),
    )
    standing = state_column(standing_pill)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related actors and annotate the number of open rows."""
        of_sheet = SheetEntry.objects.filter(
            client_id=OuterRef("client_id"), sheet=OuterRef("pk"), state__in=OPEN_STATES
        )
        waiting = of_sheet.order_by().values("sheet")
        number = Coalesce(Subquery(waiting.annotate(number=Count("pk")).values("number")), 0)
        return annotate_actor(super().get_queryset(request).annotate(waiting=number), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields to upload a sheet, or those to show one."""
        if obj is not None:
            return [(None, {"fields": ["owner", *self.detail_fields]})]
        whose = [] if actor_of(request).client_id is not None else ["client"]
        return [(None, {"fields": [*whose, "file"]})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        """Add the sheet in the context of its client; problems become form errors."""
        with in_client(obj.client_id):
            client = Client.objects.get(id=obj.client_id)
            content = form.cleaned_data["file"].read()
            try:
                row = upload_sheet(content, client=client, actor=actor_of(request), at=get_action_time(request))
            except SheetInvalid as refused:
                problem_lines = [_format_problem(problem) for problem in refused.problems[:PROBLEMS_SHOWN]]
                left = len(refused.problems) - len(problem_lines)
                more = [gettext("And {number} more.").format(number=left)] if left else []
                raise ValidationError({"file": [*problem_lines, *more]}) from refused
        obj.pk, obj.uploaded_at, obj.rows, obj.blank = row.pk, row.uploaded_at, row.rows, row.blank

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Redirect to the sheet with a message."""
        messages.success(request, gettext("The sheet is uploaded. Nothing is recorded yet: confirm the matched rows."))
        return HttpResponseRedirect(self.url_of("change", obj))

    def panels(self, request: HttpRequest, row: AnswerSheet) -> list[dict[str, Any]]:  # noqa: ARG002
        """Show the number of rows per state, with links to them."""
        queue = reverse("admin:paper_sheetentry_changelist", current_app=site.name)
        counts = count_rows(row)
        lines = [
            {
                "state": render_state(state.label, TONES.get(state, "calm")),
                "number": counts[state],
                "url": f"{queue}?sheet={row.pk}&state__exact={state}",
            }
            for state in EntryState
            if counts[state]
        ]
        return [{"template": "paper/panels/sheet.html", "lines": lines, "row": row, "open": counts.open}]

    @admin.display(description="sheet")
    def name(self, row: AnswerSheet) -> SafeString:
        """Return the upload time."""
        return format_html('<span class="when">{}</span>', moment_tag(row.uploaded_at))

    @admin.display(description="uploaded by")
    def brought_by(self, row: AnswerSheet) -> str:
        """Return the user who uploaded it."""
        return format_actor(row)

    @admin.display(description="uploaded")
    def uploaded(self, row: AnswerSheet) -> str:
        """Return the upload time."""
        return moment_tag(row.uploaded_at)

    @admin.display(description="SHA-256 of the file")
    def fingerprint(self, row: AnswerSheet) -> str:
        """Return the digest of the file."""
        return row.sha256
