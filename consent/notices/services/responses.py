"""Responses of clients to announced notices, and PakTaleem's answers to objections (policy §12)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.notices.models.announcements import NoticeDispatch, NoticeResponse, ResponseCode, ResponseKind
from consent.notices.selectors.announcements import may_withdraw_objection
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError

OBJECTIONS = (
    ResponseCode.PEOPLE,
    ResponseCode.LAW,
    ResponseCode.AGREEMENT,
    ResponseCode.UNCLEAR,
    ResponseCode.OTHER,
)
ANSWERS = (ResponseCode.EXPLAINED, ResponseCode.CHANGES, ResponseCode.AGREEMENT_FOLLOWS)


class AlreadyResponded(PortalError):
    """The client has already acknowledged the announcement, or has an open objection."""

    console_message = "This response has already been recorded."


class NoOpenObjection(PortalError):
    """The announcement has no open objection."""

    console_message = "There is no open objection."


@transaction.atomic
def acknowledge_announcement(dispatch: NoticeDispatch, *, actor: Actor, at: datetime) -> NoticeResponse:
    """Record that the client has seen the announcement; this is not an agreement (policy §12).

    Raises AlreadyResponded if it is acknowledged, NotAllowed.
    """
    require(actor, Capability.ANSWER_ANNOUNCEMENTS, dispatch.client_id)
    if ResponseKind.ACKNOWLEDGED in _lock_and_list_kinds(dispatch):
        raise AlreadyResponded
    return _record_response(dispatch, ResponseKind.ACKNOWLEDGED, "", "", actor=actor, at=at)


@transaction.atomic
def object_to_announcement(
    dispatch: NoticeDispatch, *, code: str, note: str = "", actor: Actor, at: datetime
) -> NoticeResponse:
    """Record the client's objection; it creates a task for an officer (policy §12).

    It does not stop the change of a text. With a new recipient nothing of the client is shared until the client
    withdraws it.

    Raises AlreadyResponded if there is an open objection, ValidationError for an unknown code, NotAllowed.
    """
    require(actor, Capability.ANSWER_ANNOUNCEMENTS, dispatch.client_id)
    if _has_open_objection(_lock_and_list_kinds(dispatch)):
        raise AlreadyResponded
    return _record_response(dispatch, ResponseKind.OBJECTED, _check_code(code, OBJECTIONS), note, actor=actor, at=at)


@transaction.atomic
def answer_objection(
    dispatch: NoticeDispatch, *, code: str, note: str = "", actor: Actor, at: datetime
) -> NoticeResponse:
    """Answer the client's objection, which closes the task.

    Raises NoOpenObjection if there is none, ValidationError for an unknown code, NotAllowed.
    """
    require(actor, Capability.ANSWER_OBJECTIONS, dispatch.client_id)
    if not _has_open_objection(_lock_and_list_kinds(dispatch)):
        raise NoOpenObjection
    return _record_response(dispatch, ResponseKind.ANSWERED, _check_code(code, ANSWERS), note, actor=actor, at=at)


@transaction.atomic
def withdraw_objection(dispatch: NoticeDispatch, *, actor: Actor, at: datetime) -> NoticeResponse:
    """Record that the client withdraws its objection, after PakTaleem's answer; data may be shared from then on.

    Raises NoOpenObjection if the client has none, or the answer is still missing, NotAllowed.
    """
    require(actor, Capability.ANSWER_ANNOUNCEMENTS, dispatch.client_id)
    _lock_and_list_kinds(dispatch)
    if not may_withdraw_objection(dispatch):
        raise NoOpenObjection
    return _record_response(dispatch, ResponseKind.WITHDRAWN, "", "", actor=actor, at=at)


def _lock_and_list_kinds(dispatch: NoticeDispatch) -> list[str]:
    """Lock the dispatch, and return the kinds of its responses in order."""
    NoticeDispatch.objects.select_for_update().get(pk=dispatch.pk)
    found = NoticeResponse.objects.filter(client_id=dispatch.client_id, dispatch=dispatch)
    return list(found.order_by("recorded_at", "id").values_list("kind", flat=True))


def _has_open_objection(kinds: list[str]) -> bool:
    return kinds.count(ResponseKind.OBJECTED) > kinds.count(ResponseKind.ANSWERED)


def _check_code(code: str, codes: tuple[ResponseCode, ...]) -> str:
    if code not in {one.value for one in codes}:
        raise ValidationError({"code": ["Choose one of the reasons."]})
    return code


def _record_response(
    dispatch: NoticeDispatch, kind: ResponseKind, code: str, note: str, *, actor: Actor, at: datetime
) -> NoticeResponse:
    response = NoticeResponse(
        client_id=dispatch.client_id,
        dispatch=dispatch,
        kind=kind,
        code=code,
        note=note.strip(),
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        recorded_at=at,
    )
    response.full_clean()
    response.save(force_insert=True)
    facts = {"announcement": str(dispatch.pk), "version": str(dispatch.version_id), "code": code or None}
    record_entry(f"notice.{kind.value}", client_id=dispatch.client_id, facts=facts, actor=actor, at=at)
    return response
