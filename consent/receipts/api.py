"""API: receipts, and their JSON-LD context."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.consents.selectors.consents import get_event
from consent.receipts.receipt import PortalUrls, consent_receipt
from consent.receipts.services import get_record_facts
from consent.register import dpv
from paktaleem.directory.people.details import LANGUAGES
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.web.api.operations import Operation, actor_of, validate_input
from paktaleem.foundation.web.api.serializers import StrictSerializer

LD_JSON = "application/ld+json"


class ShowReceiptInput(StrictSerializer):
    """Input: the language of names."""

    language = serializers.ChoiceField(LANGUAGES, default="en")


class ShowReceipt(Operation):
    capabilities = {"GET": Capability.VIEW_CONSENTS}
    is_conditional = True

    @extend_schema(parameters=[ShowReceiptInput], responses={(200, LD_JSON): dict[str, Any]})
    def get(self, request: Request, event: UUID) -> Response:
        """Return the receipt (ISO/IEC TS 27560) of one recorded answer for the person; always the same bytes."""
        query = validate_input(ShowReceiptInput, request.query_params.dict())
        found = get_event(event, actor=actor_of(request))
        base = get_public_url(request._request)
        facts = get_record_facts(found, language=query["language"], base=base)
        return Response(consent_receipt(facts, PortalUrls.of(base, found.client.code)), content_type=LD_JSON)


def show_context(request: HttpRequest) -> HttpResponse:
    """``GET /ns/consent/v1``: the pinned JSON-LD context of records and receipts."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    response = HttpResponse(canonical(dpv.CONTEXT), content_type=LD_JSON)
    response["Cache-Control"] = "public, max-age=86400"
    response["Access-Control-Allow-Origin"] = "*"
    return response
