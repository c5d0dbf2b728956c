"""The register of linked services in the console, with their review."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent.cookies.models.links import LinkedService
from consent.cookies.services.register import review_link, save_link
from consent.register.admin.row_admin import RegisterAdmin
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput


class LinkProgressFilter(ProgressFilter):
    """Filter for services in use and for those to be reviewed."""

    offered: ClassVar[Any] = {"in_use": _("In use"), "to_review_at": _("To be reviewed")}


class ReviewLinkForm(RowActionForm):
    """The next review day."""

    review_on = forms.DateField(
        label=_("Review day"),
        help_text=_("On this day, the first page asks to read the policy again."),
        widget=DayInput,
    )
    field_order = ("review_on", "reason")


def _review(row: LinkedService, given: dict[str, Any], request: HttpRequest) -> None:
    by: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    review_link(row, review_on=given["review_on"], reason=given["reason"], **by)


@admin.register(LinkedService, site=site)
class LinkedServiceAdmin(RegisterAdmin):
    """Console page of linked services."""

    row_fields = ("name", "url", "policy_url", "purpose_en", "purpose_ur", "review_on", "is_active")
    list_display = ("name", "url", "review_on", "is_active", "owner")
    list_filter = (LinkProgressFilter, "client")
    intro = (
        "Services of third parties that the platform links to. The public privacy page lists them with their privacy "
        "policies. Read each policy again on its review day."
    )
    empty_text = "No linked service yet."
    acts = (
        RowAction(
            "review",
            "Record a review",
            Capability.MANAGE_REGISTER,
            _review,
            form=ReviewLinkForm,
            lead="The service is still linked, and its privacy policy was read. Set the day of the next review.",
            done="Reviewed.",
            applies=lambda row, _at: row.is_active,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Make the review day of an existing row read-only: a review sets it."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "review_on") if obj is not None else fields

    def write(self, row: Any, **details: Any) -> None:
        """Add or change the linked service."""
        save_link(row, actor=details["actor"], reason=details["reason"], at=details["at"])
