"""API operations of inventories: a system counts the people of whom it holds data."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.data_systems.selectors import system_of_key
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.web.api.operations import Operation, actor_of, by_caller, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import PatternField, StrictSerializer, TextField, serialize_row
from retention.inventories.models import AskedFor, Inventory, InventoryLine
from retention.inventories.selectors import list_inventory_lines, list_latest
from retention.inventories.services import (
    MOST_ASKED,
    MOST_HASHES,
    Count,
    add_people,
    answer_inventory,
    find_errors,
    list_sample,
)

_MOST_PEOPLE = 2**31 - 1
_MOST_CATEGORIES = 100


class IdHashField(PatternField):
    """The SHA-256 of an LMS id, as UTF-8, in hex."""

    def __init__(self) -> None:
        super().__init__(r"^[0-9a-f]{64}$", allowed="Use 64 hex digits in lower case.", max_length=64)


class PeopleInput(StrictSerializer):
    """A batch of people of whom the system holds a category: the SHA-256 of each LMS id, as UTF-8, in hex."""

    beyond_schema = {"category": "A category of the inventory."}

    category = TextField(max_length=63)
    id_hashes = serializers.ListField(child=IdHashField(), min_length=1, max_length=MOST_HASHES)


class PeopleOutput(serializers.Serializer[object]):
    """Number of different people named so far for the category."""

    category = serializers.CharField()
    people = serializers.IntegerField()


class CountInput(StrictSerializer):
    """Number of people of whom the system holds a category."""

    beyond_schema = {
        "category": "Each category of the inventory, once.",
        "people": "If people were named for the category, their number.",
    }

    category = TextField(max_length=63)
    people = serializers.IntegerField(min_value=0, max_value=_MOST_PEOPLE)


class InventoryAnswerInput(StrictSerializer):
    """The number of people for each category of the inventory; 0 if the system holds none of the data.

    ``still_held`` are the hashes of ``sample`` of whom the system still holds data; ``[]`` if of none. Leave it out if
    the system does not know: then it is asked again.
    """

    beyond_schema = {"still_held": "Hashes of the sample."}

    counts = serializers.ListField(child=CountInput(), min_length=1, max_length=_MOST_CATEGORIES)
    still_held = serializers.ListField(child=IdHashField(), required=False, max_length=MOST_ASKED)


class InventoryLineOutput(serializers.Serializer[object]):
    """One category: people counted, and people of whom the system had reported data; null until it is answered.

    ``missing``, ``unexpected`` and ``still_held`` (people whom the portal erased) are null if no people were named.
    ``id_hashes`` are those in doubt, at most 1,000, until staff decide.
    """

    category = serializers.CharField()
    counted = serializers.IntegerField(allow_null=True)
    expected = serializers.IntegerField(allow_null=True)
    missing = serializers.IntegerField(allow_null=True)
    unexpected = serializers.IntegerField(allow_null=True)
    still_held = serializers.IntegerField(allow_null=True)
    id_hashes = serializers.ListField(child=serializers.CharField())


class InventoryOutput(serializers.Serializer[object]):
    """An inventory. ``answered_at`` is null while it is open.

    ``sample`` are the hashes of the LMS ids of at most ten erased people, empty once it is answered: does the system
    still hold data of them? ``still_held`` are those of whom it does, until staff decide.
    """

    id = serializers.UUIDField()
    occasion = serializers.ChoiceField(AskedFor.choices, source="asked_for")
    ordered_at = serializers.DateTimeField(source="asked_at")
    due_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    lines = InventoryLineOutput(many=True)
    sample = serializers.ListField(child=serializers.CharField())
    still_held = serializers.ListField(child=serializers.CharField())


class InventoriesOutput(serializers.Serializer[object]):
    """The latest twelve inventories of the system, newest first."""

    inventories = InventoryOutput(many=True)


class Inventories(Operation):
    capabilities = {"GET": Capability.COMPLETE_ORDERS}

    @extend_schema(responses=InventoriesOutput)
    def get(self, request: Request) -> Response:
        """List the latest twelve inventories of the system of the key, newest first, with their lines."""
        system = system_of_key(actor_of(request), at=moment_of(request))
        found = list_latest(Inventory.objects.filter(client_id=client_of(request), system=system))
        return Response({"inventories": [_serialize(row, lines) for row, lines in found]})


class AddPeople(Operation):
    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=PeopleInput, responses=PeopleOutput)
    def post(self, request: Request, inventory: UUID) -> Response:
        """Name people of whom the system holds a category, by hash, in batches of at most 10,000; then answer.

        Optional. A repeated hash counts once, so a batch may be sent again.
        """
        row = _get_inventory(inventory, actor_of(request), request)
        given = validate_input(PeopleInput, request.data)
        number = add_people(row, given["category"], given["id_hashes"], **by_caller(request))
        return Response({"category": given["category"], "people": number})


class AnswerInventory(Operation):
    capabilities = {"POST": Capability.COMPLETE_ORDERS}

    @extend_schema(request=InventoryAnswerInput, responses=InventoryOutput)
    def post(self, request: Request, inventory: UUID) -> Response:
        """Answer an inventory; return how the numbers compare. The same answer again changes nothing."""
        row = _get_inventory(inventory, actor_of(request), request)
        answer = validate_input(InventoryAnswerInput, request.data)
        given = [Count(**one) for one in answer["counts"]]
        if row.is_open and (errors := find_errors(row, given)):
            raise serializers.ValidationError({"counts": errors})
        answered = answer_inventory(row, given, still_held=answer.get("still_held"), **by_caller(request))
        return Response(serialize_inventory(answered))


class InventoryUnknown(PortalError, LookupError):
    """This system has no such inventory: never ordered, or another system's."""

    problem = Problem("inventory-unknown", "No such inventory for this system", status=HTTPStatus.NOT_FOUND)


def _get_inventory(inventory_id: UUID, actor: Actor, request: Request) -> Inventory:
    system = system_of_key(actor, at=moment_of(request))
    own = Inventory.objects.select_related("system").filter(client_id=client_of(request), system=system)
    row: Inventory | None = own.filter(pk=inventory_id).first()
    if row is None:
        raise InventoryUnknown
    return row


def serialize_inventory(row: Inventory) -> dict[str, object]:
    """Return an inventory with its lines and its sample."""
    return _serialize(row, list_inventory_lines(row))


def _serialize(row: Inventory, lines: Sequence[InventoryLine]) -> dict[str, object]:
    return serialize_row(
        InventoryOutput,
        row,
        lines=[serialize_row(InventoryLineOutput, line) for line in lines if line.category],
        sample=list_sample(row),
        still_held=sorted(one for line in lines if not line.category for one in line.id_hashes),
    )
