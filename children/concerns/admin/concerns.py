"""Concerns about children's data in the console: what waits, until when; read with a reason; closed with an outcome."""

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
from children.concerns.selectors import record_is_left, with_progress
from children.concerns.services import (
    AlreadyClosed,
    AlreadyOrdered,
    NothingGivenYet,
    OrdersOpen,
    close_concern,
    confirm_deletion,
    copy_of,
    read_concern,
)
from children.guardians.selectors import GuardianshipUnknown
from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import now_here
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.columns import pill, who, with_actor
from paktaleem.foundation.console.filters import PROGRESS, LongestFirst, ProgressFilter
from paktaleem.foundation.console.forms import ActForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, state_column
from paktaleem.foundation.console.paging import count_up_to, number_in_words
from paktaleem.foundation.console.site import Card, boards, site
from paktaleem.foundation.encryption.sealing import CannotOpen

__all__ = ["ConcernAdmin", "concern_board"]

_SOON = timedelta(days=7)


class CloseForm(ActForm):
    """What came of it."""

    outcome = forms.ChoiceField(label=_("What came of it"), choices=[("", _("Choose…")), *ConcernOutcome.choices])
    field_order = ("outcome", "reason")


def _read(row: Concern, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    words = read_concern(row, actor=actor_of(request), reason=given["reason"], at=received_at(request))
    owner: ConcernAdmin = site.get_model_admin(Concern)  # type: ignore[assignment]
    return owner.page(
        request,
        row,
        "console/revealed.html",
        title=gettext("What was written"),
        shown=[(gettext("Text"), words["text"]), (gettext("Contact"), words["contact"])],
        row_url=owner.url_of("change", row),
    )


def _close(row: Concern, given: dict[str, Any], request: HttpRequest) -> None:
    told: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": received_at(request)}
    close_concern(row, outcome=given["outcome"], **told)


def _confirm(row: Concern, given: dict[str, Any], request: HttpRequest) -> None:
    told: dict[str, Any] = {"actor": actor_of(request), "at": received_at(request)}
    confirm_deletion(row, reason=given["reason"], **told)


def _take_copy(row: Concern, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    """Give everything that systems gave as one ZIP, a file for each part."""
    packed = BytesIO()
    told: dict[str, Any] = {"actor": actor_of(request), "at": received_at(request)}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        parts = copy_of(row, reason=given["reason"], **told)
        for number, (order, part, content) in enumerate(parts, start=1):
            bundle.writestr(f"{number:03}-{order.system.code}-{part.category}.{part.file.kind}", content)
    response = HttpResponse(packed.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="copy-{row.number}.zip"'
    return response


def _waits_for_client(row: Any, _at: datetime | None = None) -> bool:
    return row.is_open and row.kind == ConcernKind.DELETION and row.ordered_at is None


def _state(row: Any) -> SafeString:
    at = now_here()
    if row.closed_at is not None:
        return pill(row.get_outcome_display(), "good")
    if row.due_at <= at:
        return pill(gettext("Overdue"), "bad")
    if _waits_for_client(row):
        return pill(gettext("The client must confirm"), "warn")
    if row.waits_for_systems:
        return pill(gettext("Systems are at work"), "calm")
    if row.has_orders:
        return pill(_answered(row), "warn")
    return pill(gettext("Waits"), "warn" if row.due_at - at < _SOON else "calm")


def _answered(row: Any) -> str:
    """Say what there is to do once every system has answered."""
    is_left = row.kind == ConcernKind.DELETION and row.child is not None and row.child.erased_at is None
    return gettext("The record here is left") if is_left else gettext("All systems have answered")


class ConcernProgressFilter(ProgressFilter):
    """Those that are still to be answered, and those that should have been."""

    offered: ClassVar[Any] = {"open": _("Not answered yet"), "overdue": _("Overdue")}


@admin.register(Concern, site=site)
class ConcernAdmin(LongestFirst, EvidenceAdmin):
    """Concerns and guardians' requests, newest first; what was written is opened by an act of its own."""

    section = "People"
    view_capability = Capability.VIEW_CONCERNS
    list_display = ("number", "kind", "standing", "about", "received_at", "due_at", "owner")
    list_filter = (ConcernProgressFilter, "kind", "client")
    newest_by = "received_at"
    longest_first: ClassVar[Any] = {"overdue": "due_at"}
    detail_fields = ("number", "kind", "standing", "about", "by", "received_at", "due_at", "ordered_at", "closed_at")
    intro = "What anybody reported about a child's data, and what guardians ask for. Each has a day to be answered by."
    empty_text = "Nobody has reported a concern."
    standing = state_column(_state)
    acts = (
        Act(
            "read",
            "Read it",
            Capability.HANDLE_CONCERNS,
            _read,
            lead="What was written, and where an answer goes. The look is recorded with your name and reason.",
            applies=lambda row, _: row.wrapped is not None,
            refusals={CannotOpen: "What was written is no longer kept."},
        ),
        Act(
            "confirm-deletion",
            "Confirm the deletion",
            Capability.CONFIRM_DELETIONS,
            _confirm,
            lead="The guardian asked that this child’s data be deleted. It is your institution’s: once you confirm, "
            "every system that holds any is told to erase it, and that cannot be undone. What a law makes you keep, a "
            "system answers as not applicable.",
            done="Every system is told to erase; the case shows what each has answered.",
            danger=True,
            applies=_waits_for_client,
            refusals={
                AlreadyClosed: "It was closed before.",
                AlreadyOrdered: "Somebody was quicker: it is confirmed.",
                AlreadyErased: "The child is erased.",
                GuardianshipUnknown: "They no longer may decide for this child: close the case with that.",
            },
        ),
        Act(
            "take-copy",
            "Take the copy",
            Capability.REVEAL_PERSONAL_DATA,
            _take_copy,
            lead="All that the systems gave, in one file, for the guardian who asked. Each look is recorded with your "
            "name and reason. Hand it over where you know them, not to an address.",
            applies=lambda row, _: row.kind == ConcernKind.COPY and row.is_open,
            refusals={
                NothingGivenYet: "No system has given anything yet.",
                AlreadyErased: "The child is erased.",
            },
        ),
        Act(
            "close",
            "Close it",
            Capability.HANDLE_CONCERNS,
            _close,
            form=CloseForm,
            lead="Say what came of it, once whoever wrote has been answered.",
            done="Closed.",
            applies=lambda row, _: row.closed_at is None,
            refusals={
                AlreadyClosed: "It was closed before.",
                OrdersOpen: "A system has still to answer, or be waived.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring the people along, and leave what is sealed where it is."""
        found = super().get_queryset(request).select_related("child", "guardian").defer("text", "contact")
        return with_progress(found)

    def panels(self, request: HttpRequest, row: Concern) -> list[dict[str, Any]]:
        """Show what each system was told, and has answered; and what is left then."""
        return [*super().panels(request, row), orders_panel(row, PARENT), *_left(request, row)]

    def history_of(self, row: Concern, viewer: Actor) -> dict[str, Any]:
        """Show who read it and what was done, as the ledger has it."""
        entries = Entry.objects.filter(client_id=row.client_id, family__in=FAMILIES, recorded_at__gte=row.received_at)
        found = with_actor(entries.filter(body__contains=str(row.pk)).order_by("-recorded_at", "-id"), viewer)
        return {
            "versions": [
                {"at": one.recorded_at, "kind": one.kind, "who": who(one), "why": "", "changes": []} for one in found
            ]
        }

    @admin.display(description="child")
    def about(self, row: Concern) -> SafeString | str:
        """Link to the child, where a guardian who came in asked."""
        return _person(row.child)

    @admin.display(description="guardian")
    def by(self, row: Concern) -> SafeString | str:
        """Link to the guardian who asked."""
        return _person(row.guardian)


def _left(request: HttpRequest, row: Concern) -> list[dict[str, Any]]:
    """Say of a deletion for which every system has answered what is left, and lead whoever may erase it there."""
    if not record_is_left(row) or row.child is None:
        return []
    people = site.get_model_admin(Subject)
    url = people.url_of("erase", row.child) if actor_of(request).may(Capability.ERASE_SUBJECTS) else ""  # type: ignore[attr-defined]
    return [{"template": "console/panels/record_left.html", "child": row.child, "url": url}]


def _person(person: Subject | None) -> SafeString | str:
    if person is None:
        return "—"
    url = reverse("admin:subjects_subject_change", args=[person.pk], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, person)


@boards.connect
def concern_board(actor: Actor, at: datetime) -> list[Card]:
    """Say how many concerns wait, and whether one is overdue; two queries."""
    if not actor.may(Capability.HANDLE_CONCERNS):
        return []
    number = count_up_to(Concern.objects.open())
    if not number:
        return []
    is_late = Concern.objects.overdue(at).exists()
    note = gettext("some are overdue") if is_late else gettext("each has a day to be answered by")
    url = reverse("admin:concerns_concern_changelist", current_app=site.name) + f"?{PROGRESS}=open"
    return [Card(gettext("Concerns about children"), number_in_words(number), note, url, needs_attention=True)]
