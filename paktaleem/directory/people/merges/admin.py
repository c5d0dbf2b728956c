"""Records of one person in the console: propose a link or its undoing, and confirm it; shown on both pages."""

from collections.abc import Callable

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from paktaleem.directory.people.admin.people import link_person, person_column
from paktaleem.directory.people.merges.services import decide_merge, propose_merge, propose_undo
from paktaleem.directory.people.models import PersonMerge, Subject
from paktaleem.directory.people.selectors import get_subject, list_same_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import FormData, RowActionForm, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import SummaryLine, person_acts, person_summaries
from paktaleem.foundation.console.requests import actor_of, by_user_for
from paktaleem.foundation.console.row_actions import RowAction, Weakens
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client

_LEAD = (
    "Decisions for each record then go by the strictest: a refusal, withdrawal, restriction, objection or closed "
    "account of one counts for both; a consent counts for the record it was given for only. Rights requests, copies "
    "and erasures cover both. No data moves. Nothing changes until a second person confirms it."
)
_DECIDE = "You are the second person. Open both records first, and check that they are about one person."


class LinkForm(RowActionForm):
    other = forms.CharField(
        label="LMS id of the other record", max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class UndoForm(RowActionForm):
    row: Subject
    other = forms.ChoiceField(label="Record that is not this person")

    def prepare(self) -> None:
        with in_client(self.row.client_id):
            set_choices(self, "other", [(str(one.pk), str(one)) for one in list_same_person(self.row)])


def render_same_person(subject: Subject) -> SafeString:
    return format_html_join(", ", "{}", ((link_person(one),) for one in list_same_person(subject)))


def _link(row: Subject, given: FormData, request: HttpRequest) -> PersonMerge:
    other = get_subject(given["other"].strip(), actor=actor_of(request))
    return _propose(propose_merge, row, other, given, request)


def _undo(row: Subject, given: FormData, request: HttpRequest) -> PersonMerge:
    other = Subject.objects.get(pk=given["other"], client_id=row.client_id)
    return _propose(propose_undo, row, other, given, request)


def _propose(
    service: Callable[..., PersonMerge], row: Subject, other: Subject, given: FormData, request: HttpRequest
) -> PersonMerge:
    return service(row, other, ground=given["ground"], **by_user_for(request, given["reason"]))


person_acts.connect(
    RowAction(
        "same-person",
        "Link a record of the same person",
        Capability.MERGE_PEOPLE,
        _link,
        form=LinkForm,
        lead=_LEAD,
        weakens=Weakens.ALWAYS,
        applies=lambda row, _: row.is_recorded,
    )
)
person_acts.connect(
    RowAction(
        "not-same-person",
        "Undo a link of records",
        Capability.MERGE_PEOPLE,
        _undo,
        form=UndoForm,
        lead="Decisions for each record then rest on that record alone. The link is in effect until a second person "
        "confirms that it is wrong.",
        danger=True,
        weakens=Weakens.ALWAYS,
        applies=lambda row, _at: row.same_person is not None and bool(list_same_person(row)),
    )
)


@person_summaries.connect
def summarize_same_person(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    del request
    others = render_same_person(row)
    return [SummaryLine(_("One person with"), others)] if others else []


@admin.register(PersonMerge, site=site)
class PersonMergeAdmin(ExportableAdmin[PersonMerge], EvidenceAdmin[PersonMerge]):
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("subject",)
    ledger_person = "main_id"
    loaded = ("main__client", "other__client")
    list_display = ("requested_at", "standing", "kind", "main", "other", "owner")
    list_filter = ("state", "client")
    exported = "kind state main_record=main__external_id other_record=other__external_id reason requested_at settled_at"
    detail_fields = ("standing", "kind", "main_record", "other_record", "why", "ground", "requested_at", "settled_at")
    effect_fields = ("kind", "main_record", "other_record")
    entered = ("ground",)
    intro = (
        "Two records may be one person, such as a teacher who was registered twice. One person proposes the link, "
        "another confirms it, and only two people undo it. No data moves."
    )
    empty_text = "No records are linked. Propose a link on the page of a person."
    why = text_column(lambda row: str(row.get_reason_display()), "reason")
    standing = change_state_column
    acts = approval_actions(
        decide_merge, approve="Confirm", decline="Decline", lead=_DECIDE, capability=Capability.MERGE_PEOPLE
    )
    main_record = person_column("main", "main record")
    other_record = person_column("other", "other record")
