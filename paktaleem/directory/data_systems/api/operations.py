"""Endpoints by which a system lists, accepts, answers and fails its orders."""

from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.data_systems.api.serializers import (
    AcceptedOutput,
    CompleteInput,
    FailInput,
    ListInput,
    OrderOutput,
    OrdersOutput,
    PartOutput,
    answer_of,
    as_order,
    as_part,
)
from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.data_systems.order_parameters import list_order_parameters
from paktaleem.directory.data_systems.schedule import ASK_AGAIN_AFTER
from paktaleem.directory.data_systems.selectors import get_order, list_orders_of_system, system_of_key
from paktaleem.directory.data_systems.services.collecting import add_part
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order, fail_order, hand_over
from paktaleem.directory.data_systems.services.issuing import new_values_of
from paktaleem.directory.files.bodies import FILE_BODY, FileParser
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.api.paging import paginated_response, read_cursor, sign_cursor


class ListOrders(Operation):
    """``GET /api/v1/orders``."""

    capabilities = {"GET": Capability.COMPLETE_ORDERS}
    is_conditional = True
    is_last = False

    @extend_schema(parameters=[ListInput], responses=OrdersOutput)
    def get(self, request: Request) -> Response:
        """List this system's orders, oldest first: ``open`` are those to be carried out now.

        Orders listed here for the first time count as sent. The last page states in ``Retry-After`` how many seconds to
        wait before the next request.
        """
        query = validate_input(ListInput, request.query_params.dict())
        system = system_of_key(actor_of(request), at=moment_of(request))
        page, more = _page(system, query, request)
        if request.method == "GET":
            _hand_over(page, system, request)
        response = paginated_response(
            request, {"orders": [as_order(order) for order in page]}, {"cursor": more} if more else None
        )
        self.is_last = more is None
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Set ``Retry-After`` on the last page, also if it is not modified."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.is_last and response.status_code < HTTPStatus.BAD_REQUEST:
            response["Retry-After"] = str(int(ASK_AGAIN_AFTER.total_seconds()))
        return response


def _page(system: System, query: dict[str, Any], request: Request) -> tuple[list[Order], str | None]:
    of = f"orders/{client_of(request)}/{system.pk}/{query['state']}"
    own, is_open = list_orders_of_system(system, actor=actor_of(request)), query["state"] == "open"
    found = own.ready(moment_of(request)) if is_open else own.filter(ended_at__isnull=False)
    if "cursor" in query:
        found = found.filter(pk__gt=UUID(read_cursor(query["cursor"], of=of, name="cursor")))
    rows = list(found[: query["limit"] + 1])
    page = rows[: query["limit"]]
    return page, sign_cursor(str(page[-1].pk), of=of) if len(rows) > len(page) else None


def _hand_over(page: list[Order], system: System, request: Request) -> None:
    hand_over(
        [order for order in page if order.is_open],
        system=system,
        client_id=client_of(request),
        actor=actor_of(request),
        at=moment_of(request),
    )


class ShowOrder(Operation):
    """``GET /api/v1/orders/{id}``."""

    capabilities = {"GET": Capability.COMPLETE_ORDERS}
    is_conditional = True

    @extend_schema(responses=OrderOutput)
    def get(self, request: Request, order: UUID) -> Response:
        """Return one order of this system."""
        return Response(as_order(_get_order(order, request)))


class AcceptOrder(Operation):
    """``POST /api/v1/orders/{id}/accept``."""

    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=None, responses=AcceptedOutput)
    def post(self, request: Request, order: UUID) -> Response:
        """Accept an order; idempotent. The response of a correction has the new values; this access is recorded.

        That of an anonymisation has its parameters, such as the pseudonym that replaces the LMS id.
        """
        accepted = accept_order(_get_order(order, request), **_audit(request))
        values = new_values_of(accepted, **_audit(request))
        return Response({**as_order(accepted), "new_values": values, "parameters": list_order_parameters(accepted)})


class CompleteOrder(Operation):
    """``POST /api/v1/orders/{id}/complete``."""

    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=CompleteInput, responses=OrderOutput)
    def post(self, request: Request, order: UUID) -> Response:
        """Answer an accepted order; repeating the same answer changes nothing, a different one is refused."""
        found = _get_order(order, request)
        given = validate_input(CompleteInput, request.data)
        return Response(as_order(complete_order(found, answer_of(given), **_audit(request))))


class FailOrder(Operation):
    """``POST /api/v1/orders/{id}/fail``."""

    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=FailInput, responses=OrderOutput)
    def post(self, request: Request, order: UUID) -> Response:
        """Report a failed attempt; ``retry_at`` is when the order is open again, null if a person must act."""
        found = _get_order(order, request)
        given = validate_input(FailInput, request.data)
        return Response(as_order(fail_order(found, code=given["code"], again=given["again"], **_audit(request))))


_PART_BODY = {**FILE_BODY, "application/octet-stream": bytes}


class AddOrderFile(Operation):
    """``POST /api/v1/orders/{id}/files/{category}``."""

    capabilities = {"POST": Capability.COMPLETE_ORDERS}
    parser_classes = (FileParser,)
    beyond_schema = {"category": "A category that the system holds."}

    @extend_schema(request=_PART_BODY, responses={201: PartOutput})
    def post(self, request: Request, order: UUID, category: str) -> Response:
        """Store the request body encrypted, as part of a collect order; then complete the order.

        A PDF, JPEG or PNG, or a section of the data as JSON, sent as ``application/octet-stream``: the type follows
        from the content. So an answer may be larger than one request, in several files. Each has at most 10 MiB, unless
        the operator changed that.
        """
        found = _get_order(order, request)
        content = getattr(request.data, "content", b"")  # an empty body is not parsed
        part = add_part(found, BytesIO(content), category=category, **_audit(request))
        return Response(as_part(part), HTTPStatus.CREATED)


def _get_order(order: UUID, request: Request) -> Order:
    return get_order(order, actor=actor_of(request), at=moment_of(request))


def _audit(request: Request) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": moment_of(request)}
