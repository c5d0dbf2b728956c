"""Acts on a row of the queue: confirm, match, enter the guardian who signed, choose or dismiss."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Relationship
from consent.paper.models.sheets import EntryProblem, EntryState, SheetEntry
from consent.paper.services.errors import NotForGuardians
from consent.paper.services.queue import choose_entry, confirm_entry, dismiss_entry, enter_signer, match_entry
from consent.paper.signers import list_possible_signers
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client


class ConfirmForm(ActionForm):
    """A form to add an optional scan of the signed form."""

    scan = forms.FileField(
        label=_("Scan of the form"),
        required=False,
        help_text=_("Optional: PDF, JPEG or PNG. It is encrypted and becomes evidence of each answer."),
    )


class MatchForm(RowActionForm):
    """A form to enter the code of the row's form."""

    code = forms.CharField(
        label=_("Code on the form"),
        max_length=40,
        help_text=_("As printed on the person's page. Case and the hyphen do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("code", "reason")


class SignerForm(RowActionForm):
    """A form to enter the guardian who signed: one on file, or the name and relationship on the form."""

    guardian = forms.ChoiceField(
        label=_("Guardian on file"),
        required=False,
        help_text=_("By LMS id. Compare the name on the form with the one on the guardian's page."),
    )
    name = forms.CharField(
        label=_("Or the name on the form"),
        required=False,
        max_length=200,
        help_text=_("For a guardian who is not on file. It is sealed, and a second person must record the row."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    relationship = forms.ChoiceField(
        label=_("Relationship on the form"), required=False, choices=[("", _("Not stated")), *Relationship.choices]
    )
    field_order = ("guardian", "name", "relationship", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the guardians on file of the row's child."""
        super().__init__(*args, **kwargs)
        with in_client(self.row.client_id):
            self.on_file = list_possible_signers(self.row.subject, at=get_action_time(self.request))
        offered = [(str(person.pk), f"{person} ({relationship})") for person, relationship in self.on_file]
        set_choices(self, "guardian", [("", _("None of them")), *offered])


class ChooseForm(RowActionForm):
    """A form to record a row; the name of a guardian who is not on file is typed a second time."""

    name = forms.CharField(
        label=_("Name of the guardian on the form"),
        max_length=200,
        help_text=_("Read it on the paper. It must be the name that the first person entered."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the name only if the guardian is not on file."""
        super().__init__(*args, **kwargs)
        if not self.row.names_new_guardian:
            del self.fields["name"]


def _is_matched(row: SheetEntry, _at: Any) -> bool:
    return row.state == EntryState.MATCHED


def _is_open(row: SheetEntry, _at: Any) -> bool:
    return row.is_open


def _may_choose(row: SheetEntry, _at: Any) -> bool:
    return row.state in {EntryState.CONTRADICTORY, EntryState.OUTDATED} or row.problem == EntryProblem.SIGNER_NEW


def _may_enter_signer(row: SheetEntry, _at: Any) -> bool:
    if row.page is None or row.subject is None or not row.subject.is_recorded:
        return False
    return row.is_open and row.page.run.for_guardians and row.given_by == "guardian"


def may_match(row: SheetEntry, _at: Any) -> bool:
    return row.state == EntryState.UNMATCHED and row.page_id is None


def _confirm_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    return _redirect_to_row(
        request, confirm_entry(row, scan=given["scan"], actor=actor_of(request), at=get_action_time(request))
    )


def _choose_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    return _redirect_to_row(request, choose_entry(row, name=given.get("name", ""), **by))


def _match_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    return _redirect_to_row(request, match_entry(row, code=given["code"], **by))


def _enter_signer(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    if row.subject is None:
        raise NotForGuardians
    chosen, at = given.pop("guardian"), get_action_time(request)
    on_file = {str(person.pk): person for person, _ in list_possible_signers(row.subject, at=at)}
    return _redirect_to_row(
        request, enter_signer(row, guardian=on_file.get(chosen), **given, actor=actor_of(request), at=at)
    )


def _dismiss_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> None:
    dismiss_entry(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


def _redirect_to_row(request: HttpRequest, row: SheetEntry) -> HttpResponse:
    """Show the row with a message about its new state."""
    if row.state == EntryState.CONFIRMED:
        messages.success(request, gettext("Confirmed. In effect from the next decision."))
    elif row.state == EntryState.MATCHED:
        messages.success(request, gettext("Matched. Nothing is recorded yet: confirm it."))
    else:
        messages.warning(request, gettext("Nothing is recorded: {why}").format(why=row.get_problem_display()))
    return HttpResponseRedirect(reverse("admin:paper_sheetentry_change", args=[row.pk], current_app=site.name))


ACTS = (
    RowAction(
        "confirm",
        "Confirm",
        Capability.CONFIRM_ANSWERS,
        _confirm_entry,
        form=ConfirmForm,
        lead="The row's answers are recorded, each purpose separately, with the sheet and its row as evidence. A form "
        "that a guardian signed also verifies the guardian: look at the signature first.",
        applies=_is_matched,
        template="paper/settle.html",
    ),
    RowAction(
        "match",
        "Match by hand",
        Capability.MANAGE_FORMS,
        _match_entry,
        form=MatchForm,
        lead="Enter the code printed on the paper form. The row must then be confirmed.",
        applies=may_match,
        template="paper/match.html",
    ),
    RowAction(
        "signer",
        "Enter the guardian",
        Capability.MANAGE_FORMS,
        _enter_signer,
        form=SignerForm,
        lead="Enter who signed the form. The row must then be confirmed.",
        applies=_may_enter_signer,
        template="paper/settle.html",
    ),
    RowAction(
        "choose",
        "Record this row",
        Capability.CONFIRM_ANSWERS,
        _choose_entry,
        form=ChooseForm,
        lead="This row is recorded, and other rows for its code are dismissed, but not those of another guardian. "
        "Consents that have since been withdrawn or ended, and consents under a notice that has changed, are left out. "
        "A form that a guardian signed also verifies the guardian: look at the signature first.",
        danger=True,
        applies=_may_choose,
        refusals={
            ApproverIsRequester: "You entered this guardian's name: another person must look at the form and record "
            "the row.",
        },
        template="paper/settle.html",
    ),
    RowAction(
        "dismiss",
        "Dismiss",
        Capability.MANAGE_FORMS,
        _dismiss_entry,
        lead="The row is closed permanently. None of its answers is recorded.",
        done="Dismissed: none of its answers is recorded.",
        danger=True,
        applies=_is_open,
        template="paper/settle.html",
    ),
)
