"""Request and response serializers of the orders API."""

import re
from typing import Any

from rest_framework import serializers

from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind, OrderPart
from paktaleem.directory.data_systems.results import MISPLACED, Answer, Exemption, Section
from paktaleem.directory.data_systems.sealed_names import name_of
from paktaleem.directory.data_systems.services.collecting import MOST_PARTS
from paktaleem.directory.data_systems.services.issuing import MOST_FIELDS
from paktaleem.directory.data_systems.states import Outcome, State
from paktaleem.foundation.api.serializers import CursorField, PatternField, StrictSerializer, TextField, TruthField

FIELD_CODE = r"^[a-z][a-z0-9_]{1,62}$"
_CODE = r"^[a-z][a-z0-9_]*$"
_ALLOWED = "Use a code of a–z, 0–9 and _, such as database_locked."
_MOST_COUNTED = 2**53


class CodeField(PatternField):
    """A code of lower-case letters, digits and underscores; not free text, which could contain personal data."""

    def __init__(self, **kwargs: Any) -> None:
        """Set the pattern and the maximum length."""
        super().__init__(_CODE, allowed=_ALLOWED, max_length=63, trim_whitespace=False, **kwargs)


class NewValuesField(serializers.DictField):
    """Corrected values by the code of their field; null clears a field."""

    schema_keywords = {"propertyNames": {"pattern": FIELD_CODE}, "minProperties": 1, "maxProperties": MOST_FIELDS}

    def __init__(self, **kwargs: Any) -> None:
        """Set what a value may be."""
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
        """Set what a number may be."""
        super().__init__(child=serializers.IntegerField(min_value=0, max_value=_MOST_COUNTED), **kwargs)


class ListInput(StrictSerializer):
    """State filter, cursor and page size."""

    state = serializers.ChoiceField(["open", "answered"], default="open")
    cursor = CursorField(required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)


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


class OrderCaseOutput(serializers.Serializer[Any]):
    """The case that an order serves, such as a disposal, by its kind and id."""

    kind = serializers.CharField()
    id = serializers.UUIDField()


class OrderParametersOutput(serializers.Serializer[Any]):
    """Values that the system needs to anonymise, depending on the method."""

    pseudonym = serializers.CharField(
        required=False, help_text="For keyed_pseudonym: replaces the LMS id; the same in every system. 64 hex digits."
    )
    smallest_group = serializers.IntegerField(
        required=False, help_text="For generalise: the least number of people that a group may have."
    )


class OrderOutput(serializers.Serializer[Any]):
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
    fields_to_correct = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    ground = serializers.ChoiceField(Ground.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    retry_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class AcceptedOutput(OrderOutput):
    """An accepted order; for a correction with the new values, for an anonymisation with its parameters."""

    new_values = serializers.DictField(child=serializers.CharField(allow_null=True))
    parameters = OrderParametersOutput()


class OrdersOutput(serializers.Serializer[Any]):
    """A page of orders, oldest first, and the URL of the next page."""

    orders = OrderOutput(many=True)
    next = serializers.CharField(allow_null=True)


class PartOutput(serializers.Serializer[Any]):
    """One stored file."""

    id = serializers.UUIDField()
    order = serializers.UUIDField()
    category = serializers.CharField()
    kind = serializers.CharField()
    size = serializers.IntegerField()


def answer_of(given: dict[str, Any]) -> Answer:
    """Build the answer from validated input."""
    return Answer(
        outcome=Outcome(given["result"]),
        reason=given.get("reason", ""),
        sections=tuple(Section(one["category"], one["data"]) for one in given.get("sections", ())),
        counts=given.get("counts", {}),
        corrected=tuple(given.get("corrected", ())),
    )


def as_order(order: Order) -> dict[str, Any]:
    """Serialize one order."""
    return {
        "id": str(order.pk),
        "kind": order.kind,
        "method": order.method,
        "case": {"kind": order.parent_kind, "id": str(order.parent_id)} if order.parent_id else None,
        "state": order.state,
        "subject": name_of(order),
        "categories": order.categories,
        "purpose": order.purpose,
        "fields_to_correct": order.fields,
        "reason": order.reason,
        "ground": order.ground,
        "attempts": order.attempts,
        "created_at": order.created_at.isoformat(),
        "due_at": order.due_at.isoformat(),
        "retry_at": order.retry_at and order.retry_at.isoformat(),
        "answered_at": order.ended_at and order.ended_at.isoformat(),
    }


def as_part(part: OrderPart) -> dict[str, Any]:
    """Serialize one stored file."""
    return {
        "id": str(part.pk),
        "order": str(part.order_id),
        "category": part.category,
        "kind": part.file.kind,
        "size": part.file.size,
    }
