"""Receipts over the API, and the context in which their terms are read."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.consents.selectors.consents import get_event
from consent.receipts.receipt import Place, consent_receipt
from consent.receipts.selectors import record_facts
from consent.register import dpv
from paktaleem.directory.people.details import LANGUAGES
from paktaleem.foundation.accounts.addresses import public_address
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, validated
from paktaleem.foundation.api.serializers import StrictSerializer
from paktaleem.foundation.audit.canonical import canonical

__all__ = ["LD_JSON", "ShowReceipt", "show_context"]

LD_JSON = "application/ld+json"


class ShowReceiptInput(StrictSerializer):
    """In which language names are given."""

    language = serializers.ChoiceField(LANGUAGES, default="en")


class ReceiptOutput(serializers.Serializer[Any]):
    """A consent receipt: JSON-LD in DPV terms, by the profile of ISO/IEC TS 27560:2023."""

    def to_representation(self, instance: Any) -> Any:
        """Give it as it is: the profile says what is in it."""
        return instance


class ShowReceipt(Operation):
    """``GET /api/v1/consents/{event}/receipt``."""

    capabilities = {"GET": Capability.VIEW_CONSENTS}
    is_conditional = True

    @extend_schema(parameters=[ShowReceiptInput], responses={(200, LD_JSON): dict[str, Any]})
    def get(self, request: Request, event: UUID) -> Response:
        """Show the receipt of one recorded answer, for the person to keep: the same bytes whenever it is asked for."""
        asked = validated(ShowReceiptInput, request.query_params.dict())
        found = get_event(event, actor=actor_of(request))
        base = public_address(request._request)
        facts = record_facts(found, language=asked["language"], base=base)
        return Response(consent_receipt(facts, Place.of(base, found.client.code)), content_type=LD_JSON)


def show_context(request: HttpRequest) -> HttpResponse:
    """``GET /ns/consent/v1``: the JSON-LD context of records and receipts, pinned."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    response = HttpResponse(canonical(dpv.CONTEXT), content_type=LD_JSON)
    response["Cache-Control"] = "public, max-age=86400"
    response["Access-Control-Allow-Origin"] = "*"
    return response
