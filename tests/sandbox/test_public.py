"""The public pages of a sandbox are marked as such, in both languages; other clients' are not."""

import pytest

from tests.children.browsers import by_link, latest_link, work

MARK = 'class="sandbox"'
WORDS = {"en": "without real people", "ur": "کوئی شخص اصلی نہیں"}
PAGES = (
    "/privacy/{}/",
    "/privacy/{}/notices/about_newsletter/",
    "/choices/{}/",
    "/guardian/{}/",
    "/concern/{}/",
    "/requests/{}/",
)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_sandbox_says_so_and_one_of_a_school_does_not(client, cast, sandbox, page, language):
    of_sandbox, of_school = (client.get(page.format(code), {"lang": language}) for code in ("play", "indus"))
    assert (of_sandbox.status_code, of_school.status_code) == (200, 200)
    assert MARK in of_sandbox.content.decode()
    assert WORDS[language] in of_sandbox.content.decode()
    assert MARK not in of_school.content.decode()


def test_a_page_of_ones_own_says_so_too(sandbox):
    sandbox.caller.post("/api/v1/sandbox/state", {"subject": "p-child", "state": "guardian_pending"})
    asked = {
        "subject": "p-child",
        "guardian": {"full_name": "Zara Khan", "email": "zara@mail.example", "relationship": "parent"},
    }
    answer = sandbox.caller.post("/api/v1/guardian-invitations", asked)
    assert answer.status_code == 201, answer.content
    work()
    assert MARK in by_link(latest_link()).get("/guardian/").content.decode()
