"""API: changes that affect decisions, so that clients can invalidate cached decisions."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from consent.decisions.data_kinds import CHANGE_FEED
from consent.decisions.selectors.changes import Change, Position, get_latest_position, list_changes_since
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, client_of, get_arrival_time, validate_input
from paktaleem.foundation.api.paging import paginated_response, read_cursor, sign_cursor
from paktaleem.foundation.api.serializers import CursorField, StrictSerializer
from paktaleem.foundation.periods.selectors import get_cutoff

_CURSOR_REUSED_FOR = timedelta(days=1)


class CursorExpired(APIException):
    """The changes since the cursor are no longer available."""

    status_code = HTTPStatus.GONE
    default_code = "cursor-expired"
    default_detail = "This cursor is too old: delete all cached decisions, and send the request again without since."


class ChangesInput(StrictSerializer):
    """Input: the cursor and the page size."""

    since = CursorField(required=False)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=1_000)


class ChangeOutput(serializers.Serializer[Any]):
    """Output: one change; without a subject it concerns everyone."""

    kind = serializers.ChoiceField(["consent", "restriction", "objection", "subject", "same_person", "register"])
    subject = serializers.CharField(allow_null=True)
    id = serializers.UUIDField(allow_null=True)
    purpose = serializers.CharField(allow_null=True)


class ChangesOutput(serializers.Serializer[Any]):
    """Output: changes in order, the next cursor, and the URL of the next page if there is one."""

    changes = ChangeOutput(many=True)
    cursor = serializers.CharField()
    next = serializers.CharField(allow_null=True)


class ListChanges(Operation):
    """``GET /api/v1/changes?since=…``."""

    capabilities = {"GET": Capability.REQUEST_DECISIONS}
    is_conditional = True

    @extend_schema(parameters=[ChangesInput], responses=ChangesOutput)
    def get(self, request: Request) -> Response:
        """List changes since a cursor; without a cursor, return the current one and no changes.

        A cursor is valid for seven days, unless PakTaleem changed that; an older one is answered with 410.
        """
        query, now, client_id = (
            validate_input(ChangesInput, request.query_params.dict()),
            get_arrival_time(request),
            client_of(request),
        )
        latest = get_latest_position()
        if "since" not in query:
            return Response({"changes": [], "cursor": _sign_position(latest, client_id, now), "next": None})
        position, issued_at = _read_cursor(query["since"], client_id)
        if position.cluster != latest.cluster or issued_at < get_cutoff(CHANGE_FEED, at=now):
            raise CursorExpired
        page = list_changes_since(actor_of(request), client_id, position, most=query["limit"])
        is_reused = not page.changes and issued_at > now - _CURSOR_REUSED_FOR
        after = page.position if page.has_more or page.changes else latest
        cursor = query["since"] if is_reused else _sign_position(after, client_id, now)
        answer = {"changes": [_serialize_change(one) for one in page.changes], "cursor": cursor}
        return paginated_response(request, answer, {"since": cursor} if page.has_more else None)


def _serialize_change(change: Change) -> dict[str, Any]:
    return {"kind": change.kind, "subject": change.subject, "id": change.subject_id, "purpose": change.purpose}


def _sign_position(position: Position, client_id: UUID, now: datetime) -> str:
    """Return a position as a cursor, signed for the client."""
    value = [position.cluster, position.xact, position.last.hex, int(now.timestamp())]
    return sign_cursor(value, of=f"changes/{client_id}")


def _read_cursor(text: str, client_id: UUID) -> tuple[Position, datetime]:
    cluster, xact, last, issued = read_cursor(text, of=f"changes/{client_id}", name="since")
    return Position(cluster, xact, UUID(hex=last)), datetime.fromtimestamp(issued, UTC)
