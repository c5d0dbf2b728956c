"""Console pages for roster imports: upload a file, preview the changes, import or discard it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.schools.models import RosterImport, RosterState
from paktaleem.directory.schools.oneroster.problems import ODDITY_TEXTS, Oddity
from paktaleem.directory.schools.rosters.importing import uploads
from paktaleem.directory.schools.rosters.importing.run import Loss, find_large_losses
from paktaleem.directory.schools.rosters.spreadsheet.rows import csv_template, xlsx_template
from paktaleem.foundation.accounts.acts import Act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    moment_tag,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.forms import ActionForm, ScopedForm
from paktaleem.foundation.console.long_acts import LISTED_FOR, LongAct, Progress
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import act_page, send_file
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.times import join_words
from paktaleem.foundation.upkeep.runs.services import find_step

_STOPPED = _("The file is checked; the import is stopped. Nothing is changed.")
_LARGE = _("The file is large: it is being processed.")
STATES = {
    RosterState.READY: ("good", messages.SUCCESS, _("The file is checked. Nothing is changed yet.")),
    RosterState.DONE: ("good", messages.SUCCESS, _("The roster is imported.")),
    RosterState.STOPPED: ("bad", messages.WARNING, _STOPPED),
    RosterState.REFUSED: ("bad", messages.ERROR, _("The file is refused. Nothing is changed.")),
    RosterState.CHANGED: ("warn", messages.WARNING, _("Nothing is changed.")),
    RosterState.CHECKING: ("warn", messages.INFO, _LARGE),
    RosterState.APPLYING: ("warn", messages.INFO, _LARGE),
}
"""The tone of a state, and the message after a step that ends in it."""
FAILURES = {
    "changed": _("People have changed since the check, so the result shown is out of date. Check the roster again."),
    "running": _("Another import was running. Check the roster again."),
    "vanishing": _("More would be lost than at the check. Check the roster again."),
    "unreadable": _("The uploaded file can no longer be read. Discard it and upload it again."),
}
EXAMPLES = {"add": _("New"), "change": _("Changed"), "close": _("Closed")}
OTHERS = {
    "relations": _("Guardian relations"),
    "schools": _("Schools"),
    "terms": _("Terms"),
    "classes": _("Classes"),
    "enrolments": _("Enrolments"),
}
"""Tallies of other things than people, in the order in which they are shown."""
TALLY = (
    _("{number} new"),
    _("{number} changed"),
    _("{number} unchanged"),
    _("{number} closed"),
)
TEMPLATES = {
    "csv": ("text/csv; charset=utf-8", csv_template),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_template),
}


class UploadForm(ScopedForm):
    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    file = forms.FileField(
        label="File",
        required=False,
        help_text="OneRoster (.zip), or our template filled in (.xlsx, .csv). "
        "At most 32 MB; kept encrypted, for a day.",
    )
    covers = forms.ChoiceField(
        label="People who are not in the file",
        choices=[
            ("some", "stay as they are: the file names only some people"),
            ("everybody", "have left: the file is complete, so close the accounts that an earlier file created"),
        ],
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if file is None:
            raise forms.ValidationError(gettext("Choose a file of at most 32 MB."))
        return file


class AnywayForm(ActionForm):
    number = forms.IntegerField(
        label="Type how many would be lost in all", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_number(self) -> int:
        typed = int(self.cleaned_data["number"])
        if typed != _total_lost(self.row):
            raise forms.ValidationError(gettext("This is not the number that the page shows."))
        return typed


def _large_losses(row: RosterImport) -> dict[str, Loss]:
    losses = {kind: Loss(*numbers) for kind, numbers in row.counts.get("losses", {}).items()}
    return find_large_losses(losses, settings.ROSTER_VANISH_PERCENT)


def _total_lost(row: RosterImport) -> int:
    return sum(loss.gone for loss in _large_losses(row).values())


def _show_result(step: Act[Any, ..., RosterImport]) -> Callable[..., HttpResponse]:
    def respond(row: RosterImport, _given: object, request: HttpRequest) -> HttpResponse:
        return _redirect_to_roster(request, step(row, actor=actor_of(request), at=get_action_time(request)))

    return respond


def _redirect_to_roster(request: HttpRequest, row: RosterImport) -> HttpResponse:
    _tone, level, text = STATES[RosterState(row.state)]
    messages.add_message(request, level, FAILURES.get(row.failure) or text)
    return HttpResponseRedirect(site.get_model_admin(RosterImport).url_of("change", row))


@admin.register(RosterImport, site=site)
class RosterImportAdmin(EvidenceAdmin[RosterImport]):
    form = UploadForm
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("roster",)
    add_capability = Capability.MANAGE_SYSTEMS
    list_display = ("name", "owner", "kind", "standing", "outcome", "brought_by")
    list_filter = ("state", "client")
    detail_fields = ("kind", "missing", "standing", "uploaded", "brought_by", "finished", "fingerprint")
    change_list_template = "console/rosters.html"
    change_form_template = "console/roster.html"
    intro = "Import people from a file. You first see what would change; nothing is imported until you confirm."
    empty_text = "No rosters have been uploaded yet."
    acts = (
        act_page(uploads.confirm_import, respond=_show_result(uploads.confirm_import)),
        act_page(uploads.import_anyway, form=AnywayForm, respond=_show_result(uploads.import_anyway)),
        act_page(uploads.check_again, respond=_show_result(uploads.check_again)),
        uploads.discard_roster,
    )
    standing = state_column(lambda row: render_state(row.get_state_display(), STATES.get(row.state, ("calm",))[0]))
    brought_by = actor_column("brought by")
    name = text_column(lambda row: format_html('<span class="when">{}</span>', moment_tag(row.uploaded_at)), "roster")
    uploaded = text_column(lambda row: moment_tag(row.uploaded_at), "uploaded")
    finished = text_column(lambda row: moment_tag(row.finished_at), "finished")
    fingerprint = text_column(lambda row: bytes(row.sha256).hex(), "SHA-256 of the file")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RosterImport]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: RosterImport | None = None) -> Fieldsets:
        if obj is not None:
            return [(None, {"fields": ["owner", *self.detail_fields]})]
        whose = [] if actor_of(request).client_id is not None else ["client"]
        return [(None, {"fields": [*whose, "file", "covers"]})]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.template_view)
        return [path("template/<str:kind>/", view, name="schools_rosterimport_template"), *super().get_urls()]

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in TEMPLATES:
            raise Http404
        content_type, make = TEMPLATES[kind]
        return send_file(make(), f"people.{kind}", content_type)

    def save_model(self, request: HttpRequest, obj: RosterImport, form: forms.BaseForm, change: bool) -> None:  # noqa: ARG002, FBT001
        given = form.cleaned_data
        with in_client(obj.client_id):
            row = uploads.upload_roster(
                given["file"].read(),
                client=Client.objects.get(id=obj.client_id),
                everybody=given["covers"] == "everybody",
                actor=actor_of(request),
                at=get_action_time(request),
            )
        obj.pk, obj.state, obj.failure = row.pk, row.state, row.failure

    def response_add(self, request: HttpRequest, obj: RosterImport, *_: object, **__: object) -> HttpResponse:
        return _redirect_to_roster(request, obj)

    def panels(self, request: HttpRequest, row: RosterImport) -> list[dict[str, object]]:  # noqa: ARG002
        with in_client(row.client_id):
            details = uploads.shown_details(RosterImport.objects.get(pk=row.pk))
        return [{"template": "console/panels/roster.html", **_panel_context(row, details)}]

    @admin.display(description="changes")
    def outcome(self, row: RosterImport) -> str:
        tallies = [tally for name, tally in row.counts.get("tallies", {}).items() if name not in OTHERS]
        if not tallies:
            return "—"
        sums = [sum(column) for column in zip(*tallies, strict=True)]
        return join_words(
            str(words).format(number=f"{number:,}") for number, words in zip(sums, TALLY, strict=True) if number
        ) or gettext("nothing")

    @admin.display(description="people not in the file")
    def missing(self, row: RosterImport) -> str:
        return gettext("have left, if an earlier file created them") if row.everybody else gettext("stay as they are")


def _oddity_rows(counts: Mapping[str, int], sample: Sequence[Sequence[Any]]) -> Iterator[dict[str, object]]:
    shown = [Oddity(*fields) for fields in sample]
    for code in (code for code in ODDITY_TEXTS if code in counts):
        found, read_as = map(translate_text, ODDITY_TEXTS[code])
        places = [one for one in shown if one.code == code]
        yield {"found": found, "read_as": read_as, "count": counts[code], "places": places}


def _panel_context(row: RosterImport, details: dict[str, Any]) -> dict[str, object]:
    tallies, problems = row.counts.get("tallies", {}), details.get("problems", [])
    rows = [
        (OTHERS.get(name) or translate_text(name.capitalize()), *tally)
        for name, tally in sorted(tallies.items(), key=lambda one: (*map(one[0].__eq__, OTHERS), one[0]))
    ]
    return {
        "roster": row,
        "rows": rows,
        "counts": row.counts,
        "limit": settings.ROSTER_VANISH_PERCENT,
        "failure": FAILURES.get(row.failure, ""),
        "is_done": row.state == RosterState.DONE,
        "is_stopped": row.state == RosterState.STOPPED,
        "losses": [loss.describe(kind) for kind, loss in _large_losses(row).items()],
        "total_lost": _total_lost(row),
        "people": Loss(*row.counts.get("losses", {}).get("people", (0, 0))),
        "is_refused": row.state == RosterState.REFUSED,
        "problems": problems,
        "problems_left": max(0, row.counts.get("problems", 0) - len(problems)),
        "oddities": list(_oddity_rows(row.counts.get("oddities", {}), details.get("oddities", []))),
        "examples": [(EXAMPLES[kind], ids) for kind, ids in details.get("examples", {}).items() if kind in EXAMPLES],
    }


def measure_roster(row: RosterImport) -> Progress | None:
    """Return the progress of the step; until the file is opened, and its number known, the total is None."""
    if row.is_under_way:
        is_import = row.state == RosterState.APPLYING and row.confirmed_at is not None
        began, by = (row.confirmed_at, row.confirmed_by) if is_import else (row.uploaded_at, row.actor_id)
        done, total = find_step(row.pk) or (0, None)
        return Progress(done, total, began or row.uploaded_at, started_by=by)
    if row.state == RosterState.DONE and row.confirmed_at is not None:
        return Progress(1, 1, row.confirmed_at, row.finished_at, started_by=row.confirmed_by)
    if row.state == RosterState.CHANGED:
        return Progress(0, None, row.uploaded_at, failed=row.get_state_display(), started_by=row.actor_id)
    return None


def _list_rows(since: datetime) -> QuerySet[RosterImport]:
    rows = RosterImport.objects.filter(uploaded_at__gte=since - LISTED_FOR)
    return rows.defer("details", "wrapped").order_by("-uploaded_at", "-pk")


ROSTERS = LongAct(
    "schools.rosterimport",
    _("Roster"),
    frozenset({uploads.RUN_ROSTER_STEP}),
    Capability.VIEW_RECORDS,
    _list_rows,
    measure_roster,
)
