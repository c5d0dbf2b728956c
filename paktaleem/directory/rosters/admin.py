"""Uploading a roster in the console: choose a file, see what would change, import it or not."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from paktaleem.directory.rosters.importing.uploads import (
    NotNow,
    check_again,
    confirm_import,
    discard_roster,
    shown_details,
    upload_roster,
)
from paktaleem.directory.rosters.models import RosterImport, RosterState
from paktaleem.directory.rosters.spreadsheet import csv_template, xlsx_template
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.columns import moment, pill, who, with_actor
from paktaleem.foundation.console.forms import ActForm, ScopedForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, state_column
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.words import translated
from paktaleem.foundation.tenancy.context import in_client

__all__ = ["RosterImportAdmin"]

TONES = {
    RosterState.READY: "good",
    RosterState.DONE: "good",
    RosterState.STOPPED: "bad",
    RosterState.REFUSED: "bad",
    RosterState.CHANGED: "warn",
    RosterState.CHECKING: "warn",
    RosterState.APPLYING: "warn",
}
FAILURES = {
    "changed": gettext_lazy(
        "People were changed since it was checked, so it would no longer do what was shown. Check it again."
    ),
    "running": gettext_lazy("Another import was under way. Check it again."),
    "vanishing": gettext_lazy("More people would vanish than when it was checked. Check it again."),
    "unreadable": gettext_lazy("What was uploaded can no longer be read. Discard it and upload it again."),
}
EXAMPLES = {"add": gettext_lazy("New"), "change": gettext_lazy("Changed"), "close": gettext_lazy("Closed")}
TALLY = (
    gettext_lazy("{number} new"),
    gettext_lazy("{number} changed"),
    gettext_lazy("{number} unchanged"),
    gettext_lazy("{number} closed"),
)
TEMPLATES = {
    "csv": ("text/csv; charset=utf-8", csv_template),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_template),
}
_REFUSALS: dict[type[Exception], str] = {
    NotNow: "This roster is no longer waiting: somebody was quicker, or a day passed."
}


class UploadForm(ScopedForm):
    """Which file, and what it means that somebody is not in it."""

    reason = None  # type: ignore[assignment]
    file = forms.FileField(
        label="File",
        required=False,
        help_text="OneRoster (.zip), or our template filled in (.xlsx, .csv). "
        "At most 32 MB; kept encrypted, for a day.",
    )
    covers = forms.ChoiceField(
        label="People who are not in the file",
        choices=[
            ("some", "stay as they are: the file names only some"),
            ("everybody", "have left: the file names everybody, so close the accounts that an earlier file brought"),
        ],
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> Any:
        """Ask for a file; one that is too large has not been taken in at all."""
        file = self.cleaned_data.get("file")
        if file is None:
            raise forms.ValidationError(gettext("Choose a file of at most 32 MB."))
        return file


class ImportForm(ActForm):
    """Going on as shown. The reason is the roster itself."""

    reason = None  # type: ignore[assignment]


class AnywayForm(ImportForm):
    """The typed confirmation: how many people vanish."""

    number = forms.IntegerField(
        label="Type how many active people would vanish", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_number(self) -> int:
        """Accept the number that the page shows only."""
        typed = int(self.cleaned_data["number"])
        if typed != self.row.counts.get("vanishing"):
            raise forms.ValidationError(gettext("This is not the number of people who would vanish."))
        return typed


def _is_ready(row: RosterImport, _at: Any) -> bool:
    return row.state in {RosterState.READY, RosterState.STOPPED}


def _is_stopped(row: RosterImport, _at: Any) -> bool:
    return row.state == RosterState.STOPPED


def _is_kept(row: RosterImport, _at: Any) -> bool:
    return row.is_kept


def _import(row: RosterImport, _: dict[str, Any], request: HttpRequest) -> HttpResponse:
    return _answer(request, confirm_import(row, actor=actor_of(request), at=received_at(request)))


def _import_anyway(row: RosterImport, _: dict[str, Any], request: HttpRequest) -> HttpResponse:
    row = confirm_import(row, many_may_vanish=True, actor=actor_of(request), at=received_at(request))
    return _answer(request, row)


def _check_again(row: RosterImport, _: dict[str, Any], request: HttpRequest) -> HttpResponse:
    return _answer(request, check_again(row, actor=actor_of(request), at=received_at(request)))


def _discard(row: RosterImport, _: dict[str, Any], request: HttpRequest) -> None:
    discard_roster(row, actor=actor_of(request), at=received_at(request))


def _answer(request: HttpRequest, row: RosterImport) -> HttpResponse:
    """Say how far the roster has come, and show it."""
    words = {
        RosterState.DONE: (messages.SUCCESS, gettext("The roster is imported.")),
        RosterState.READY: (messages.SUCCESS, gettext("The file is checked. Nothing is changed yet.")),
        RosterState.STOPPED: (messages.WARNING, gettext("The file is checked, and stopped. Nothing is changed.")),
        RosterState.REFUSED: (messages.ERROR, gettext("The file is refused. Nothing is changed.")),
        RosterState.CHANGED: (messages.WARNING, FAILURES.get(row.failure) or gettext("Nothing is changed.")),
    }
    level, text = words.get(RosterState(row.state), (messages.INFO, gettext("The file is large: it is worked on now.")))
    messages.add_message(request, level, text)
    owner: RosterImportAdmin = site.get_model_admin(RosterImport)  # type: ignore[assignment]
    return HttpResponseRedirect(owner.url_of("change", row))


@admin.register(RosterImport, site=site)
class RosterImportAdmin(EvidenceAdmin):
    """Rosters: who brought which, what it would change or did."""

    section = "People"
    form = UploadForm
    view_capability = Capability.VIEW_SUBJECTS
    add_capability = Capability.REGISTER_SUBJECTS
    list_display = ("name", "owner", "kind", "standing", "outcome", "brought_by")
    list_filter = ("state", "client")
    newest_by = "uploaded_at"
    detail_fields = ("kind", "missing", "standing", "uploaded", "brought_by", "finished", "fingerprint")
    change_list_template = "console/rosters.html"
    change_form_template = "console/roster.html"
    intro = "Bring people in from a file. First you see what would change; nothing happens until you say so."
    empty_text = "No roster was uploaded yet."
    acts = (
        Act(
            "import",
            "Import",
            Capability.REGISTER_SUBJECTS,
            _import,
            form=ImportForm,
            lead="Exactly what the check showed is written, or nothing at all.",
            applies=_is_ready,
            refusals=_REFUSALS,
        ),
        Act(
            "import-anyway",
            "Import anyway",
            Capability.LET_MANY_VANISH,
            _import_anyway,
            form=AnywayForm,
            lead="It stopped because too many active people would vanish: often the export was cut off, or the "
            "wrong file chosen. Their accounts are closed; their data and consents stay until retention ends.",
            danger=True,
            applies=_is_stopped,
            refusals=_REFUSALS,
        ),
        Act(
            "check-again",
            "Check again",
            Capability.REGISTER_SUBJECTS,
            _check_again,
            form=ImportForm,
            lead="The same file is compared with the people as they are now. Nothing is changed.",
            applies=_is_kept,
            refusals=_REFUSALS,
        ),
        Act(
            "discard",
            "Discard",
            Capability.REGISTER_SUBJECTS,
            _discard,
            form=ImportForm,
            lead="The file is thrown away, unimported.",
            done="The file is thrown away.",
            applies=_is_kept,
            refusals=_REFUSALS,
        ),
    )
    standing = state_column(lambda row: pill(row.get_state_display(), TONES.get(row.state, "calm")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name who brought each, and leave what is sealed where it is."""
        return with_actor(super().get_queryset(request), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the file, or tell about it."""
        if obj is not None:
            return [(None, {"fields": ["owner", *self.detail_fields]})]
        whose = [] if actor_of(request).client_id is not None else ["client"]
        return [(None, {"fields": [*whose, "file", "covers"]})]

    def get_urls(self) -> list[URLPattern]:
        """Add the templates to download."""
        view = self.admin_site.admin_view(self.template_view)
        return [path("template/<str:kind>/", view, name="subjects_rosterimport_template"), *super().get_urls()]

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Give the empty spreadsheet."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in TEMPLATES:
            raise Http404
        content_type, make = TEMPLATES[kind]
        disposition = f'attachment; filename="people.{kind}"'
        return HttpResponse(make(), content_type=content_type, headers={"Content-Disposition": disposition})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        """Upload and check the file, inside the one client whose people they are."""
        given = form.cleaned_data
        with in_client(obj.client_id):
            row = upload_roster(
                given["file"].read(),
                client=Client.objects.get(id=obj.client_id),
                everybody=given["covers"] == "everybody",
                actor=actor_of(request),
                at=received_at(request),
            )
        obj.pk, obj.state, obj.failure = row.pk, row.state, row.failure

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show what would change."""
        return _answer(request, obj)

    def _acts_of(self, request: HttpRequest, row: Any) -> list[Act]:
        """Offer one way to import: the one that fits."""
        left_out = "import" if _is_stopped(row, None) else ""
        return [act for act in super()._acts_of(request, row) if act.slug != left_out]

    def panels(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        """Show what would change or was changed, what is wrong, and a few examples."""
        with in_client(row.client_id):
            details = shown_details(RosterImport.objects.get(pk=row.pk))
        return [{"template": "console/panels/roster.html", **_found(row), **_named(row, details)}]

    @admin.display(description="roster")
    def name(self, row: RosterImport) -> SafeString:
        """Name it by its moment."""
        return format_html('<span class="when">{}</span>', moment(row.uploaded_at))

    @admin.display(description="changes")
    def outcome(self, row: RosterImport) -> str:
        """Sum the changes up."""
        tallies = _people(row)
        if not tallies:
            return "—"
        sums = [sum(column) for column in zip(*tallies.values(), strict=True)]
        return ", ".join(
            str(words).format(number=f"{number:,}") for number, words in zip(sums, TALLY, strict=True) if number
        ) or gettext("nothing")

    @admin.display(description="people not in the file")
    def missing(self, row: RosterImport) -> str:
        """Say what it means that somebody is not named."""
        if row.everybody:
            return gettext("have left, if an earlier file brought them")
        return gettext("stay as they are")

    @admin.display(description="brought by")
    def brought_by(self, row: RosterImport) -> str:
        """Name who uploaded it."""
        return who(row)

    @admin.display(description="uploaded")
    def uploaded(self, row: RosterImport) -> str:
        """Say when."""
        return moment(row.uploaded_at)

    @admin.display(description="finished")
    def finished(self, row: RosterImport) -> str:
        """Say when it was imported, refused or thrown away."""
        return moment(row.finished_at)

    @admin.display(description="SHA-256 of the file")
    def fingerprint(self, row: RosterImport) -> str:
        """Tell the file by its digest."""
        return bytes(row.sha256).hex()


def _people(row: RosterImport) -> dict[str, Sequence[int]]:
    return {name: tally for name, tally in row.counts.get("tallies", {}).items() if name != "relations"}


def _found(row: RosterImport) -> dict[str, Any]:
    tallies = row.counts.get("tallies", {})
    rows = [
        (translated(name.replace("relations", "guardian relations").capitalize()), *tally)
        for name, tally in sorted(tallies.items(), key=lambda one: (one[0] == "relations", one[0]))
    ]
    return {
        "roster": row,
        "rows": rows,
        "counts": row.counts,
        "limit": settings.ROSTER_VANISH_PERCENT,
        "failure": FAILURES.get(row.failure, ""),
        "is_done": row.state == RosterState.DONE,
        "is_stopped": row.state == RosterState.STOPPED,
        "is_refused": row.state == RosterState.REFUSED,
    }


def _named(row: RosterImport, details: dict[str, Any]) -> dict[str, Any]:
    found = details.get("problems", [])
    total = row.counts.get("problems", sum(row.counts.get("oddities", {}).values()))
    return {
        "problems": found,
        "problems_left": max(0, total - len(found)),
        "examples": [(EXAMPLES[kind], ids) for kind, ids in details.get("examples", {}).items() if kind in EXAMPLES],
    }
