"""API: the list of a client's people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.people.api.subjects import RevealInput, serialize_subject
from paktaleem.directory.people.details import ROLES
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_by_change, map_same_person, with_waiting_age_change
from paktaleem.directory.people.serializers import SubjectsOutput
from paktaleem.directory.people.services.people import reveal_many
from paktaleem.foundation.accounts.actors import require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.api.paging import paginated_response, read_cursor, sign_cursor
from paktaleem.foundation.api.serializers import CursorField, ZonedDateTimeField


class ListSubjectsInput(RevealInput):
    """Filters, cursor and page size; and the request to reveal sealed fields, with its reason."""

    role = serializers.ChoiceField(ROLES, required=False)
    changed_since = ZonedDateTimeField(required=False)
    cursor = CursorField(required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)


class ListSubjects(Operation):
    """``GET /api/v1/subjects``."""

    capabilities = {"GET": Capability.VIEW_SUBJECTS}
    is_conditional = True

    @extend_schema(parameters=[ListSubjectsInput], responses=SubjectsOutput)
    def get(self, request: Request) -> Response:
        """List the client's people, the person whose row changed longest ago first; without the erased.

        Sealed fields need the scope and a reason; each person revealed is recorded.
        """
        query = validate_input(ListSubjectsInput, request.query_params.dict())
        if "include" in query:
            require(actor_of(request), Capability.REVEAL_PERSONAL_DATA, client_of(request))
        people, more = _list_page(query, request)
        personal = _reveal(people, query["reason"], request) if "include" in query else {}
        return paginated_response(
            request, {"subjects": _serialize_people(people, personal, request)}, {"cursor": more} if more else None
        )


def _list_page(query: dict[str, Any], request: Request) -> tuple[list[Subject], str | None]:
    of = f"subjects/{client_of(request)}/{query.get('role', '')}"
    after = None
    if "cursor" in query:
        moment, key = read_cursor(query["cursor"], of=of, name="cursor")
        after = datetime.fromisoformat(moment), UUID(key)
    narrowed: dict[str, Any] = {"role": query.get("role"), "changed_since": query.get("changed_since")}
    rows = list_by_change(actor_of(request), client_of(request), **narrowed, after=after, limit=query["limit"] + 1)
    page = rows[: query["limit"]]
    if len(rows) == len(page):
        return page, None
    return page, sign_cursor([page[-1].changed_at.isoformat(), str(page[-1].pk)], of=of)


def _reveal(people: list[Subject], reason: str, request: Request) -> dict[UUID, dict[str, str | None]]:
    context: dict[str, Any] = {"actor": actor_of(request), "reason": reason, "at": moment_of(request)}
    return reveal_many(people, fields=PERSONAL, client_id=client_of(request), **context)


def _serialize_people(
    people: list[Subject], personal: Mapping[UUID, dict[str, str | None]], request: Request
) -> list[dict[str, Any]]:
    client, waiting = Client.objects.get(id=client_of(request)), with_waiting_age_change(people)
    others = map_same_person(people)
    rows = [
        serialize_subject(one, client, request, change_waits=one.pk in waiting, same_person=others.get(one.pk, ()))
        for one in people
    ]
    for one, row in zip(people, rows, strict=True):
        if one.pk in personal:
            row["personal"] = personal[one.pk]
    return rows
