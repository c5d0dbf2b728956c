"""API client for tests, in the role of a learning platform."""

from typing import Any

from django.test import Client


class Caller:
    """A system with one API key."""

    def __init__(self, key: str) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False)

    def get(self, path: str, headers: Any = None, **query: Any) -> Any:
        return self._client.get(path, query or None, headers=headers)

    def head(self, path: str) -> Any:
        return self._client.head(path)

    def delete(self, path: str) -> Any:
        return self._client.delete(path)

    def put(self, path: str, body: Any) -> Any:
        return self._client.put(path, body, content_type="application/json")

    def post(self, path: str, body: Any = None) -> Any:
        return self._client.post(path, {} if body is None else body, content_type="application/json")

    def ask(self, person: str, purpose: str, action: str = "process", context: Any = None, **properties: Any) -> Any:
        """Request a decision; return the parsed response."""
        body = question(person, purpose, action, context, **properties)
        response = self.post("/access/v1/evaluation", body)
        assert response.status_code == 200, response.content
        return response.json()

    def reason(self, *args: Any, **kwargs: Any) -> str:
        """Request a decision; return its reason code."""
        return str(self.ask(*args, **kwargs)["context"]["reason"])

    def notice(self, purpose: str) -> str:
        return str(self.get("/api/v1/notices/current", purpose=purpose).json()["version"])

    def shown(self, purpose: str, language: str = "en") -> str:
        return str(self.get("/api/v1/notices/current", purpose=purpose, language=language).json()["shown"])

    def consent(self, person: str, purpose: str, state: str = "given", **more: Any) -> Any:
        body = {
            "subject": person,
            "answers": [{"purpose": purpose, "state": state}],
            "shown": self.shown(purpose),
            **more,
        }
        return self.post("/api/v1/consents", body)


def question(person: str, purpose: str, action: str = "process", context: Any = None, **properties: Any) -> Any:
    body: dict[str, Any] = {
        "subject": {"type": "end_user", "id": person},
        "action": {"name": action},
        "resource": {"type": "purpose", "id": purpose},
    }
    if properties:
        body["resource"]["properties"] = properties
    if context is not None:
        body["context"] = context
    return body
