"""Console pages of providers' checks: requested on a guardian's page, followed here."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from children.guardians.authority import PROVIDER_METHODS
from children.guardians.models import (
    CheckState,
    GuardianChange,
    GuardianConflict,
    Guardianship,
    ProviderCheck,
    Verification,
    VerificationMethod,
)
from children.guardians.providers import check_providers
from children.guardians.services.answers import close_conflict
from children.guardians.services.checks import request_check, request_check_result, show_check_url
from children.guardians.services.guardians import VERIFICATION, settle_guardian_change
from children.guardians.services.verifications import mark_verification_false
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import FormData, RowActionForm, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, act_page, show_revealed
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.text.times import join_words

_TONES = {"requested": "warn", "started": "warn", "passed": "good", "failed": "bad", "lapsed": "bad"}
_METHODS = [(one.value, one.label) for one in VerificationMethod if one.value in PROVIDER_METHODS]


class CheckForm(RowActionForm):
    provider = forms.ChoiceField(help_text="Configured by PakTaleem's operator.")
    method = forms.ChoiceField(choices=_METHODS)

    def prepare(self) -> None:
        set_choices(self, "provider", [(code, code) for code in sorted(check_providers())])


def _request_check(row: Guardianship, given: FormData, request: HttpRequest) -> ProviderCheck:
    answer_to = get_public_url(request) + reverse("guardian-check-answer", args=[row.client.code, given["provider"]])
    return request_check(row, **given, answer_to=answer_to, **by_user(request))


START_CHECK = RowAction(
    "check",
    "Request a provider's check",
    Capability.MANAGE_GUARDIANS,
    _request_check,
    form=CheckForm,
    lead="The provider does not learn who the child or the guardian is; the guardian deals with it directly. If the "
    "check is passed, the guardian is verified. Only the number of the check and its result are stored.",
    done="The check has been requested from the provider. Its progress is shown here.",
    applies=lambda row, at: row.ends_at is None or row.ends_at > at,
)


def _show_url(row: ProviderCheck, given: FormData, request: HttpRequest) -> HttpResponse | None:
    url = show_check_url(row, reason=given["reason"], actor=actor_of(request), at=get_action_time(request))
    if url is None:
        messages.info(request, gettext("The provider gave no address: it contacts the guardian in its own way."))
        return None
    return show_revealed(request, row, gettext("Address for the guardian"), [(gettext("Address"), url)])


class GuardianshipRows[Row: Model](EvidenceAdmin[Row]):
    loaded = ("guardianship__child", "guardianship__guardian")
    child = text_column(lambda row: str(row.guardianship.child), "child")
    guardian = text_column(lambda row: str(row.guardianship.guardian), "guardian")


@admin.register(ProviderCheck, site=site)
class ProviderCheckAdmin(GuardianshipRows[ProviderCheck]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    list_display = ("started_at", "child", "guardian", "provider", "method", "standing", "owner")
    list_filter = ("state", "client")
    detail_fields = (
        *("standing", "child", "guardian", "provider", "provider_check_id", "method"),
        *("started_at", "finished_at"),
    )
    intro = "Only the provider's number and the result of a check are stored, not the evidence that the provider saw."
    empty_text = "No check by a provider has been requested."
    standing = state_column(lambda row: render_state(row.get_state_display(), _TONES[row.state]))
    acts = (
        act_page(request_check_result, applies=lambda row, _at: row.is_open),
        RowAction(
            "where",
            "Show the address for the guardian",
            Capability.MANAGE_GUARDIANS,
            _show_url,
            lead="Give the address only to the guardian: anyone who opens it could take the check in their place. Your "
            "access is logged.",
            applies=lambda row, _at: row.state == CheckState.STARTED,
        ),
    )


def _state(row: Verification) -> SafeString:
    at = get_time_of(row.client_id)  # read for every row, so that the number of queries does not depend on the rows
    if row.ended_at is not None:
        return render_state(gettext("Found false"), "bad")
    if row.expires_at is not None and row.expires_at <= at:
        return render_state(gettext("Expired"), "warn")
    return render_state(gettext("Valid"), "good")


@admin.register(Verification, site=site)
class VerificationAdmin(ExportableAdmin[Verification], GuardianshipRows[Verification]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    list_display = ("verified_at", "child", "guardian", "method", "standing", "owner")
    list_filter = ("method", "client")
    exported = (
        "child=guardianship__child__external_id guardian=guardianship__guardian__external_id method "
        "strength provider verified_at expires_at ended_at"
    )
    detail_fields = (
        *("standing", "child", "guardian", "method", "strength", "provider", "provider_check_id"),
        *("verified_at", "expires_at", "ended_at"),
    )
    intro = (
        "How guardians were verified. Only a reference to the evidence, or a provider's number, is stored: never an "
        "identity document, its number or picture, or a card number."
    )
    empty_text = "No guardian has been verified yet."
    standing = state_column(_state)
    acts = (act_page(mark_verification_false, applies=lambda row, _at: row.ended_at is None),)


@admin.register(GuardianChange, site=site)
class GuardianChangeAdmin(ExportableAdmin[GuardianChange]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    asks_reason = False
    loaded = ("child", "guardianship__guardian")
    list_display = ("requested_at", "standing", "child", "guardian", "owner")
    list_filter = ("state", "client")
    exported = "child=child__external_id state requested_at settled_at"
    sortable_by = ()
    detail_fields = ("standing", "child", "guardian", "wanted", "ground", "requested_at", "settled_at")
    effect_fields = ("child", "guardian", "wanted")
    entered = ("ground",)
    intro = (
        "A change that permits a use which a guardian refused, and the school's own attestation of a guardian where "
        "data reaches recipients outside, have no effect until a second person approves them."
    )
    empty_text = "No change of a guardian waits for approval."
    standing = change_state_column
    guardian = text_column(lambda row: str(row.guardianship.guardian), "guardian")
    acts = approval_actions(
        settle_guardian_change,
        approve="Approve change",
        decline="Decline change",
        lead="It takes effect now. Approve only a change that you have checked yourself.",
    )

    @admin.display(description="requested change")
    def wanted(self, row: GuardianChange) -> str:
        if VERIFICATION in row.changes:
            return translate_text("The school's attestation of the guardian counts for outside recipients too")
        labels = {
            one.name: translate_text(one.verbose_name) for one in Guardianship._meta.fields if one.name in row.changes
        }
        words = {True: gettext("Yes"), False: gettext("No")}
        return join_words(f"{labels[name]}: {words.get(to, to)}" for name, to in sorted(row.changes.items()))


@admin.register(GuardianConflict, site=site)
class GuardianConflictAdmin(ExportableAdmin[GuardianConflict]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    asks_reason = False
    loaded = ("child",)
    list_display = ("opened_at", "standing", "child", "about", "owner")
    list_filter = (ProgressFilter, "client")
    exported = "child=child__external_id purpose=purpose_code opened_at closed_at outcome"
    sortable_by = ()
    detail_fields = ("standing", "child", "about", "opened_at", "closed_at", "outcome")
    intro = (
        "One guardian consents and another refuses. Meanwhile the refusal applies. Speak with both; the case ends "
        "when they agree."
    )
    empty_text = "No guardians disagree."
    standing = state_column(lambda row: render_state("Closed") if row.closed_at else render_state("Open", "warn"))
    about = text_column(
        lambda row: format_purpose(row.purpose_code, row.client_id) if row.purpose_code else "—", "about"
    )
    acts = (act_page(close_conflict),)
