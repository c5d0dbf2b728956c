"""Console pages of reviews of access."""

from django import forms
from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.staff.access_reviews.models import AccessReview
from paktaleem.directory.staff.access_reviews.services import confirm_access, list_to_confirm
from paktaleem.directory.staff.administration.admin.clients import name_limit, with_school_names
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state, state_column, text_column
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import RowActionForm, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.row_actions import act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.text.times import isolate


class ConfirmForm(RowActionForm):
    memberships = forms.MultipleChoiceField(
        label=_("Who still needs access"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave out a person who needs no access any more, and end their membership."),
    )

    def prepare(self) -> None:
        rows = list_to_confirm(self.row)
        set_choices(self, "memberships", [(str(one.pk), _describe(one)) for one in with_school_names(rows)])


def _describe(membership: Membership) -> str:
    words = f"{membership.user.full_name} ({membership.user.email}) · {gettext(membership.get_role_display())}"
    if membership.school_ids is not None:
        words = f"{words} · {gettext('sees')}: {name_limit(membership)}"
    return words if membership.suspended_at is None else f"{words} · {gettext('locked')}"


def _review_pill(review: AccessReview) -> SafeString:
    if review.closed_at is None:
        return render_state(gettext("Waiting until {day}").format(day=isolate(str(review.locks_on))), "warn")
    if review.locked_count:
        return render_state(gettext("Locked: {count}").format(count=review.locked_count), "bad")
    return render_state(gettext("Confirmed"), "good")


@admin.register(AccessReview, site=site)
class AccessReviewAdmin(EvidenceAdmin[AccessReview]):
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("access_review",)
    list_display = ("name", "owner", "state", "locks_on", "locked_count")
    list_filter = (ProgressFilter, "client")
    detail_fields = ("state", "quarter", "opened_at", "locks_on", "locked_count")
    intro = (
        "Each quarter, an administrator confirms who still has access. A membership that is not confirmed within "
        "three weeks is locked. Confirming it later restores it."
    )
    empty_text = "No review of access has been opened yet."
    name = text_column(str, "quarter")
    state = state_column(_review_pill)
    acts = (act_page(confirm_access, form=ConfirmForm),)
