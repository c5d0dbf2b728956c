"""The orders API: a system fetches and answers its orders."""

import re
from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.data_systems.extension_points import order_parameters
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import get_order, list_orders_of_system, name_of, system_of_key
from paktaleem.directory.data_systems.services.fulfilment import (
    MOST_PARTS,
    accept_order,
    add_part,
    complete_order,
    fail_order,
    hand_over,
)
from paktaleem.directory.data_systems.services.issuing import MOST_FIELDS, new_values_of
from paktaleem.directory.data_systems.states import (
    ASK_AGAIN_AFTER,
    MISPLACED,
    Answer,
    Exemption,
    Outcome,
    Section,
    State,
)
from paktaleem.directory.files.bodies import FILE_BODY, FileParser
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    by_caller,
    client_of,
    moment_of,
    paginated_response,
    take_page,
    validate_input,
)
from paktaleem.foundation.web.api.serializers import (
    PageInput,
    PatternField,
    StrictSerializer,
    TextField,
    TruthField,
    serialize_row,
)

FIELD_CODE = r"^[a-z][a-z0-9_]{1,62}$"
_CODE = r"^[a-z][a-z0-9_]*$"
_ALLOWED = "Use a code of a–z, 0–9 and _, such as database_locked."
_MOST_COUNTED = 2**53


class CodeField(PatternField):
    """A code of lower-case letters, digits and underscores; not free text, which could contain personal data."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_CODE, allowed=_ALLOWED, max_length=63, trim_whitespace=False, **kwargs)


class NewValuesField(serializers.DictField):
    """Corrected values by the code of their field; null clears a field."""

    schema_keywords = {"propertyNames": {"pattern": FIELD_CODE}, "minProperties": 1, "maxProperties": MOST_FIELDS}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=TextField(allow_null=True, max_length=2_000), allow_empty=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; fail for a name that is no code, and for more fields than an order can have."""
        values: dict[str, Any] = super().to_internal_value(data)
        wrong = {name: [_ALLOWED] for name in values if not re.fullmatch(FIELD_CODE, name)}
        if wrong:
            raise serializers.ValidationError(wrong)
        if len(values) > MOST_FIELDS:
            raise serializers.ValidationError([f"At most {MOST_FIELDS} fields."])
        return values


class CountsField(serializers.DictField):
    """Number of records by category; which categories there are depends on the order's system."""

    schema_keywords = {"propertyNames": {"pattern": _CODE}}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.IntegerField(min_value=0, max_value=_MOST_COUNTED), **kwargs)


class ListInput(PageInput):
    """State filter, cursor and page size."""

    state = serializers.ChoiceField(["open", "answered"], default="open")


class SectionInput(StrictSerializer):
    """One section of collected data: its category, and the data as any JSON value."""

    schema_properties = {"data": {"$ref": "#/components/schemas/AnyJSON"}}

    category = CodeField()
    data = serializers.JSONField(allow_null=True)  # type: ignore[assignment]  # DRF takes it out of the class


class CompleteInput(StrictSerializer):
    """The result of an order. ``done`` requires the fields of the order's kind: sections, counts, or corrected."""

    schema_rules = {
        "anyOf": [
            {"properties": {"result": {"enum": ["done"]}}, "not": {"required": ["reason"]}},
            {"properties": {"result": {"enum": ["not_found"]}}, "maxProperties": 1},
            {"properties": {"result": {"enum": ["not_applicable"]}}, "required": ["reason"], "maxProperties": 2},
        ]
    }
    beyond_schema = {
        "sections": "For done to a collect order only; categories that the system holds.",
        "counts": "For done to an erase or anonymise order only, and required there; categories that the system holds.",
        "corrected": "For done to a correct order only, and required there; fields of the order.",
    }

    result = serializers.ChoiceField([outcome.value for outcome in Outcome])
    reason = serializers.ChoiceField([reason.value for reason in Exemption], required=False)
    sections = serializers.ListField(child=SectionInput(), required=False, max_length=MOST_PARTS)
    counts = CountsField(required=False)
    corrected = serializers.ListField(child=CodeField(), required=False, max_length=50)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse fields that do not belong to the result, also empty ones."""
        allowed = {
            Outcome.DONE: {"result", "sections", "counts", "corrected"},
            Outcome.NOT_FOUND: {"result"},
            Outcome.NOT_APPLICABLE: {"result", "reason"},
        }[Outcome(attrs["result"])]
        misplaced = sorted(set(attrs) - allowed)
        if misplaced:
            raise serializers.ValidationError({name: [MISPLACED] for name in misplaced})
        return attrs


class FailInput(StrictSerializer):
    """Why an attempt failed, as a code of the system, and whether it should be tried again."""

    code = CodeField()
    again = TruthField(default=True)


class OrderCaseOutput(serializers.Serializer[object]):
    """The case that an order serves, such as a disposal, by its kind and id."""

    kind = serializers.CharField()
    id = serializers.UUIDField()


class OrderParametersOutput(serializers.Serializer[object]):
    """Values that the system needs to anonymise, depending on the method."""

    pseudonym = serializers.CharField(
        required=False, help_text="For keyed_pseudonym: replaces the LMS id; the same in every system. 64 hex digits."
    )
    smallest_group = serializers.IntegerField(
        required=False, help_text="For generalise: the least number of people that a group may have."
    )


class OrderOutput(serializers.Serializer[object]):
    """One order. Its ``id`` stays the same however often it is sent: carry it out once."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(OrderKind.choices)
    method = serializers.CharField(
        help_text="How to anonymise: drop, generalise or keyed_pseudonym. Empty: not stated, or another kind of order."
    )
    case = OrderCaseOutput(allow_null=True, help_text="The case that the order serves; null: none.")
    state = serializers.ChoiceField([state.value for state in State])
    subject = serializers.CharField(
        allow_null=True, help_text="The LMS id; null if the order is answered and the person erased."
    )
    categories = serializers.ListField(child=serializers.CharField())
    purpose = serializers.CharField(
        help_text="Of a restriction, its lift or an objection: the purpose's code; empty: every purpose."
    )
    fields_to_correct = serializers.ListField(child=serializers.CharField(), source="fields")
    reason = serializers.CharField()
    ground = serializers.ChoiceField(Ground.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    retry_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True, source="ended_at")


