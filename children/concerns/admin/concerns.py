"""Console pages of concerns and guardians' requests: reading, confirming, copying and closing."""

import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.concerns.models import FAMILIES, PARENT, Concern, ConcernKind, ConcernOutcome
from children.concerns.selectors import portal_record_remains, with_progress
from children.concerns.services import (
    close_concern,
    confirm_deletion,
    open_copy,
    read_concern,
)
from children.guardians.selectors import GuardianshipUnknown
from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import PROGRESS, ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import Card, boards, site
from paktaleem.foundation.encryption.sealing import CannotOpen

__all__ = ["ConcernAdmin", "concern_board"]

_SOON = timedelta(days=7)


class CloseForm(RowActionForm):
    """Form to close a case with its outcome."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", _("Choose…")), *ConcernOutcome.choices])
    field_order = ("outcome", "reason")


def _read(row: Concern, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    words = read_concern(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))
    owner: ConcernAdmin = site.get_model_admin(Concern)  # type: ignore[assignment]
    return owner.page(
        request,
        row,
        "console/revealed.html",
        title=gettext("Text of the concern"),
        shown=[(gettext("Text"), words["text"]), (gettext("Contact"), words["contact"])],
        row_url=owner.url_of("change", row),
    )


def _close(row: Concern, given: dict[str, Any], request: HttpRequest) -> None:
    context: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    close_concern(row, outcome=given["outcome"], **context)


def _confirm(row: Concern, given: dict[str, Any], request: HttpRequest) -> None:
    context: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    confirm_deletion(row, reason=given["reason"], **context)


def _take_copy(row: Concern, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    """Return the data of all systems as one ZIP archive, with a file for each part."""
    packed = BytesIO()
    context: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        parts = open_copy(row, reason=given["reason"], **context)
        for number, (order, part, content) in enumerate(parts, start=1):
            bundle.writestr(f"{number:03}-{order.system.code}-{part.category}.{part.file.kind}", content)
    response = HttpResponse(packed.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="copy-{row.number}.zip"'
    return response


def _waits_for_client(row: Any, _at: datetime | None = None) -> bool:
    return row.is_open and row.kind == ConcernKind.DELETION and row.ordered_at is None


def _state_pill(row: Any) -> SafeString:
    at = client_now()
    if row.closed_at is not None:
        return render_state(row.get_outcome_display(), "good")
    if row.due_at <= at:
        return render_state(gettext("Overdue"), "bad")
    if _waits_for_client(row):
        return render_state(gettext("The client must confirm"), "warn")
    if row.waits_for_systems:
        return render_state(gettext("Waiting for systems"), "calm")
    if row.has_orders:
        return render_state(_answered_label(row), "warn")
    return render_state(gettext("Waits"), "warn" if row.due_at - at < _SOON else "calm")


def _answered_label(row: Any) -> str:
    """Return the label of a case whose systems have all answered."""
    is_kept = row.child is not None and row.child.erased_at is None and not row.child.is_being_erased
    is_left = row.kind == ConcernKind.DELETION and is_kept
    return gettext("The record here is left") if is_left else gettext("All systems have answered")


class ConcernProgressFilter(ProgressFilter):
    """Filter for open and overdue cases."""

    offered: ClassVar[Any] = {"open": _("Not answered yet"), "overdue": _("Overdue")}


@admin.register(Concern, site=site)
class ConcernAdmin(SortByWaitingTime, EvidenceAdmin):
    """Console page of concerns and guardians' requests, newest first; the text is decrypted by a separate act."""

    section = "People"
    view_capability = Capability.VIEW_CONCERNS
    list_display = ("number", "kind", "standing", "about", "received_at", "due_at", "owner")
    list_filter = (ConcernProgressFilter, "kind", "client")
    newest_by = "received_at"
    longest_first: ClassVar[Any] = {"overdue": "due_at"}
    detail_fields = ("number", "kind", "standing", "about", "by", "received_at", "due_at", "ordered_at", "closed_at")
    intro = "Concerns reported about a child's data, and guardians' requests. Each has a deadline."
    empty_text = "No concern has been reported."
    standing = state_column(_state_pill)
    acts = (
        RowAction(
            "read",
            "Read it",
            Capability.HANDLE_CONCERNS,
            _read,
            lead="Shows the text and the contact for the answer. Your access is recorded with your name and reason.",
            applies=lambda row, _: row.wrapped is not None,
            refusals={CannotOpen: "The text has been deleted."},
        ),
        RowAction(
            "confirm-deletion",
            "Confirm the deletion",
            Capability.CONFIRM_DELETIONS,
            _confirm,
            lead="The guardian requested the deletion of this child’s data. Your institution decides as the "
            "controller: once you confirm, every system that holds data of the child must erase it, which cannot be "
            "undone. For data that a law requires you to keep, a system answers that the order does not apply.",
            done="The deletion has been ordered from every system. The case shows their answers.",
            danger=True,
            applies=_waits_for_client,
            refusals={
                ErasureInProgress: "The child’s data is already being erased.",
                AlreadyErased: "The child is erased.",
                GuardianshipUnknown: "The guardian may no longer decide for this child: close the case as declined.",
            },
        ),
        RowAction(
            "take-copy",
            "Take the copy",
            Capability.REVEAL_PERSONAL_DATA,
            _take_copy,
            lead="The data from all systems, in one file, for the guardian who requested it. Your access is recorded "
            "with your name and reason. Hand it over in person to the guardian, not to an address.",
            applies=lambda row, _: row.kind == ConcernKind.COPY and row.is_open,
            refusals={AlreadyErased: "The child is erased."},
        ),
        RowAction(
            "close",
            "Close it",
            Capability.HANDLE_CONCERNS,
            _close,
            form=CloseForm,
            lead="Choose the outcome, once the person who wrote has been answered. A copy that systems gave is then "
            "deleted.",
            done="Closed.",
            applies=lambda row, _: row.closed_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related child and guardian, defer the encrypted columns, and annotate the progress."""
        found = super().get_queryset(request).select_related("child", "guardian").defer("text", "contact")
        return with_progress(found)

    def panels(self, request: HttpRequest, row: Concern) -> list[dict[str, Any]]:
        """Return the panels with the orders, their answers, and the portal's own record if it remains."""
        return [*super().panels(request, row), orders_panel(row, PARENT), *_remaining_record_panel(request, row)]

    def history_of(self, row: Concern, viewer: Actor) -> dict[str, Any]:
        """Return every access and step from the ledger."""
        entries = Entry.objects.filter(client_id=row.client_id, family__in=FAMILIES, recorded_at__gte=row.received_at)
        found = annotate_actor(entries.filter(body__contains=str(row.pk)).order_by("-recorded_at", "-id"), viewer)
        return {
            "versions": [
                {"at": one.recorded_at, "kind": one.kind, "who": format_actor(one), "why": "", "changes": []}
                for one in found
            ]
        }

    @admin.display(description="child")
    def about(self, row: Concern) -> SafeString | str:
        """Return a link to the child of a guardian's request."""
        return _person_link(row.child)

    @admin.display(description="guardian")
    def by(self, row: Concern) -> SafeString | str:
        """Return a link to the guardian who made the request."""
        return _person_link(row.guardian)


def _remaining_record_panel(request: HttpRequest, row: Concern) -> list[dict[str, Any]]:
    """Return the panel about the portal's own record that remains, with a link to erase it for those who may."""
    if not portal_record_remains(row) or row.child is None:
        return []
    people = site.get_model_admin(Subject)
    url = people.url_of("erase", row.child) if actor_of(request).may(Capability.ERASE_SUBJECTS) else ""  # type: ignore[attr-defined]
    return [{"template": "console/panels/record_left.html", "child": row.child, "url": url}]


def _person_link(person: Subject | None) -> SafeString | str:
    if person is None:
        return "—"
    url = reverse("admin:subjects_subject_change", args=[person.pk], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, person)


@boards.connect
def concern_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card that counts the open cases and says whether one is overdue; two queries."""
    if not actor.may(Capability.HANDLE_CONCERNS):
        return []
    number = count_up_to(Concern.objects.open())
    if not number:
        return []
    is_late = Concern.objects.overdue(at).exists()
    note = gettext("some are overdue") if is_late else gettext("each has a deadline")
    url = reverse("admin:concerns_concern_changelist", current_app=site.name) + f"?{PROGRESS}=open"
    return [Card(gettext("Concerns about children"), format_count(number), note, url, needs_attention=True)]
