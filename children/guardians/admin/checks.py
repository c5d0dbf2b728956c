"""Checks that providers carry out, in the console: begun on a guardian's page, asked about here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from children.guardians.admin.words import REFUSALS
from children.guardians.models import CheckState, Guardianship, ProviderCheck, VerificationMethod
from children.guardians.providers import NoSuchProvider, check_providers
from children.guardians.services import MethodNotOffered, request_ask, request_check, show_where
from children.guardians.strength import PROVIDER_METHODS
from paktaleem.foundation.accounts.addresses import public_address
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.columns import pill
from paktaleem.foundation.console.forms import ActForm, offer
from paktaleem.foundation.console.model_admin import EvidenceAdmin, state_column
from paktaleem.foundation.console.site import site

__all__ = ["START_CHECK", "ProviderCheckAdmin"]

_TONES = {"requested": "warn", "started": "warn", "passed": "good", "failed": "bad", "lapsed": "bad"}
_METHODS = [(one.value, one.label) for one in VerificationMethod if one.value in PROVIDER_METHODS]
_REFUSALS: dict[type[Exception], str] = {
    **REFUSALS,
    NoSuchProvider: "This provider is set up no longer.",
    MethodNotOffered: "This provider does not check in this way.",
}


class CheckForm(ActForm):
    """Which provider, in which way."""

    provider = forms.ChoiceField(help_text="Set up by PakTaleem's operator.")
    method = forms.ChoiceField(choices=_METHODS)
    field_order = ("provider", "method", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the providers there are."""
        super().__init__(*args, **kwargs)
        offer(self, "provider", [(code, code) for code in sorted(check_providers())])


def _start(row: Guardianship, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    answers = reverse("guardian-check-answer", args=[row.client.code, given["provider"]])
    told: dict[str, Any] = {"actor": actor_of(request), "at": received_at(request)}
    check = request_check(row, **given, answer_to=public_address(request) + answers, **told)
    messages.success(request, _("The provider is being asked: how far it is shows here."))
    return HttpResponseRedirect(reverse("admin:children_providercheck_change", args=[check.pk], current_app=site.name))


START_CHECK = Act(
    "check",
    "Have a provider check",
    Capability.VERIFY_GUARDIANS,
    _start,
    form=CheckForm,
    lead="The provider is told neither the child nor the guardian, who deals with it themselves. Passed, the guardian "
    "is verified; kept are its number of the check and the result.",
    applies=lambda row, at: row.ends_at is None or row.ends_at > at,
    refusals=_REFUSALS,
)


def _ask(row: ProviderCheck, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    request_ask(row, actor=actor_of(request))


def _show_where(row: ProviderCheck, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    url = show_where(row, reason=given["reason"], actor=actor_of(request), at=received_at(request))
    if url is None:
        messages.info(request, _("The provider named no address: it turns to the guardian in its own way."))
        return None
    owner: ProviderCheckAdmin = site.get_model_admin(ProviderCheck)  # type: ignore[assignment]
    shown = [(_("Address"), url)]
    told = {"title": _("Where the guardian goes"), "shown": shown, "row_url": owner.url_of("change", row)}
    return owner.page(request, row, "console/revealed.html", **told)


@admin.register(ProviderCheck, site=site)
class ProviderCheckAdmin(EvidenceAdmin):
    """Checks of guardians that providers carry out."""

    section = "Evidence"
    view_capability = Capability.VIEW_GUARDIANS
    list_display = ("started_at", "child", "guardian", "provider", "method", "standing", "owner")
    list_filter = ("state", "client")
    newest_by = "started_at"
    detail_fields = (
        "standing",
        "child",
        "guardian",
        "provider",
        "provider_check_id",
        "method",
        "started_at",
        "finished_at",
    )
    intro = "Kept of a check are the provider's number and the result: nothing of what the provider saw."
    empty_text = "No provider has been asked."
    standing = state_column(lambda row: pill(row.get_state_display(), _TONES[row.state]))
    acts = (
        Act(
            "ask",
            "Ask for the result",
            Capability.VERIFY_GUARDIANS,
            _ask,
            lead="The portal asks every five minutes by itself; providers may also answer at once.",
            done="The provider is being asked: look again in a moment.",
            applies=lambda row, _at: row.is_open,
        ),
        Act(
            "where",
            "Show where the guardian goes",
            Capability.VERIFY_GUARDIANS,
            _show_where,
            lead="Whoever opens it could be checked in the guardian's place: for the guardian alone. The look is kept.",
            applies=lambda row, _at: row.state == CheckState.STARTED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring both people along."""
        return super().get_queryset(request).select_related("guardianship__child", "guardianship__guardian")

    @admin.display(description="child")
    def child(self, row: ProviderCheck) -> str:
        """Name the child, by pseudonym."""
        return str(row.guardianship.child)

    @admin.display(description="guardian")
    def guardian(self, row: ProviderCheck) -> str:
        """Name the guardian, by pseudonym."""
        return str(row.guardianship.guardian)
