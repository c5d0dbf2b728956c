"""Announcements of notices: which clients are notified, their responses, and open objections (policy §12)."""

from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Count, F, Func, Q, QuerySet, Value

from consent.notices.models.announcements import NoticeDispatch, NoticeResponse, ResponseKind
from consent.notices.models.notices import Notice, NoticeVersion
from consent.register.models.agreements import RecipientApproval
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM


def must_be_notified(
    client: Client, version: NoticeVersion, own_wording: Iterable[Notice], reaching: Container[UUID]
) -> bool:
    """Return True if a client must be notified of a version: it needs proof, and takes effect there.

    Not PakTaleem itself; not a client that joined after the announcement; for a notice about purposes, not a client
    whose own notices in effect replace it for all of them; for a list of recipients, not a client whose data cannot
    reach what the list adds (``reaching``: the other lists). Every client is notified of the privacy policy.
    """
    if client.pk == PAKTALEEM or not version.needs_proof or client.created_at > version.announced_at:
        return False
    if version.notice.lists_recipients:
        return version.pk in reaching
    return not _is_replaced(version.notice, own_wording)


def list_reaching_versions(client: Client, *, at: datetime) -> set[UUID]:
    """List the lists of recipients with an added recipient whom the client's data can reach, now or later.

    By its purposes, lawful bases and instructions, whether or not these name the recipient: a client hears of it before
    it instructs it. One query.
    """
    may_reach = Func(
        Value(client.pk),
        F("purposes"),
        F("categories"),
        Value(at),
        function="consent_may_reach",
        output_field=BooleanField(),
    )
    is_not_over = Q(ends_at=None) | Q(ends_at__gt=at)
    announced = RecipientApproval.objects.uncancelled().filter(client_id=PAKTALEEM, announced_as__isnull=False)
    rows = announced.filter(is_not_over, may_reach)
    return {version for version in rows.values_list("announced_as", flat=True) if version is not None}


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
    if not dispatch.version.notice.lists_recipients:
        return False
    rows = NoticeResponse.objects.filter(client_id=dispatch.client_id, dispatch=dispatch)
    last = rows.exclude(kind=ResponseKind.ACKNOWLEDGED).order_by("recorded_at", "id").last()
    return last is not None and last.kind == ResponseKind.ANSWERED
