"""Sign on at a client’s provider, page by page."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.utils import timezone

from paktaleem.directory.staff.single_sign_on.models import Provider
from paktaleem.directory.staff.single_sign_on.services import decide_provider, propose_provider
from paktaleem.foundation.tenancy.context import in_client
from tests.accounts.officers import second_officer
from tests.cast import Cast
from tests.single_sign_on.making import wanted
from tests.single_sign_on.providing import APPLICATION, HostileProvider, TestProvider

START = "/accounts/single-sign-on/indus/"
CONSOLE = "/admin/"


def set_up(
    cast: Cast, issuer: str, at: datetime, *, client: str = "indus", honours: bool = True, **changes: Any
) -> Provider:
    proposer = {"indus": "farah", "khyber": "celia"}[client]
    secret = changes.pop("secret", "from the provider")
    columns: dict[str, Any] = {"issuer": issuer, "application_id": APPLICATION, "domains": [f"{client}.example"]}
    columns |= {"honours_second_factor": honours, **changes}
    provider, gul = wanted(cast.client_id(client), **columns), second_officer()
    with in_client(cast.client_id(client)):
        stamp: dict[str, Any] = {"reason": "onboarding", "at": at}
        made = propose_provider(provider, secret, actor=cast.actor(proposer), **stamp)
        return decide_provider(made, approve=True, actor=gul, **stamp)


def address_of(browser: Client, start: str = START) -> str:
    page = browser.get(start)
    assert page.status_code == 200, page.headers.get("Location")
    return str(page.context["address"])


def come_back(browser: Client, address: str) -> Any:
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def sign_on(
    provider: TestProvider | HostileProvider, subject: str = "farah-1", start: str = START
) -> tuple[Client, Any]:
    browser = Client()
    address = address_of(browser, start)
    back = provider.authorize(address, subject) if isinstance(provider, TestProvider) else provider.authorize(address)
    return browser, come_back(browser, back)


def is_in(browser: Client) -> bool:
    return browser.get(CONSOLE).status_code == 200


def now_in_seconds() -> int:
    return int(timezone.now().timestamp())
