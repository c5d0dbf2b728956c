"""A panel that shows the latest rows only says so."""

from typing import Any

import pytest

from paktaleem.directory.people.admin import summary
from paktaleem.directory.people.services import register_guardians
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.admin import person
from rights.requests.services import receive_request
from tests.cast import Cast
from tests.console.conftest import SignIn
from tests.console.pages import row_url
from tests.factories import SETTING_UP

WORDS = "Only the latest 1 are shown."


def panel_of(cast: Cast, sign_in: SignIn, name: str, tab: str = "") -> str:
    url = row_url("subjects/subject", cast.subject_id("danish"), "change")
    page = sign_in("farah").get(f"{url}{tab}").content.decode()
    return page.split(f'id="panel-{name}"')[1].partition("</section>")[0]


def test_the_guardians_of_a_child(cast: Cast, sign_in: SignIn, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "_MOST_CLAIMS", 1)
    for names, is_said in ((["esra"], False), (["esra", "junaid"], True)):
        named = [{"external_id": f"lms-{one}", "relationship": "parent"} for one in names]
        with in_client(cast.client_id("indus")):
            register_guardians(cast.subject("danish"), named, client=cast.client("indus"), actor=SETTING_UP, at=now)
        assert (WORDS in panel_of(cast, sign_in, "guardians")) == is_said


def test_the_rights_requests_of_a_person(
    cast: Cast, sign_in: SignIn, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "_MOST", 1)
    given: dict[str, Any] = {"channel": "telephone", "language": "en", "actor": cast.actor("amina"), "at": now}
    for kind, is_said in (("access", False), ("portability", True)):
        with in_client(cast.client_id("indus")):
            receive_request(cast.client("indus"), subject=cast.subject("danish"), kinds=[kind], **given)
        assert (WORDS in panel_of(cast, sign_in, "rights-related", "?tab=requests")) == is_said
