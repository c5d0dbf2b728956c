"""The webhooks API: a client's systems register endpoints and query deliveries."""

from http import HTTPStatus
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.webhooks.events import patterns
from paktaleem.directory.webhooks.models import Delivery, DeliveryState, Endpoint
from paktaleem.directory.webhooks.selectors import deliveries_of, get_endpoint, list_endpoints
from paktaleem.directory.webhooks.services import (
    add_endpoint,
    enable_endpoint,
    remove_endpoint,
    replay_since,
    rotate_secret,
    send_test,
)
from paktaleem.foundation.accounts.actors import Authorship
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    client_of,
    get_arrival_time,
    paginated_response,
    take_page,
    validate_input,
)
from paktaleem.foundation.web.api.serializers import (
    PageInput,
    PatternField,
    StrictSerializer,
    TextField,
    ZonedDateTimeField,
    serialize_row,
)

_WHY = Reason.LMS_UPDATE


class EventField(TextField):
    """An event or a family of events; the service checks the name."""

    schema_keywords = {"enum": patterns()}


class WebhookInput(StrictSerializer):
    """URL and events of a webhook."""

    beyond_schema = {
        "url": "https on port 443 or 8443 of a host on the public internet, or a receiver that the operator allows."
    }

    url = PatternField(r"^https?://[!-~]+$", allowed="Use a URL such as https://lms.example/hooks.", max_length=2_000)
    events = serializers.ListField(child=EventField(max_length=64), min_length=1, max_length=50)
    name = TextField(max_length=100, required=False, allow_blank=True, default="")


class WebhookOutput(serializers.Serializer[object]):
    """One webhook. ``state`` is enabled or disabled, with the reason; ``failures`` counts failed attempts in a row."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(patterns()))
    state = serializers.ChoiceField(["enabled", "disabled"])
    disabled_because = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    failures = serializers.IntegerField(source="health.failures")
    answered_at = serializers.DateTimeField(allow_null=True, source="health.answered_at")


class WebhookWithSecretOutput(WebhookOutput):
    """A webhook with its secret, which is shown only once: ``whsec_…``, as in Standard Webhooks."""

    secret = serializers.CharField()


class WebhooksOutput(serializers.Serializer[object]):
    """All webhooks of a client."""

    webhooks = WebhookOutput(many=True)


class ReplayInput(StrictSerializer):
    """The time from which to send again."""

    since = ZonedDateTimeField()


class CountOutput(serializers.Serializer[object]):
    """Number of messages being sent."""

    count = serializers.IntegerField()


class DeliveriesInput(PageInput):
    """State filter, cursor and page size."""

    state = serializers.ChoiceField(DeliveryState.values, required=False)


class DeliveryOutput(serializers.Serializer[object]):
    """One delivery; ``message`` is its webhook-id."""

    id = serializers.UUIDField()
    message = serializers.UUIDField(source="message_id")
    type = serializers.CharField(source="message.type")
    state = serializers.ChoiceField(DeliveryState.values)
    attempts = serializers.IntegerField()
    queued_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)


class DeliveriesOutput(serializers.Serializer[object]):
    """A page of deliveries, newest first, and the URL of the next page."""

    deliveries = DeliveryOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Webhooks(Operation):
    capabilities = {"GET": Capability.VIEW_WEBHOOKS, "POST": Capability.MANAGE_WEBHOOKS}
    is_conditional = True

    @extend_schema(responses=WebhooksOutput)
    def get(self, request: Request) -> Response:
        """List the client's webhooks, without their secrets."""
        endpoints = list_endpoints(actor_of(request)).order_by("id")
        return Response({"webhooks": [_serialize_endpoint(endpoint) for endpoint in endpoints]})

    @extend_schema(request=WebhookInput, responses={201: WebhookWithSecretOutput})
    def post(self, request: Request) -> Response:
        """Register a webhook: 201 with its secret, which is shown only once."""
        given = validate_input(WebhookInput, request.data)
        endpoint, secret = add_endpoint(client_of(request), **given, reason=_WHY, **_authorship(request))
        return Response({**_serialize_endpoint(endpoint), "secret": secret}, HTTPStatus.CREATED)


