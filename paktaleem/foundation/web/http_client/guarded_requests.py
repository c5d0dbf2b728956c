"""The library ``requests``, for other libraries that use it, with every request sent by our own HTTP client.

The destination is checked as for webhooks: public addresses over https only, resolved once; redirects are refused.
"""

import asyncio
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from paktaleem.foundation.web.http_client.client import Answer, Connection, Unreachable
from paktaleem.foundation.web.http_client.destinations import DestinationRefused

MOST_BYTES = 256 * 1024
"""Largest response that is read: a provider's list of keys has some ten thousand bytes."""


class _GuardedAdapter(BaseAdapter):
    """Transport of ``requests`` that checks each destination; ``timeout`` and proxies of a caller are ignored."""

    def __init__(self, allowed: Iterable[str], seconds: float) -> None:
        super().__init__()
        self._allowed, self._seconds = tuple(allowed), seconds

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """Send one request.

        Raises requests.exceptions.InvalidURL for a refused destination, requests.ConnectionError without a response.
        """
        try:
            answer = asyncio.run(self._exchange(request))
        except DestinationRefused as error:
            raise requests.exceptions.InvalidURL(str(error), request=request) from error
        except Unreachable as error:
            raise requests.ConnectionError(str(error), request=request) from error
        return _to_response(request, answer)

    async def _exchange(self, request: requests.PreparedRequest) -> Answer:
        body = request.body or b""
        headers = {name: str(value) for name, value in request.headers.items()} | {"Accept-Encoding": "identity"}
        limits: dict[str, Any] = {"allowed": self._allowed, "seconds": self._seconds, "most_bytes": MOST_BYTES}
        async with Connection(request.url or "", **limits) as connection:
            sent = body if isinstance(body, bytes) else str(body).encode()
            return await connection.send(request.method or "GET", sent, {**headers, "Connection": "close"})

    def close(self) -> None:
        """Do nothing: each request closes its own connection."""


def _to_response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url, response.request = answer.status, request.url or "", request
    response.headers = CaseInsensitiveDict({"Content-Type": answer.content_type})
    response.raw = BytesIO(answer.body)
    return response


def open_guarded_session(*, allowed: Iterable[str], seconds: float) -> requests.Session:
    """Return a session of ``requests`` whose requests are sent by our HTTP client.

    ``allowed`` are internal ``host:port`` pairs that the operator permits; ``seconds`` limits each exchange.
    """
    session = requests.Session()
    session.trust_env, session.max_redirects = False, 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, _GuardedAdapter(allowed, seconds))
    return session
