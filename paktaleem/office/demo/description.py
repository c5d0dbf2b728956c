"""The description of the demonstration for scripts and for the terminal: addresses, sign-ins and a first query."""

import json
from collections.abc import Iterator
from typing import Any

from paktaleem.foundation.accounts.decision_paths import EVALUATION
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.content import SAMPLE, DemoSecrets
from paktaleem.office.demo.loading import client_ids
from paktaleem.office.demo.people import external_id_of

_PAGES = (
    ("Console", "/admin/"),
    ("API documentation", "/api/docs/"),
    ("OpenAPI", "/api/schema/"),
    ("Privacy pages", "/privacy/"),
    ("Alive, ready", "/healthz"),
    ("", "/readyz"),
)


def describe(base_url: str, kept: DemoSecrets, **more: object) -> dict[str, object]:
    """Return the description for scripts: JSON values, with ``more``, the processes and addresses."""
    return {"base_url": base_url, "sign_ins": list(_sign_ins(kept)), "clients": list(_clients(kept)), **more}


def _sign_ins(kept: DemoSecrets) -> Iterator[dict[str, object]]:
    for text in SAMPLE.staff:
        for role, client in text.memberships:
            yield {
                "email": text.email,
                "password": kept.passwords[text.email],
                "totp_secret": kept.totp_secrets[text.email],
                "role": role,
                "client": client,
            }


def _clients(kept: DemoSecrets) -> Iterator[dict[str, object]]:
    ids = client_ids()
    for text in SAMPLE.clients:
        with in_client(ids[text.code]):
            client = Client.objects.get(id=ids[text.code])
        yield {
            "id": str(client.id),
            "code": client.code,
            "api_key": kept.api_keys[client.code],
            "time_zone": client.time_zone,
            "serves_minors": client.serves_minors,
        }


def first_query(base_url: str, api_key: str) -> str:
    """Return a shell command that queries whether a student who was not asked may receive the newsletter."""
    question = {
        "subject": {"type": "end_user", "id": external_id_of("talha")},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "newsletter"},
    }
    return (
        f"curl -s {base_url}{EVALUATION} -H 'Authorization: Bearer {api_key}'"
        f" -H 'Content-Type: application/json' -d '{json.dumps(question)}'"
    )


def lines(description: dict[str, Any]) -> Iterator[str]:
    base = description["base_url"]
    yield ""
    yield f"PakTaleem privacy portal: {base}"
    for label, path in _PAGES:
        yield f"  {label:<22}{base}{path}"
    yield ""
    yield "Sign-ins at the console:"
    for one in description["sign_ins"]:
        yield f"  {one['email']:<26}{one['password']:<20}{one['role']} at {one['client']}"
    yield ""
    yield "API keys:"
    for client in description["clients"]:
        yield f"  {client['code']:<10}{client['api_key']}"
    yield ""
    yield "Query a first decision:"
    yield f"  {first_query(base, description['clients'][0]['api_key'])}"
    yield ""
    yield "Press Ctrl-C to stop; the next start uses the same data."
