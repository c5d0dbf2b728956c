"""Browsers of guardians, messages to them, and the worker's part in inviting them."""

import re
from datetime import datetime
from typing import Any

from django.core import mail
from django.test import Client

from children.invitations.services.answering import process_invitations
from children.invitations.services.inviting import INVITE_MANY
from children.invitations.tasks import invite_many
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import TASKS, latest_code, path_of, send, visitor
from tests.cast import Cast
from tests.working import work as work_on

PORTAL = "https://privacy.example"
ESRA = "esra.qureshi@mail.example"
START, CODE, PAGE = "/guardian/indus/", "/guardian/code/", "/guardian/"


def work() -> None:
    work_on({**TASKS, INVITE_MANY: invite_many})


def follow(cast: Cast, at: datetime, client: str = "indus") -> None:
    after = None
    with in_client(cast.client_id(client)):
        while after := process_invitations(cast.client_id(client), after=after, actor=system_actor("tests"), at=at):
            pass
    work()


def link_in(letter: Any) -> str:
    found = re.search(r"https?://\S+/g/\S+", str(letter.body))
    assert found, letter.body
    return path_of(found[0])


def latest_link() -> str:
    return next(link_in(one) for one in reversed(mail.outbox) if "/g/" in str(one.body))


def by_link(path: str, **details: Any) -> Client:
    browser = visitor(**details)
    assert send(browser, path).headers["Location"].startswith(CODE)
    work()
    assert send(browser, CODE, code=latest_code()).headers["Location"].startswith(PAGE)
    return browser


def by_contact(contact: str = ESRA, start: str = START) -> Client:
    browser = visitor()
    assert send(browser, start, contact=contact).status_code == 302
    work()
    assert send(browser, CODE, code=latest_code()).status_code == 302
    return browser


def child_page(cast: Cast, name: str = "danish", more: str = "") -> str:
    return f"/guardian/child/{cast.subject_id(name)}/{more}"


def answer(browser: Client, url: str, answer: str, **values: str) -> Any:
    """Open the page of a question in a browser, and submit an answer with the token from the page."""
    page = browser.get(url).text
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    given = {"csrfmiddlewaretoken": token[1] if token else "", "shown": shown[1] if shown else "", "answer": answer}
    return browser.post(url, {**given, **values})
