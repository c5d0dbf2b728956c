"""Text messages over HTTP: one POST of JSON to the gateway that an operator names, through the outbound door.

Trying again is the letters' own queue's. Neither a number nor a text is ever logged.
"""

import asyncio
import json
import logging
import ssl
from collections.abc import Iterable
from http import HTTPStatus

from django.conf import settings

from paktaleem.directory.mail.texting import NoProvider, TextRefused
from paktaleem.foundation.http_client.client import Answer, Unreachable, post
from paktaleem.foundation.http_client.destinations import DestinationRefused

__all__ = ["HttpProvider"]

log = logging.getLogger(__name__)

_SECONDS = 10.0
_LONGEST_ID = 200
_FOR_GOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What says that this message will never be taken; a wrong key or address is the operator's to mend meanwhile."""


class HttpProvider:
    """Posts ``{"to", "text", "reference", "from"}`` to TEXT_URL with TEXT_KEY as bearer; 2xx is taken.

    ``from`` is TEXT_SENDER and left out without one. ``reference`` is the letter's id, and the ``Idempotency-Key``
    too. An ``id`` in the answer's JSON is kept as the message's id. ``allowed`` and ``trust`` are the door's.
    """

    def __init__(self, *, allowed: Iterable[str] = (), trust: ssl.SSLContext | None = None) -> None:
        """Know which inside addresses the operator vouches for, and whose certificates are believed."""
        self._allowed, self._trust = tuple(allowed), trust

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Send one message. Raises NoProvider without TEXT_URL, TextRefused for good, OSError to try again."""
        if not settings.TEXT_URL:
            raise NoProvider
        message = {"to": number, "text": text, "reference": reference}
        if settings.TEXT_SENDER:
            message["from"] = settings.TEXT_SENDER
        answer = self._posted(json.dumps(message).encode(), reference)
        if answer.status in _FOR_GOOD:
            raise TextRefused(str(answer.status))
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            log.warning("The gateway of text messages answered %d.", answer.status)
            raise ConnectionError(f"The gateway answered {answer.status}.")
        return _id_in(answer.body) or reference

    def _posted(self, body: bytes, reference: str) -> Answer:
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
            log.warning("The gateway of text messages was not reached: %s", error)
            raise ConnectionError(str(error)) from error


def _id_in(body: bytes) -> str:
    """Read the message's id in an answer, empty if there is none that could be shown."""
    try:
        found = json.loads(body)["id"]
    except (ValueError, LookupError, TypeError):
        return ""
    told = str(found) if isinstance(found, str | int) else ""
    return told if told.isprintable() and len(told) <= _LONGEST_ID else ""
