"""Console pages for data subjects: pseudonyms in lists, sealed fields as dots, reveal with a reason."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.people.admin.ages import (
    ADDED_FIELDS,
    AddPersonForm,
    OtherRoleFilter,
    add_person,
    describe_roles,
)
from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.directory.people.fields import PERSONAL, PERSONAL_FIELDS
from paktaleem.directory.people.models import AGE_SOURCES, GuardianClaim, Subject
from paktaleem.directory.people.selectors import BY_ID, filter_by_id_prefix
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.people import find_people, record_id_search, reveal_fields
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console import person_pages as pages
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import day, moment, period_pill, render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ConditionFilter, get_filtered_client
from paktaleem.foundation.console.forms import FieldWords, FormData, ReasonField, RowActionForm, ScopedForm, field_words
from paktaleem.foundation.console.home_pages import HomeLink, home_links
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets, Saving, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, by_user_for, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, show_revealed
from paktaleem.foundation.console.search import SEARCH_REASON
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import isolate


class FindForm(forms.Form):
    """Search text, sent by POST so that no name appears in a URL or a log."""

    text = forms.CharField(
        label=gettext_lazy("LMS id, full name, email address or phone"),
        help_text=gettext_lazy(
            "The whole value: one of several names finds nothing. Upper or lower case, Arabic or Urdu spelling and the "
            "format of phone numbers do not matter; an LMS id in mixed case is found as it is registered."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 40}),
    )
    reason = ReasonField(
        help_text=gettext_lazy("Requested once per session. Every search is recorded with it and your name.")
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Add a client field for officers, whose search needs that client's index key; offer the session's reason."""
        super().__init__(*args, **kwargs)
        self.known_reason = str(request.session.get(SEARCH_REASON, ""))
        self.fields["reason"].initial, self.fields["reason"].required = self.known_reason, not self.known_reason
        if actor_of(request).client_id is None:
            self.fields["client"] = forms.ModelChoiceField(
                Client.objects.all(), label=_("Client"), empty_label=_("Choose a client…")
            )

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"] or self.known_reason)


def search_people(request: HttpRequest, form: FindForm) -> FirstRows[Subject]:
    """Return the people that a valid form finds; the search is recorded, and its reason kept for the session."""
    actor, wanted = actor_of(request), form.cleaned_data
    request.session[SEARCH_REASON] = wanted["reason"]
    client_id = actor.client_id or (wanted["client"].pk if wanted.get("client") else None)
    if client_id is None:
        return FirstRows()
    with in_client(client_id):
        return find_people(wanted["text"], client_id=client_id, **by_user_for(request, wanted["reason"]))


home_links.connect(HomeLink(gettext_lazy("Find a person"), "admin:people_subject_find", Capability.VIEW_SUBJECTS))


LABELS = {field.name: gettext_lazy(field.label) for field in PERSONAL_FIELDS}
_ERASED: dict[type[Exception], str] = {
    ErasureInProgress: "The erasure of this person is already confirmed.",
    AlreadyErased: "This person has been erased: there is nothing to show or change.",
}
_NOT_A_FIELD = object()
_IN_SUMMARY = {"owner", "role", "age"}


