"""Consent forms in the console: create a form for a group, print it, download its answer sheet."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from consent.paper.models import (
    OPEN_STATES,
    Addressee,
    AnswerSheet,
    EntryState,
    FormPage,
    FormPurpose,
    FormRun,
    SheetEntry,
)
from consent.paper.selectors import (
    NAMED_AT_MOST,
    count_progress,
    count_rows,
    purposes_to_ask,
    select_people,
    select_unreachable,
)
from consent.paper.services.forms import make_form, print_form
from consent.paper.services.sheets import confirm_matched, upload_sheet
from consent.paper.sheets import SheetInvalid, render_csv_sheet, render_xlsx_sheet
from consent.paper.verdicts import SERVICE, SHARING
from consent.receipts.receipt import PortalUrls
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.forms import CHOOSING, PLACE, SelectionForm
from paktaleem.directory.schools.oneroster.problems import Problem
from paktaleem.directory.schools.selections import EVERYONE, Selection, select_chosen
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.columns import annotate_actor, format_actor, moment_tag, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import parse_uuid
from paktaleem.foundation.console.forms import ActionForm, ScopedForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.word_lists import join_words

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


CLIENT, ADDRESSEE, UNREACHABLE = "client", "addressee", "unreachable"


class ClientForm(forms.Form):
    """A form to choose the client, for staff who work for several."""

    client = forms.ModelChoiceField(
        Client.objects.none(),
        label=_("Client"),
        empty_label=_("Choose a client…"),
        help_text=_("The client whose people are asked."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "client", Client.objects.exclude(pk=PAKTALEEM))


class MakeForm(ScopedForm, SelectionForm):
    """A form to choose the people and the purposes."""

    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    name = forms.CharField(
        label=_("Class or group"), max_length=100, help_text=_("For example “Grade 7 B”. Do not name people.")
    )
    addressee = forms.ChoiceField(
        label=_("Who answers"),
        choices=Addressee.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "A form for guardians has a page for each child, and also asks about the use of the platform. The signed "
            "form verifies the guardian."
        ),
    )
    purposes = forms.MultipleChoiceField(
        label=_("What to ask"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Purposes based on consent. Each is answered separately."),
    )
    unreachable = forms.BooleanField(
        label=_("Only children whose guardians cannot be asked by message"),
        required=False,
        help_text=_("As listed under Invitations of guardians: no contact, the child's own, or one that many share."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client_id = _find_client(self.request)
        if client_id is not None:
            self.instance.client_id = client_id
            found = purposes_to_ask(client_id, at=get_action_time(self.request))
            set_choices(self, "purposes", [(one.code, _purpose_name(one)) for one in found])
        self.initial.setdefault("addressee", self.request.GET.get(ADDRESSEE) or Addressee.PERSON)
        self.initial.setdefault("unreachable", UNREACHABLE in self.request.GET)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for_guardians = cleaned.get("addressee") == Addressee.GUARDIAN
        if not for_guardians and not cleaned.get("purposes") and "purposes" not in self.errors:
            self.add_error("purposes", gettext("This field is required."))
        if cleaned.get("unreachable") and not for_guardians:
            self.add_error("unreachable", gettext("This needs a form for guardians."))
        self.check_selection(_find_client(self.request))
        return cleaned


def _purpose_name(purpose: Purpose) -> str:
    return purpose.name_ur if get_language() == "ur" else purpose.name_en


def _find_client(request: HttpRequest) -> UUID | None:
    """Return the actor's own client, or the one that an officer chose before."""
    own, chosen = actor_of(request).client_id, request.GET.get(CLIENT)
    if own is not None or not chosen:
        return own
    client_id = parse_uuid(chosen)
    return client_id if Client.objects.exclude(pk=PAKTALEEM).filter(pk=client_id).exists() else None


def _choices_page(request: HttpRequest, client: Client) -> str:
    return PortalUrls.of(get_public_url(request), client.code).choices


def _guardian_page(request: HttpRequest, client: Client) -> str:
    return get_public_url(request) + reverse("guardian-start", args=[client.code])