class AcceptedOutput(OrderOutput):
    """An accepted order; for a correction with the new values, for an anonymisation with its parameters."""

    new_values = serializers.DictField(child=serializers.CharField(allow_null=True))
    parameters = OrderParametersOutput()


class OrdersOutput(serializers.Serializer[object]):
    """A page of orders, oldest first, and the URL of the next page."""

    orders = OrderOutput(many=True)
    next = serializers.CharField(allow_null=True)


class PartOutput(serializers.Serializer[object]):
    """One stored file."""

    id = serializers.UUIDField()
    order = serializers.UUIDField(source="order_id")
    category = serializers.CharField()
    kind = serializers.CharField(source="file.kind")
    size = serializers.IntegerField(source="file.size")


def as_order(order: Order) -> dict[str, Any]:
    case = {"kind": order.parent_kind, "id": str(order.parent_id)} if order.parent_id else None
    return serialize_row(OrderOutput, order, case=case, subject=name_of(order))


class ListOrders(Operation):
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
        own, is_open = list_orders_of_system(system, actor=actor_of(request)), query["state"] == "open"
        rows = own.ready(moment_of(request)) if is_open else own.filter(ended_at__isnull=False)
        page, more = take_page(rows, query, of=f"orders/{client_of(request)}/{system.pk}/{query['state']}")
        if request.method == "GET":
            new = [order for order in page if order.is_open]
            hand_over(new, system=system, client_id=client_of(request), **by_caller(request))
        response = paginated_response(request, {"orders": [as_order(order) for order in page]}, more)
        self.is_last = more is None
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Set ``Retry-After`` on the last page, also if it is not modified."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.is_last and response.status_code < HTTPStatus.BAD_REQUEST:
            response["Retry-After"] = str(int(ASK_AGAIN_AFTER.total_seconds()))
        return response


class ShowOrder(Operation):
    capabilities = {"GET": Capability.COMPLETE_ORDERS}
    is_conditional = True

    @extend_schema(responses=OrderOutput)
    def get(self, request: Request, order: UUID) -> Response:
        """Return one order of this system."""
        return Response(as_order(get_order(order, **by_caller(request))))


class AcceptOrder(Operation):
    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=None, responses=AcceptedOutput)
    def post(self, request: Request, order: UUID) -> Response:
        """Accept an order; idempotent. The response of a correction has the new values; this access is recorded.

        That of an anonymisation has its parameters, such as the pseudonym that replaces the LMS id.
        """
        accepted = accept_order(get_order(order, **by_caller(request)), **by_caller(request))
        values = new_values_of(accepted, **by_caller(request))
        parameters = {name: value for read in order_parameters for name, value in read(accepted).items()}
        return Response({**as_order(accepted), "new_values": values, "parameters": parameters})


class CompleteOrder(Operation):
    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=CompleteInput, responses=OrderOutput)
    def post(self, request: Request, order: UUID) -> Response:
        """Answer an accepted order; repeating the same answer changes nothing, a different one is refused."""
        found = get_order(order, **by_caller(request))
        given = validate_input(CompleteInput, request.data)
        answer = Answer(
            outcome=Outcome(given["result"]),
            reason=given.get("reason", ""),
            sections=tuple(Section(one["category"], one["data"]) for one in given.get("sections", ())),
            counts=given.get("counts", {}),
            corrected=tuple(given.get("corrected", ())),
        )
        return Response(as_order(complete_order(found, answer, **by_caller(request))))


class FailOrder(Operation):
    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=FailInput, responses=OrderOutput)
    def post(self, request: Request, order: UUID) -> Response:
        """Report a failed attempt; ``retry_at`` is when the order is open again, null if a person must act."""
        found = get_order(order, **by_caller(request))
        given = validate_input(FailInput, request.data)
        return Response(as_order(fail_order(found, code=given["code"], again=given["again"], **by_caller(request))))


_PART_BODY = {**FILE_BODY, "application/octet-stream": bytes}


class AddOrderFile(Operation):
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
        found = get_order(order, **by_caller(request))
        content = getattr(request.data, "content", b"")  # an empty body is not parsed
        part = add_part(found, BytesIO(content), category=category, **by_caller(request))
        return Response(PartOutput(part).data, HTTPStatus.CREATED)
