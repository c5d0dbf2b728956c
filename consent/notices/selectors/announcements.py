"""Announcements of notices: which clients are notified, their responses, and open objections (policy §12)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet

from consent.notices.models import Notice, NoticeDispatch, NoticeResponse, NoticeVersion, ResponseKind
from consent.notices.selectors.notices import RECIPIENT_LIST
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM

if TYPE_CHECKING:
    from uuid import UUID

__all__ = [
    "list_clients_to_notify",
    "may_withdraw_objection",
    "must_be_notified",
    "select_announcements",
    "select_open_objections",
    "select_unacknowledged",
]


def must_be_notified(client: Client, version: NoticeVersion, own_wording: Iterable[Notice]) -> bool:
    """Return True if a client must be notified of a version: it needs proof, and takes effect there.

    Not PakTaleem itself; not a client that joined after the announcement; for a notice about purposes, not a client
    whose own notices in effect replace it for all of them. Every client is notified of the privacy policy and of
    recipients.
    """
    if client.pk == PAKTALEEM or not version.needs_proof or client.created_at > version.announced_at:
        return False
    return not _is_replaced(version.notice, own_wording)


def list_clients_to_notify(notice: Notice, clients: Iterable[Client], *, at: datetime) -> list[Client]:
    """List the clients that would be notified of a material change of a shared notice announced now."""
    in_effect = NoticeVersion.objects.filter(effective_at__lte=at).exclude(client_id=PAKTALEEM)
    wording: defaultdict[UUID, list[Notice]] = defaultdict(list)
    for own in Notice.objects.filter(pk__in=in_effect.values("notice_id")):
        wording[own.client_id].append(own)
    return [one for one in clients if one.pk != PAKTALEEM and not _is_replaced(notice, wording[one.pk])]


def _is_replaced(notice: Notice, own_wording: Iterable[Notice]) -> bool:
    covered = {code for own in own_wording for code in own.purposes}
    return bool(notice.purposes) and set(notice.purposes) <= covered


def select_announcements(actor: Actor) -> QuerySet[NoticeDispatch]:
    """Select the announcements to the clients that the actor may see. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    return NoticeDispatch.objects.select_related("version__notice", "client")


def select_unacknowledged(actor: Actor) -> QuerySet[NoticeDispatch]:
    """Select the announcements without an acknowledgement or objection. Raises NotAllowed."""
    responses = NoticeResponse.objects.filter(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.OBJECTED])
    return select_announcements(actor).exclude(pk__in=responses.values("dispatch_id"))


def select_open_objections(actor: Actor) -> QuerySet[NoticeDispatch]:
    """Select the announcements with an unanswered objection. Raises NotAllowed."""
    responses = (
        NoticeResponse.objects.order_by()
        .values("dispatch_id")
        .annotate(
            objected=Count("id", filter=Q(kind=ResponseKind.OBJECTED)),
            answered=Count("id", filter=Q(kind=ResponseKind.ANSWERED)),
        )
    )
    return select_announcements(actor).filter(pk__in=responses.filter(objected__gt=F("answered")).values("dispatch_id"))


def may_withdraw_objection(dispatch: NoticeDispatch) -> bool:
    """Return True if the client objects to recipients and has PakTaleem's answer; not for a notice's text."""
    notice = dispatch.version.notice
    if not notice.is_by_portal or notice.code != RECIPIENT_LIST:
        return False
    rows = NoticeResponse.objects.filter(client_id=dispatch.client_id, dispatch=dispatch)
    last = rows.exclude(kind=ResponseKind.ACKNOWLEDGED).order_by("recorded_at", "id").last()
    return last is not None and last.kind == ResponseKind.ANSWERED