class RevealForm(RowActionForm):
    fields_wanted = forms.MultipleChoiceField(
        label="Fields",
        choices=list(LABELS.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=["full_name"],
        help_text="Select only the fields that the case needs.",
    )


def _reveal(subject: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    values = reveal_fields(subject, fields=given["fields_wanted"], **by_user_for(request, given["reason"]))
    shown = [(LABELS[name], value) for name, value in values.items()]
    return show_revealed(request, subject, _("Personal data"), shown)


class ErasedFilter(ConditionFilter):
    title = "record"
    parameter_name = "record"
    offered = {
        "kept": (gettext_lazy("Kept"), Q(erased_at=None)),
        "being_erased": (gettext_lazy("Being erased"), Q(erased_at=None, erasure_started_at__isnull=False)),
        "erased": (gettext_lazy("Erased"), Q(erased_at__isnull=False)),
    }


class AgeFilter(ConditionFilter):
    title = "age"
    parameter_name = "age"
    offered = {
        "child": (gettext_lazy("Child"), lambda at: Q(of_age_at__gt=at)),
        "of_age": (gettext_lazy("Of age"), lambda at: Q(of_age_at__lte=at)),
        "unknown": (gettext_lazy("Unknown"), Q(of_age_at=None, erased_at=None)),
    }


@admin.register(Subject, site=site)
class SubjectAdmin(ExportableAdmin[Subject]):
    view_capability = Capability.VIEW_SUBJECTS
    add_capability = Capability.REGISTER_SUBJECTS
    refusals = {**_ERASED, AlreadyErased: "The person with this LMS id was erased. Request their readmission first."}
    loaded = ("client",)
    list_display = ("lms_id", "owner", describe_roles, "age", "registered_at", "record")
    list_filter = (ErasedFilter, AgeFilter, "role", OtherRoleFilter, "client")
    search_fields = ("external_id",)
    search_help_text = "LMS id or its beginning. To search by name, email or phone, use “Find a person”."
    sortable_by = ()
    change_list_template = "console/subjects.html"
    add_form_template = ScopedAdmin.change_form_template
    change_form_template = "console/person.html"
    entered = ("country",)
    main_acts = ("reveal", "rights-request", "invite", "ask-guardians", "correct")
    detail_fields = (
        "lms_id",
        "role",
        "age",
        "stated_by",
        "grade",
        "country",
        "language",
        *PERSONAL,
        "is_enabled",
        "account_closed_at",
        "registered_at",
        "changed_at",
        "erasure_started_at",
        "erased_at",
    )
    intro = (
        "Everyone whose data is held. Names, addresses and birth dates are encrypted and shown only for a stated "
        "reason."
    )
    empty_text = "No data subjects here. The learning platform registers them, or you add them."
    exported = (
        "person=external_id role other_roles grade language of_age_at is_enabled account_closed_at "
        "registered_at changed_at erasure_started_at erased_at"
    )
    acts = (
        RowAction(
            "reveal",
            "Reveal personal data",
            Capability.REVEAL_PERSONAL_DATA,
            _reveal,
            form=RevealForm,
            lead="Your name, the fields and the reason are recorded before the data is shown.",
            applies=lambda row, _at: row.erased_at is None,
            refusals=_ERASED,
        ),
    )

    lms_id = text_column(lambda row: render_state(_("erased")) if row.erased_at else (row.external_id or "—"), "LMS id")
    stated_by = text_column(
        lambda row: ", ".join(str(AGE_SOURCES[one]) for one in row.age_sources) or "—", "age stated by"
    )

    def get_form(
        self, request: HttpRequest, obj: Subject | None = None, *args: bool, **kwargs: Any
    ) -> type[ScopedForm]:
        if obj is not None:
            return super().get_form(request, obj, *args, **kwargs)
        clients = ["client"] if actor_of(request).client_id is None else []
        kwargs |= {"form": AddPersonForm, "fields": [*clients, "external_id", "role", "grade", "country"]}
        return super().get_form(request, obj, *args, **kwargs)

    def write(self, row: Subject, saving: Saving) -> None:
        row.pk = add_person(row, saving.request.new_person, **saving.by).pk

    def save_model(self, request: HttpRequest, obj: Subject, form: ScopedForm, change: bool) -> None:  # noqa: FBT001
        request.new_person = form.cleaned_data  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def all_acts(self) -> Sequence[RowAction]:
        return (*self.acts, *pages.person_acts)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        added = [] if get_filtered_client(request) is None else [*pages.person_filters]
        return [*super().get_list_filter(request), *added]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subject], search_term: str
    ) -> tuple[QuerySet[Subject], bool]:
        del request
        return filter_by_id_prefix(queryset, search_term.strip(), any_case=True), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if request.GET.get("q", "").strip():
            actor = actor_of(request)
            client_id = actor.client_id or PAKTALEEM
            with in_client(client_id):
                record_id_search(client_id=client_id, actor=actor, at=get_action_time(request))
        return response

    def get_ordering(self, request: HttpRequest) -> Any:
        """Order by the index the list uses: LMS ids by code point, children by when they reach the threshold."""
        if request.GET.get("q", "").strip():
            return (BY_ID.asc(), "id")
        orders = {"child": ("of_age_at", "id"), "of_age": ("-of_age_at", "-id")}
        return orders.get(request.GET.get(AgeFilter.parameter_name, ""), ("-registered_at", "-id"))

    def get_urls(self) -> list[URLPattern]:
        find = path("find/", self.admin_site.admin_view(self.find_view), name="people_subject_find")
        return [find, *map(self._page_url, pages.person_pages), *super().get_urls()]

    def _page_url(self, page: pages.PersonPage) -> URLPattern:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            row = self._row_or_404(request, object_id)
            if not self._may(request, page.capability, row):
                raise PermissionDenied
            return self.page(request, row, page.template, title=translate_text(page.title), **page.values(request, row))

        name = f"subjects_subject_{page.slug}"
        return path(f"<path:object_id>/{page.slug}/", self.admin_site.admin_view(view), name=name)

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Find people of one client by an exact name, email, phone or LMS id, through the keyed index."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = FindForm(request.POST or None, request=request)
        rows: FirstRows[tuple[str, str, str]] | None = None
        if request.method == "POST" and form.is_valid():
            people = search_people(request, form)
            rows = people.map(lambda one: (self.url_of("change", one), str(one), describe_roles(one)))
        context = {"opts": self.opts, "title": _("Find a person"), "form": form, "found": rows}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/find.html", {**self.admin_site.each_context(request), **context})

    @admin.display(description="age")
    def age(self, row: Subject) -> SafeString:
        if row.erased_at is not None:
            return render_state("—")
        if row.of_age_at is None:
            return render_state(_("Age unknown"), "warn" if {*row.roles} & {"student", "learner"} else "calm")
        if row.of_age_at == ADULT_SENTINEL:
            return render_state(_("Of age"))
        birthday = isolate(row.client.day_at(row.of_age_at).isoformat())
        if row.of_age_at > get_time_of(row.client_id):
            return render_state(_("Child until {day}").format(day=birthday), "warn")
        return render_state(_("Of age since {day}").format(day=birthday))

    @admin.display(description="record")
    def record(self, row: Subject) -> SafeString:
        if row.is_being_erased:
            return render_state(_("Being erased since {day}").format(day=day(row.erasure_started_at)), "warn")
        if row.erased_at:
            return render_state(_("Erased {day}").format(day=day(row.erased_at)), "bad")
        return render_state(_("Kept"), "good")

    def panels(self, request: HttpRequest, row: Subject) -> list[dict[str, object]]:
        return pages.panels_of(request, row)

    def get_fieldsets(self, request: HttpRequest, obj: Subject | None = None) -> Fieldsets:
        """Leave out what the summary shows, and fold empty fields; for a new person, ask for fields and reason."""
        if obj is None:
            clients = ["client"] if actor_of(request).client_id is None else []
            why = (_("Why"), {"fields": ["reason"], "classes": ["why"]})
            return [(None, {"fields": [*clients, *ADDED_FIELDS]}), why]
        [(_title, options), *others] = super().get_fieldsets(request, obj)
        fields = [name for name in options["fields"] if name not in _IN_SUMMARY]
        empty = [name for name in fields if getattr(obj, name, _NOT_A_FIELD) in {None, ""}]
        shown = [name for name in fields if name not in empty]
        folded = [(_("Empty fields"), {"fields": empty, "classes": ["collapse"]})] if empty else []
        return [(_("Details"), {**options, "fields": shown}), *folded, *others]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is None:
            return super().render_change_form(request, context, *args, **kwargs)
        with in_client(row.client_id):  # one context for the acts, the panels and the summary
            response = super().render_change_form(request, context, *args, **kwargs)
            tab = pages.find_tab(request, row)
            summaries = () if tab.code else pages.person_summaries
            summary = [line for summarize in summaries for line in summarize(request, row)]
            context.update(tab=tab, tabs=pages.list_tabs(request, row), summary=summary)
        return response


