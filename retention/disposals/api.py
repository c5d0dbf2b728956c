"""API operations on disposals: how far one is, and its certificate."""

import json
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of
from paktaleem.foundation.web.api.serializers import serialize_row
from retention.disposals.models import GROUNDS, Cause, Decider, ItemState, Stage
from retention.disposals.selectors import CertificateMissing, find_certificate, get_disposal, get_progress


class DisposalCountOutput(serializers.Serializer[object]):
    """How many holdings of a disposal are in one state."""

    state = serializers.ChoiceField(ItemState.choices)
    holdings = serializers.IntegerField()


class DisposalOutput(serializers.Serializer[object]):
    """One disposal: its stage, and how many of its holdings are in which state.

    Its orders are in ``GET /api/v1/orders``: their ``case`` names the disposal.
    """

    id = serializers.UUIDField()
    number = serializers.CharField()
    ground = serializers.ChoiceField(GROUNDS)
    decider = serializers.ChoiceField(Decider.choices)
    stage = serializers.ChoiceField(Stage.choices)
    size = serializers.IntegerField()
    counts = DisposalCountOutput(many=True)
    opened_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ordered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class CertifiedCountOutput(serializers.Serializer[object]):
    """How many holdings of one category in one system ended alike; ``rule`` is null without one.

    ``rests_on`` is ``confirmed`` if the system confirmed it, the last at ``confirmed_at``. A certificate before version
    3 does not say it.
    """

    category = serializers.CharField()
    system = serializers.CharField(allow_null=True)
    action = serializers.CharField()
    method = serializers.CharField(allow_blank=True)
    rule = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(ItemState.choices)
    cause = serializers.ChoiceField(Cause.choices, allow_blank=True)
    answer = serializers.CharField(allow_blank=True)
    rests_on = serializers.ChoiceField(["confirmed", "not_confirmed"], required=False)
    confirmed_at = serializers.DateTimeField(allow_null=True, required=False)
    known_from = serializers.ChoiceField(["reported", "declared", "registered"], required=False)
    count = serializers.IntegerField()


class DisposalCertificateOutput(serializers.Serializer[object]):
    """A certificate: ``body`` is the exact text whose SHA-256 (hex) the ledger entry repeats; ``counts`` are parsed."""

    sha256 = serializers.CharField()
    entry = serializers.UUIDField(source="entry_id")
    issued_at = serializers.DateTimeField()
    counts = CertifiedCountOutput(many=True)
    body = serializers.CharField()


class ShowDisposal(Operation):
    capabilities = {"GET": Capability.VIEW_HOLDINGS}
    is_conditional = True

    @extend_schema(responses=DisposalOutput)
    def get(self, request: Request, disposal: UUID) -> Response:
        """Return how far a disposal is."""
        batch = get_disposal(disposal, actor=actor_of(request))
        counts = get_progress(batch).counts
        shown = [{"state": state.value, "holdings": counts[state]} for state in ItemState if counts.get(state)]
        return Response(serialize_row(DisposalOutput, batch, counts=shown))


class ShowDisposalCertificate(Operation):
    capabilities = {"GET": Capability.VIEW_HOLDINGS}
    is_conditional = True

    @extend_schema(responses=DisposalCertificateOutput)
    def get(self, request: Request, disposal: UUID) -> Response:
        """Return the certificate of a disposal; 404 until every system has answered."""
        found = find_certificate(get_disposal(disposal, actor=actor_of(request)))
        if found is None:
            raise CertificateMissing
        return Response(serialize_row(DisposalCertificateOutput, found, counts=json.loads(found.body)["counts"]))
