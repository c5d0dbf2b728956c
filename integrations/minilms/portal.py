"""Calls to the portal: one key, JSON in both directions, every POST safe to repeat."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any
from urllib.parse import quote, urlencode

SECONDS = 30


class Refused(Exception):
    """The portal refused a call: the status and the stable problem code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    body: Any
    headers: HTTPMessage


@dataclass(frozen=True, slots=True)
class Portal:
    """The portal at a URL, called with one key."""

    url: str
    key: str

    def get(self, path: str, **query: str) -> Answer:
        """Send GET."""
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def put(self, path: str, body: dict[str, Any]) -> Answer:
        """Send PUT, which is safe to repeat."""
        return self._call("PUT", path, body)

    def post(self, path: str, body: dict[str, Any] | None = None, *, once: str = "") -> Answer:
        """Send POST. ``once`` is the idempotency key, so that repeating after a lost response does nothing."""
        return self._call("POST", path, body or {}, {"Idempotency-Key": f'"{once or uuid.uuid4()}"'})

    def upload(self, path: str, content: bytes, *, once: str) -> Answer:
        """Send a file as the body; its type follows from its content."""
        told = {"Content-Type": "application/octet-stream", "Idempotency-Key": f'"{once}"'}
        return self._send("POST", path, content, told)

    def pages(self, path: str) -> Iterator[Answer]:
        """Follow ``next`` to the last page."""
        address: str | None = path
        while address:
            answer = self.get(address)
            yield answer
            address = answer.body["next"]

    def _call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        told = {"Authorization": f"Bearer {self.key}", **headers}
        request = urllib.request.Request(self._address(path), data, told, method=method)  # noqa: S310 -- our portal
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 -- as above
                return Answer(json.load(response), response.headers)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from error

    def _address(self, path: str) -> str:
        return path if path.startswith("http") else self.url + quote(path, safe="/?=&%:+-._~")


def _refusal(error: urllib.error.HTTPError) -> Refused:
    try:
        problem = json.load(error)
    except ValueError:  # AuthZEN's errors are plain text
        problem = {}
    code = str(problem.get("type", "")).removeprefix("urn:paktaleem:problem:")
    return Refused(error.code, code, str(problem.get("detail") or problem.get("title") or error.reason))