class Webhook(Operation):
    capabilities = {"GET": Capability.VIEW_WEBHOOKS, "DELETE": Capability.MANAGE_WEBHOOKS}
    is_conditional = True

    @extend_schema(responses=WebhookOutput)
    def get(self, request: Request, webhook: UUID) -> Response:
        """Return one webhook."""
        return Response(_serialize_endpoint(_get_endpoint(webhook, request)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, webhook: UUID) -> Response:
        """Remove a webhook: nothing is sent there any more."""
        remove_endpoint(_get_endpoint(webhook, request), reason=_WHY, **_authorship(request))
        return Response(status=HTTPStatus.NO_CONTENT)


class RotateWebhookSecret(Operation):
    capabilities = {"POST": Capability.MANAGE_WEBHOOKS}

    @extend_schema(request=None, responses=WebhookWithSecretOutput)
    def post(self, request: Request, webhook: UUID) -> Response:
        """Replace the secret and return the new one, once; messages are signed with both for 24 hours.

        Either signature verifies (Standard Webhooks 1.0). The operator may change the hours.
        """
        endpoint = _get_endpoint(webhook, request)
        secret = rotate_secret(endpoint, reason=Reason.KEY_ROTATION, **_authorship(request))
        return Response({**_serialize_endpoint(endpoint), "secret": secret})


class EnableWebhook(Operation):
    capabilities = {"POST": Capability.MANAGE_WEBHOOKS}

    @extend_schema(request=None, responses=WebhookOutput)
    def post(self, request: Request, webhook: UUID) -> Response:
        """Switch a webhook on again; waiting messages are sent now."""
        enable_endpoint(_get_endpoint(webhook, request), reason=_WHY, **_authorship(request))
        return Response(_serialize_endpoint(_get_endpoint(webhook, request)))


class TestWebhook(Operation):
    __test__ = False
    capabilities = {"POST": Capability.MANAGE_WEBHOOKS}

    @extend_schema(request=None, responses={202: DeliveryOutput})
    def post(self, request: Request, webhook: UUID) -> Response:
        """Send ``webhook.test`` there, regardless of its subscription."""
        delivery = send_test(_get_endpoint(webhook, request), **_authorship(request))
        return Response(_serialize_delivery(delivery), HTTPStatus.ACCEPTED)


class ReplayWebhook(Operation):
    capabilities = {"POST": Capability.MANAGE_WEBHOOKS}

    @extend_schema(request=ReplayInput, responses={202: CountOutput})
    def post(self, request: Request, webhook: UUID) -> Response:
        """Send messages that it missed or failed to accept since a time, with their original ids.

        Messages are stored for 30 days, unless the operator changed that.
        """
        given, endpoint = validate_input(ReplayInput, request.data), _get_endpoint(webhook, request)
        count = replay_since(endpoint, since=given["since"], reason=_WHY, **_authorship(request))
        return Response({"count": count}, HTTPStatus.ACCEPTED)


class WebhookDeliveries(Operation):
    capabilities = {"GET": Capability.VIEW_WEBHOOKS}
    is_conditional = True

    @extend_schema(parameters=[DeliveriesInput], responses=DeliveriesOutput)
    def get(self, request: Request, webhook: UUID) -> Response:
        """List sent and waiting messages, newest first."""
        query, endpoint = validate_input(DeliveriesInput, request.query_params.dict()), _get_endpoint(webhook, request)
        of = f"deliveries/{endpoint.client_id}/{endpoint.pk}"
        rows = deliveries_of(endpoint, actor=actor_of(request))
        if "state" in query:
            rows = rows.filter(state=query["state"])
        page, more = take_page(rows, query, of=of, newest_first=True)
        return paginated_response(request, {"deliveries": [_serialize_delivery(one) for one in page]}, more)


def _authorship(request: Request) -> Authorship:
    return {"actor": actor_of(request), "at": get_arrival_time(request)}


def _get_endpoint(webhook: UUID, request: Request) -> Endpoint:
    return get_endpoint(webhook, actor=actor_of(request))


def _serialize_endpoint(endpoint: Endpoint) -> dict[str, object]:
    state, why = "enabled" if endpoint.is_enabled else "disabled", endpoint.disabled_because or None
    return serialize_row(WebhookOutput, endpoint, state=state, disabled_because=why)


def _serialize_delivery(row: Delivery) -> dict[str, object]:
    due_at = row.due_at.isoformat() if row.state == DeliveryState.WAITING else None
    return serialize_row(DeliveryOutput, row, due_at=due_at)
