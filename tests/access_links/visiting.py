"""Browsers of people without an account, and the worker's part in sending their codes."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from paktaleem.directory.access_links.services import SEND_CODES
from paktaleem.directory.access_links.tasks import send_requested_codes
from paktaleem.directory.mail.services import DELIVER
from paktaleem.directory.mail.tasks import deliver
from tests.cast import Cast
from tests.working import work as work_on

TASKS: dict[str, Any] = {SEND_CODES: send_requested_codes, DELIVER: deliver}


def visitor(**details: Any) -> Client:
    return Client(enforce_csrf_checks=True, **details)


def token_of(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    return found[1] if found else ""


def send(browser: Client, url: str, *, form_at: str = "", **values: str) -> Any:
    page = browser.get(form_at or url)
    return browser.post(url, {"csrfmiddlewaretoken": token_of(page), **values})


def work() -> None:
    work_on(TASKS)


def latest_code() -> str:
    return re.search(r"^(\d{8})$", str(mail.outbox[-1].body), re.MULTILINE)[1]  # type: ignore[index]


def issue(cast: Cast, code: str, subject: str, page: str = "choices") -> Any:
    return Client().post(
        "/api/v1/links",
        {"subject": subject, "page": page},
        content_type="application/json",
        headers={"Authorization": f"Bearer {cast.key(code)}"},
    )


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def by_link(cast: Cast, code: str, subject: str, **details: Any) -> Client:
    browser = visitor(**details)
    assert send(browser, path_of(issue(cast, code, subject).json()["url"])).status_code == 302
    return browser
