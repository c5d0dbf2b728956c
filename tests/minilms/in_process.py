"""The portal, called by the platform in this process: the same requests, without a server."""

import json
from http.client import HTTPMessage
from typing import Any

from django.test import Client

from integrations.minilms.portal import Answer, Portal, Refused


class PortalInProcess(Portal):
    """The portal of this process, called with one key."""

    def _call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        told = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        data = b"" if body is None else json.dumps(body).encode()
        response: Any = Client().generic(method, path, data, content_type="application/json", headers=told)
        found = response.json()
        if response.status_code >= 400:
            code = str(found.get("type", "")).removeprefix("urn:paktaleem:problem:")
            raise Refused(response.status_code, code, str(found.get("detail") or found.get("title")))
        message = HTTPMessage()
        for name, value in response.headers.items():
            message[name] = value
        return Answer(found, message)
