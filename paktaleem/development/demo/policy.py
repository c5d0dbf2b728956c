"""The announced privacy policy change of the demonstration, and two clients' responses to it.

The worker sends the emails: it writes to every client's administrators as soon as it runs, and records within a minute
that they were sent. Only then do the clients' pages show the coming text.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from consent.notices.models.announcements import NoticeDispatch, NoticeResponse, ResponseKind
from consent.notices.models.notices import Notice, NoticeVersion
from consent.notices.services.dispatches import open_dispatches
from consent.notices.services.publishing import publish_notice_version
from consent.notices.services.responses import acknowledge_announcement, object_to_announcement
from paktaleem.development.demo.content import POLICY_CHANGES, RESPONSES, ResponseText
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM


def fill_policy(ids: dict[str, UUID], *, actor: Actor, at: datetime) -> None:
    """Publish a minor policy change at once and announce a material one; record the clients' responses."""
    common: dict[str, Any] = {"actor": actor, "reason": Reason.ONBOARDING}
    with in_client(PAKTALEEM):
        notice = Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice")
        done = NoticeVersion.objects.filter(notice=notice).count()
        for number, text in enumerate(POLICY_CHANGES, start=2):
            if number > done:
                days = timedelta(days=settings.NOTICE_DAYS) if text.is_material else timedelta()
                publish_notice_version(
                    notice, **text.words(), is_material=text.is_material, effective_at=at + days, **common, at=at
                )
    for response in RESPONSES:
        with in_client(ids[response.client]):
            _respond(response, ids[response.client], actor=actor, at=at)


def _respond(text: ResponseText, client_id: UUID, *, actor: Actor, at: datetime) -> None:
    open_dispatches(Client.objects.get(id=client_id), actor=actor, at=at)
    dispatch = NoticeDispatch.objects.filter(client_id=client_id).latest("opened_at")
    if NoticeResponse.objects.filter(client_id=client_id, dispatch=dispatch).exists():
        return
    client_admin = user_actor(User.objects.get(email=text.email).pk, Role.CLIENT_ADMIN, client_id)
    if text.kind == ResponseKind.ACKNOWLEDGED:
        acknowledge_announcement(dispatch, actor=client_admin, at=at)
    else:
        object_to_announcement(dispatch, code=text.code, note=text.note, actor=client_admin, at=at)
