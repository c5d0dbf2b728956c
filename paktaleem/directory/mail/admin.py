"""Letters in the console: what became of each. No address and no text is shown."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.directory.mail.services import CannotResend, resend_letter
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.columns import pill, who, with_actor
from paktaleem.foundation.console.model_admin import EvidenceAdmin, state_column
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.words import translated

__all__ = ["LetterAdmin"]

_TONES = {LetterState.QUEUED: "warn", LetterState.SENT: "good", LetterState.FAILED: "bad"}


def _resend(row: Letter, given: dict[str, Any], request: HttpRequest) -> None:
    resend_letter(row, actor=actor_of(request), reason=given["reason"], at=received_at(request))


def _may_be_resent(row: Letter, at: Any) -> bool:
    return row.state == LetterState.FAILED and (row.expires_at is None or row.expires_at > at)


@admin.register(Letter, site=site)
class LetterAdmin(EvidenceAdmin):
    """Letters and text messages, newest first."""

    section = "Evidence"
    view_capability = Capability.VIEW_LETTERS
    list_display = ("about", "state", "channel", "recipient", "queued_at", "sent_at", "owner")
    list_filter = ("state", "channel", "client")
    newest_by = "queued_at"
    row_fields = ()
    detail_fields = (
        "about",
        "state",
        "channel",
        "language",
        "recipient",
        "actor",
        "queued_at",
        "sent_at",
        "attempts",
        "error",
        "next_attempt",
        "message_id",
    )
    intro = "What was sent to whom, and what became of it. Addresses and texts are not shown."
    empty_text = "No letter has been sent yet."
    acts: ClassVar[Any] = (
        Act(
            "resend",
            "Send again",
            Capability.RESEND_LETTERS,
            _resend,
            lead="The letter is tried again from the start, to the address the person has now.",
            done="It is on its way.",
            applies=_may_be_resent,
            refusals={CannotResend: "It has not failed, or what it says no longer holds."},
        ),
    )
    state = state_column(lambda row: pill(row.get_state_display(), _TONES[row.state]))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the recipients and name who caused each letter; leave out what is sealed."""
        found = super().get_queryset(request).select_related("subject", "user").defer("context")
        return with_actor(found, actor_of(request))

    @admin.display(description="letter")
    def about(self, row: Letter) -> str:
        """Give the kind in words."""
        return translated(row.kind.replace("_", " ").capitalize())

    @admin.display(description="to")
    def recipient(self, row: Letter) -> SafeString | str:
        """Name the member of staff, or link to the person; never an address."""
        if row.user is not None:
            return row.user.full_name
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)

    @admin.display(description="caused by")
    def actor(self, row: Letter) -> str:
        """Name who caused it."""
        return who(row)

    @admin.display(description="last error")
    def error(self, row: Letter) -> str:
        """Say why the last attempt did not succeed."""
        return row.get_last_error_display() or "—"

    @admin.display(description="next attempt")
    def next_attempt(self, row: Letter) -> Any:
        """Say when a waiting letter is tried next."""
        return row.due_at if row.state == LetterState.QUEUED else None
