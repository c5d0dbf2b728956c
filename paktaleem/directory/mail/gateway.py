"""Text messages over HTTP: a POST of JSON to the operator's gateway, through the outbound HTTP client.

The message queue handles retries. Numbers and texts are never logged.
"""

import asyncio
import json
import ssl
from collections.abc import Iterable
from http import HTTPStatus

import structlog
from django.conf import settings

from paktaleem.directory.mail.text_providers import ProviderNotConfigured, TextRejected
from paktaleem.foundation.http_client.client import Answer, Unreachable, post
from paktaleem.foundation.http_client.destinations import DestinationRefused

log = structlog.stdlib.get_logger(__name__)

_SECONDS = 10.0
_MAX_ID_LENGTH = 200
_PERMANENT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses of a permanent rejection; after others (a wrong key) the operator can fix the cause before a retry."""


class HttpProvider:
    """Post ``{"to", "text", "reference", "from"}`` to TEXT_URL with TEXT_KEY as bearer token; 2xx is success.

    ``from`` is TEXT_SENDER and omitted if empty. ``reference`` is the message's id and also the
    ``Idempotency-Key``. An ``id`` in the JSON response is stored as the message id. ``allowed`` and ``trust`` are
    those of ``http_client.client.post``.
    """

    def __init__(self, *, allowed: Iterable[str] = (), trust: ssl.SSLContext | None = None) -> None:
        """Store the allowed internal addresses and the trusted certificates."""
        self._allowed, self._trust = tuple(allowed), trust

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Send one message.

        Raises ProviderNotConfigured without TEXT_URL, TextRejected for a permanent failure, OSError for a temporary
        one.
        """
        if not settings.TEXT_URL:
            raise ProviderNotConfigured
        message = {"to": number, "text": text, "reference": reference}
        if settings.TEXT_SENDER:
            message["from"] = settings.TEXT_SENDER
        answer = self._post(json.dumps(message).encode(), reference)
        if answer.status in _PERMANENT:
            raise TextRejected(str(answer.status))
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            log.warning("The text message gateway refused a message", status=answer.status)
            raise ConnectionError(f"The gateway answered {answer.status}.")
        return _parse_message_id(answer.body) or reference

    def _post(self, body: bytes, reference: str) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {settings.TEXT_KEY}",
            "Idempotency-Key": f'"{reference}"',
        }
        try:
            return asyncio.run(
                post(settings.TEXT_URL, body, headers, allowed=self._allowed, seconds=_SECONDS, trust=self._trust)
            )
        except (Unreachable, DestinationRefused) as error:
            log.warning("The text message gateway could not be reached", error=type(error).__name__)
            raise ConnectionError(str(error)) from error


def _parse_message_id(body: bytes) -> str:
    """Return the message id in the response, or an empty string if it is missing or not printable."""
    try:
        found = json.loads(body)["id"]
    except (ValueError, LookupError, TypeError):
        return ""
    message_id = str(found) if isinstance(found, str | int) else ""
    return message_id if message_id.isprintable() and len(message_id) <= _MAX_ID_LENGTH else ""
