"""The session of staff limited to schools opens the console and nothing else: no API, no page of anyone's own."""

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from tests.cast import Cast
from tests.consent.making import announce
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import ANONYMOUS, API, PUBLISHED, VISITORS, example
from tests.school_limits.limiting import make_head, make_school
from tests.signing_in import browser_of


def head_of_north(cast: Cast) -> Client:
    return browser_of(make_head(cast, make_school(cast, "north", cast.subject_id("junaid"))))


def test_the_api_takes_no_session(cast: Cast) -> None:
    """Only a key opens it (the middleware looks for no user there), also for people of the own school."""
    head, looked_at = head_of_north(cast), []
    for operations in API.values():
        for method, url, body, _, _ in operations:
            for person in ("lms-danish", "lms-junaid"):
                asked = url.replace("lms-danish", person).replace("WEBHOOK", "0190b9f4-0000-7000-8000-000000000000")
                answer = getattr(head, method)(asked, body, content_type="application/json")
                looked_at.append((f"{method} {asked}", "" if answer.status_code == 401 else answer.status_code))
    refuse_any(looked_at)


def shown(browser: Client, url: str) -> tuple[int, str]:
    """Return the status and the text of a page, without its nonces and the reader's time zone."""
    answer = browser.get(url)
    text = b"".join(answer).decode(errors="replace")
    return answer.status_code, re.sub(
        r'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|data-admin-\S+="[^"]+"', "", text
    )


def test_public_pages_are_the_same_as_without_a_sign_in(cast: Cast) -> None:
    children = {"child_text_en": "For you.", "child_text_ur": "آپ کے لیے۔"}
    at = timezone.now()
    version = announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, **children)
    head, looked_at = head_of_north(cast), list[tuple[str, Any]]()
    for route in {**PUBLISHED, **VISITORS}:
        for url in {example(route, version.pk), example(route, version.pk).replace("/none/", "/indus/")}:
            free, signed_in = shown(Client(), url), shown(head, url)
            looked_at.append((url, "" if free == signed_in else f"{free[0]} and {signed_in[0]}"))
    refuse_any(looked_at)
    assert ANONYMOUS.keys().isdisjoint(VISITORS)
