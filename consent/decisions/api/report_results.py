"""The result of one report of a batch, such as of a disclosure, that is recorded with the decision about it."""

from typing import Any, Protocol
from uuid import UUID

from rest_framework import serializers


class Recorded(Protocol):
    """A recorded report: its key, and the reason code of the decision."""

    pk: UUID
    reason: str


class ReportResultOutput(serializers.Serializer[Any]):
    """The result of one report of a batch: what was recorded, or what is wrong by field."""

    recorded = serializers.BooleanField()
    id = serializers.UUIDField(allow_null=True)
    decision = serializers.CharField(allow_null=True)
    flagged = serializers.BooleanField()
    problems = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


def serialize_report_result(made: Recorded | None, *, is_flagged: bool, errors: dict[str, list[str]]) -> dict[str, Any]:
    """Return a result for ``ReportResultOutput``; ``made`` is None if the report was left out."""
    return {
        "recorded": made is not None,
        "id": str(made.pk) if made else None,
        "decision": made.reason if made else None,
        "flagged": is_flagged,
        "problems": errors,
    }
