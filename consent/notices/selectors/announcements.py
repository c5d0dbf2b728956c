"""Which clients are told of a coming text, what they have said, and what waits for an answer."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet

from consent.notices.models import Notice, NoticeDispatch, NoticeResponse, NoticeVersion, ResponseKind
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["announcements", "clients_to_tell", "is_told", "open_objections", "unacknowledged"]


def is_told(client: Client, version: NoticeVersion, own_wording: Iterable[Notice]) -> bool:
    """Say whether a client is to be told of a version: it waits for proof, and its words have effect there.

    Not PakTaleem itself; not a client that came after the announcement; for a notice about purposes, not one whose
    own wording, in effect, stands in the place of every one of them. Of the policy every client is told.
    """
    if client.pk == PAKTALEEM or not version.waits_for_proof or client.created_at > version.announced_at:
        return False
    return not _is_replaced(version.notice, own_wording)


def clients_to_tell(notice: Notice, clients: Iterable[Client], *, at: datetime) -> list[Client]:
    """List, of these clients, those that would be told of a material change of a shared notice announced now."""
    in_effect = NoticeVersion.objects.filter(effective_at__lte=at).exclude(client_id=PAKTALEEM)
    wording: defaultdict[UUID, list[Notice]] = defaultdict(list)
    for own in Notice.objects.filter(pk__in=in_effect.values("notice_id")):
        wording[own.client_id].append(own)
    return [one for one in clients if one.pk != PAKTALEEM and not _is_replaced(notice, wording[one.pk])]


def _is_replaced(notice: Notice, own_wording: Iterable[Notice]) -> bool:
    covered = {code for own in own_wording for code in own.purposes}
    return not notice.is_policy and set(notice.purposes) <= covered


def announcements(actor: Actor) -> QuerySet[NoticeDispatch]:
    """List the announcements to every client the actor may see."""
    require(actor, Capability.VIEW_REGISTER)
    return NoticeDispatch.objects.select_related("version__notice", "client")


def unacknowledged(actor: Actor) -> QuerySet[NoticeDispatch]:
    """List the announcements that the client has neither acknowledged nor objected to."""
    said = NoticeResponse.objects.filter(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.OBJECTED])
    return announcements(actor).exclude(pk__in=said.values("dispatch_id"))


def open_objections(actor: Actor) -> QuerySet[NoticeDispatch]:
    """List the announcements with an objection that no privacy officer has answered yet."""
    said = (
        NoticeResponse.objects.order_by()
        .values("dispatch_id")
        .annotate(
            objected=Count("id", filter=Q(kind=ResponseKind.OBJECTED)),
            answered=Count("id", filter=Q(kind=ResponseKind.ANSWERED)),
        )
    )
    return announcements(actor).filter(pk__in=said.filter(objected__gt=F("answered")).values("dispatch_id"))
