"""Consent forms in the console: create a form for a group, print it, download its answer sheet."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from consent.paper.admin.blanks import BLANKS, SHEET_OF_SOME, build_blank
from consent.paper.models.forms import Addressee, FormPage, FormPurpose, FormRun
from consent.paper.selectors import NAMED_AT_MOST, count_progress, purposes_to_ask, select_people, select_unreachable
from consent.paper.services.forms import make_form, print_form
from consent.receipts.receipt import PortalUrls
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.admin.choosing import CHOOSING, SelectionForm
from paktaleem.foundation.accounts.ip_addresses import get_public_url
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor, moment_tag
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import parse_uuid
from paktaleem.foundation.console.forms import ScopedForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.word_lists import join_words

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
        """List every client but PakTaleem itself."""
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
        """List the purposes that the client may ask about."""
        super().__init__(*args, **kwargs)
        client_id = _find_client(self.request)
        if client_id is not None:
            self.instance.client_id = client_id
            found = purposes_to_ask(client_id, at=get_action_time(self.request))
            set_choices(self, "purposes", [(one.code, _purpose_name(one)) for one in found])
        self.initial.setdefault("addressee", self.request.GET.get(ADDRESSEE) or Addressee.PERSON)
        self.initial.setdefault("unreachable", UNREACHABLE in self.request.GET)

    def clean(self) -> dict[str, Any]:
        """Require purposes on a form for people themselves, and guardians for the choice of unreachable ones."""
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
        """Select related actors."""
        return annotate_actor(super().get_queryset(request), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Return the fields to add a form, or those to show one."""
        if obj is not None:
            return [(None, {"fields": ["owner", *self.detail_fields]})]
        return [
            (None, {"fields": ["name", "addressee", "purposes"]}),
            (gettext("People to ask"), {"fields": [*CHOOSING, "unreachable"]}),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of the empty answer sheets."""
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
        """Show the choice of client first, for staff who work for several."""
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
        """Create the form in the context of its client."""
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
        """Show the purposes, the progress of the answers, and the next steps."""
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
        """Return the time of creation."""
        return moment_tag(row.made_at)

    @admin.display(description="made by")
    def made_by(self, row: FormRun) -> str:
        """Return the user who made it."""
        return format_actor(row)