def person_url(subject_id: Any) -> str:
    return reverse("admin:people_subject_change", args=[subject_id], current_app=site.name)


def link_person(person: Subject) -> SafeString:
    return format_html('<a href="{}">{}</a>', person_url(person.pk), person)


def person_column(key: str = "subject", name: str = "person") -> Any:
    """Return a list column that links to the page of the person to whom the rows refer by ``key``."""
    return text_column(lambda row: link_person(getattr(row, key)), name)


@admin.register(GuardianClaim, site=site)
class GuardianClaimAdmin(ExportableAdmin[GuardianClaim], EvidenceAdmin[GuardianClaim]):
    view_capability = Capability.VIEW_RECORDS
    person_field = "child"
    loaded = ("child", "guardian")
    list_display = ("child", "guardian", "relationship", "owner", "state", "starts_at")
    list_filter = ("relationship", "client")
    detail_fields = ("child", "guardian", "relationship", "state", "starts_at", "ends_at")
    intro = (
        "Guardians as named by the school. This is a claim only: it is not consent, and the guardian is not yet "
        "verified. A claim ends when the roster or the learning platform no longer names the guardian."
    )
    empty_text = "No guardians have been named yet. Rosters and the learning platform name them."
    exported = "child=child__external_id guardian=guardian__external_id relationship starts_at ends_at"
    state = state_column(period_pill)


_MOST_CLAIMS = 50


@pages.person_summaries.connect
def summarize_person(request: HttpRequest, row: Subject) -> list[pages.SummaryLine]:
    del request
    page = SubjectAdmin(Subject, site)
    state = [] if row.is_recorded else [pages.SummaryLine(_("Record"), page.record(row))]
    is_closed = not (row.is_account_open or row.erased_at)
    account = [pages.SummaryLine(_("Account"), render_state(_("Closed"), "warn"))] if is_closed else []
    return [
        pages.SummaryLine(_("Client"), row.client.name),
        pages.SummaryLine(_("Role"), describe_roles(row)),
        pages.SummaryLine(_("Age"), page.age(row)),
        *state,
        *account,
    ]


@pages.person_panels.connect
def guardians_panel(request: HttpRequest, row: Subject) -> dict[str, object]:
    del request
    own = GuardianClaim.objects.filter(Q(child=row) | Q(guardian=row)).select_related("child", "guardian")
    claims = take_latest(own, _MOST_CLAIMS)

    def show(claim: GuardianClaim) -> dict[str, object]:
        is_child = claim.child_id == row.pk
        other = claim.guardian if is_child else claim.child
        shown = {"relation": claim.get_relationship_display(), "is_child": is_child, "other": other}
        return {**shown, "url": person_url(other.pk), "state": period_pill(claim)}

    return {"template": "console/panels/guardians.html", "rows": claims.map(show)}


field_words.connect(
    FieldWords(
        "people.subject", frozenset({"of_age_at"}), lambda at: _("Of age") if at == ADULT_SENTINEL else moment(at)
    )
)
