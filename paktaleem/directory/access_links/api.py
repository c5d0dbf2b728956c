"""Access links for people whom the learning platform has signed in."""

from http import HTTPStatus

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import issue_link
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.web.api.operations import Operation, actor_of, get_arrival_time, validate_input
from paktaleem.foundation.web.api.serializers import StrictSerializer, TextField


class LinkInput(StrictSerializer):
    """The person and the page: their choices, or their rights requests."""

    subject = TextField(max_length=255)
    page = serializers.ChoiceField([Page.CHOICES.value, Page.REQUESTS.value])


class LinkOutput(serializers.Serializer[object]):
    """A single-use link and its expiry: redirect the person to it at once, and do not store it."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class IssueLink(Operation):
    capabilities = {"POST": Capability.ISSUE_LINKS}

    @extend_schema(request=LinkInput, responses={201: LinkOutput})
    def post(self, request: Request) -> Response:
        """Issue an access link to their own page for a person signed in at the caller's system: 201.

        It opens the page once, within ten minutes.
        """
        given = validate_input(LinkInput, request.data)
        subject = get_subject(given["subject"], actor=actor_of(request))
        link, token = issue_link(subject, page=given["page"], actor=actor_of(request), at=get_arrival_time(request))
        url = get_public_url(request._request) + reverse(f"{link.page}-link", args=[token])
        return Response({"url": url, "expires_at": link.expires_at.isoformat()}, HTTPStatus.CREATED)