def _print_form(run: FormRun, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    client = Client.objects.get(pk=run.client_id)
    page = _guardian_page(request, client) if run.for_guardians else _choices_page(request, client)
    address = page.partition("://")[2]
    policy = PortalUrls.of(get_public_url(request), client.code).notice.partition("://")[2]
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    pdf = print_form(run, address=address, policy=policy, **by)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="consent-form-{run.made_at:%Y%m%d}-{run.pk.hex[-6:]}.pdf"'
    return response


def _describe_left_out(run: FormRun, people: QuerySet[Subject]) -> str:
    """Return who of the chosen people has no page of a new form, and why; empty if all have one. One query at most."""
    if len(people) == run.people:
        return ""
    pages = set(FormPage.objects.filter(client_id=run.client_id, run=run).values_list("subject_id", flat=True))
    ids = [one.external_id for one in people if one.pk not in pages]
    if run.for_guardians:
        words = ngettext(
            "{number} of the chosen people has no page, because they decide for themselves: {ids}.",
            "{number} of the chosen people have no page, because they decide for themselves: {ids}.",
            len(ids),
        )
    else:
        words = ngettext(
            "{number} of the chosen people has no page, because no chosen purpose is based on consent for their role: "
            "{ids}.",
            "{number} of the chosen people have no page, because no chosen purpose is based on consent for their role: "
            "{ids}.",
            len(ids),
        )
    named = take_first(ids, NAMED_AT_MOST)
    return words.format(number=len(ids), ids=join_words([*named, *(["…"] if named.note else [])]))


@admin.register(FormRun, site=site)
class FormRunAdmin(EvidenceAdmin):
    """Consent forms: group, purposes and progress."""

    form = MakeForm
    view_capability = Capability.VIEW_FORMS
    add_capability = Capability.MANAGE_FORMS
    list_display = ("name", "addressee", "people", "made_at", "made_by", "owner")
    list_filter = ("client",)
    newest_by = "made_at"
    detail_fields = ("name", "addressee", "people", "made", "made_by")
    entered = ("name",)
    change_list_template = "paper/forms.html"
    change_form_template = "paper/form.html"
    intro = "Ask a whole class on paper or by telephone: a page for each person, in English and Urdu, with a code."
    empty_text = "No consent form yet."
    acts = (
        RowAction(
            "print",
            "Print the form",
            Capability.MANAGE_FORMS,
            _print_form,
            lead="A PDF with everyone's name on their page. Access to each name is logged with your reason.",
            template="paper/print.html",
        ),
        SHEET_OF_SOME,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        if obj is not None:
            return [(None, {"fields": ["owner", *self.detail_fields]})]
        return [
            (None, {"fields": ["name", "addressee", "purposes"]}),
            (gettext("People to ask"), {"fields": [*CHOOSING, "unreachable"]}),
        ]

    def get_urls(self) -> list[URLPattern]:
        return [*(self._blank_url(kind) for kind in BLANKS), *super().get_urls()]

    def _blank_url(self, kind: str) -> URLPattern:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            return self.blank_view(request, object_id, kind)

        name = f"paper_formrun_sheet-{kind}"
        return path(f"<path:object_id>/sheet-{kind}/", self.admin_site.admin_view(view), name=name)

    def blank_view(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Return the empty answer sheet of a form: its codes, no names."""
        if not may(request, Capability.MANAGE_FORMS):
            raise PermissionDenied
        return build_blank(self._row_or_404(request, object_id), kind, request)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if object_id is None and self.has_add_permission(request) and _find_client(request) is None:
            return self._client_page(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _client_page(self, request: HttpRequest) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Make a consent form"),
            "form": ClientForm(),
            "kept": [(name, request.GET[name]) for name in (ADDRESSEE, UNREACHABLE) if name in request.GET],
        }
        return TemplateResponse(request, "paper/client.html", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        given: dict[str, Any] = form.cleaned_data
        by: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
        select = select_unreachable if given["unreachable"] else select_people
        with in_client(obj.client_id):
            client = Client.objects.get(pk=obj.client_id)
            people = select(client, form.selection, **by)
            run = make_form(
                client,
                name=given["name"],
                purposes=given["purposes"],
                people=people,
                addressee=Addressee(given["addressee"]),
                **by,
            )
            if words := _describe_left_out(run, people):
                messages.warning(request, words)
        obj.pk, obj.name, obj.made_at = run.pk, run.name, run.made_at

    def panels(self, request: HttpRequest, row: FormRun) -> list[dict[str, Any]]:
        form_purposes = FormPurpose.objects.filter(client_id=row.client_id, run=row).order_by("position")
        return [
            {
                "template": "paper/panels/form.html",
                "asked": [
                    {
                        "name": _purpose_name(one.purpose),
                        "notice": one.notice_version.notice,
                        "version": one.notice_version,
                    }
                    for one in form_purposes.select_related("purpose", "notice_version__notice")
                ],
                "for_guardians": row.for_guardians,
                "progress": count_progress(row),
                "may_manage": may(request, Capability.MANAGE_FORMS, row.client_id),
                "upload_url": reverse("admin:paper_answersheet_add", current_app=site.name),
            }
        ]

    @admin.display(description="made")
    def made(self, row: FormRun) -> str:
        return moment_tag(row.made_at)

    @admin.display(description="made by")
    def made_by(self, row: FormRun) -> str:
        return format_actor(row)


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
        of_sheet = SheetEntry.objects.filter(
            client_id=OuterRef("client_id"), sheet=OuterRef("pk"), state__in=OPEN_STATES
        )
        waiting = of_sheet.order_by().values("sheet")
        number = Coalesce(Subquery(waiting.annotate(number=Count("pk")).values("number")), 0)
        return annotate_actor(super().get_queryset(request).annotate(waiting=number), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
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
        messages.success(request, gettext("The sheet is uploaded. Nothing is recorded yet: confirm the matched rows."))
        return HttpResponseRedirect(self.url_of("change", obj))

    def panels(self, request: HttpRequest, row: AnswerSheet) -> list[dict[str, Any]]:  # noqa: ARG002
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
        return format_html('<span class="when">{}</span>', moment_tag(row.uploaded_at))

    @admin.display(description="uploaded by")
    def brought_by(self, row: AnswerSheet) -> str:
        return format_actor(row)

    @admin.display(description="uploaded")
    def uploaded(self, row: AnswerSheet) -> str:
        return moment_tag(row.uploaded_at)

    @admin.display(description="SHA-256 of the file")
    def fingerprint(self, row: AnswerSheet) -> str:
        return row.sha256
