"""Console pages of providers' checks: requested on a guardian's page, followed here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from children.guardians.models.guardians import Guardianship, VerificationMethod
from children.guardians.models.mechanisms import CheckState, ProviderCheck
from children.guardians.providers import check_providers
from children.guardians.services.checks import request_check, request_check_result, show_check_url
from children.strength import PROVIDER_METHODS
from paktaleem.foundation.accounts.ip_addresses import get_public_url
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import RowActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site

_TONES = {"requested": "warn", "started": "warn", "passed": "good", "failed": "bad", "lapsed": "bad"}
_METHODS = [(one.value, one.label) for one in VerificationMethod if one.value in PROVIDER_METHODS]


class CheckForm(RowActionForm):
    """Form to choose the provider and the method."""

    provider = forms.ChoiceField(help_text="Configured by PakTaleem's operator.")
    method = forms.ChoiceField(choices=_METHODS)
    field_order = ("provider", "method", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the configured providers."""
        super().__init__(*args, **kwargs)
        set_choices(self, "provider", [(code, code) for code in sorted(check_providers())])


def _request_check(row: Guardianship, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    answers = reverse("guardian-check-answer", args=[row.client.code, given["provider"]])
    context: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    check = request_check(row, **given, answer_to=get_public_url(request) + answers, **context)
    messages.success(request, _("The check has been requested from the provider. Its progress is shown here."))
    return HttpResponseRedirect(reverse("admin:children_providercheck_change", args=[check.pk], current_app=site.name))


START_CHECK = RowAction(
    "check",
    "Request a provider's check",
    Capability.VERIFY_GUARDIANS,
    _request_check,
    form=CheckForm,
    lead="The provider does not learn who the child or the guardian is; the guardian deals with it directly. If the "
    "check is passed, the guardian is verified. Only the number of the check and its result are stored.",
    applies=lambda row, at: row.ends_at is None or row.ends_at > at,
)


def _request_result(row: ProviderCheck, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    request_check_result(row, actor=actor_of(request))


def _show_url(row: ProviderCheck, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    url = show_check_url(row, reason=given["reason"], actor=actor_of(request), at=get_action_time(request))
    if url is None:
        messages.info(request, _("The provider gave no address: it contacts the guardian in its own way."))
        return None
    owner: ProviderCheckAdmin = site.get_model_admin(ProviderCheck)
    shown = [(_("Address"), url)]
    context = {"title": _("Address for the guardian"), "shown": shown, "row_url": owner.url_of("change", row)}
    return owner.page(request, row, "console/revealed.html", **context)


@admin.register(ProviderCheck, site=site)
class ProviderCheckAdmin(EvidenceAdmin):
    """Console page of providers' checks of guardians."""

    view_capability = Capability.VIEW_CHILD_RECORDS
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
    intro = "Only the provider's number and the result of a check are stored, not the evidence that the provider saw."
    empty_text = "No check by a provider has been requested."
    standing = state_column(lambda row: render_state(row.get_state_display(), _TONES[row.state]))
    acts = (
        RowAction(
            "ask",
            "Request the result",
            Capability.VERIFY_GUARDIANS,
            _request_result,
            lead="The portal requests the result every five minutes; providers may also send it at once.",
            done="The result has been requested. Reload the page in a minute.",
            applies=lambda row, _at: row.is_open,
        ),
        RowAction(
            "where",
            "Show the address for the guardian",
            Capability.VERIFY_GUARDIANS,
            _show_url,
            lead="Give the address only to the guardian: anyone who opens it could take the check in their place. Your "
            "access is logged.",
            applies=lambda row, _at: row.state == CheckState.STARTED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related child and guardian."""
        return super().get_queryset(request).select_related("guardianship__child", "guardianship__guardian")

    @admin.display(description="child")
    def child(self, row: ProviderCheck) -> str:
        """Return the child's pseudonym."""
        return str(row.guardianship.child)

    @admin.display(description="guardian")
    def guardian(self, row: ProviderCheck) -> str:
        """Return the guardian's pseudonym."""
        return str(row.guardianship.guardian)
