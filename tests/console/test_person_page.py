"""A person's page: the answers first, the acts that apply, tabs of their own queries, and why something is denied."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import TimeMachineFixture

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import restrict_processing
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.services.people import reveal_fields
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.person_pages import TABS
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import KARACHI, refused_by_policy, row_url
from tests.showing import shown
from tests.signing_in import SignIn

ADULT, CHILD = "junaid", "danish"


def url_of(cast: Cast, name: str) -> str:
    return row_url("subjects/subject", cast.subject_id(name))


def rows_of(page: str, panel: str) -> dict[str, str]:
    """Return the rows of a panel's table by their first cell."""
    table = page[page.index(f'id="{panel}"') :].split("</table>", maxsplit=1)[0]
    return dict(re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table, re.DOTALL))


def test_an_adult_is_offered_no_guardian_and_not_warned_that_none_has_answered(sign_in: SignIn, cast: Cast) -> None:
    for name in ("amina", "farah"):
        browser = sign_in(name)
        adult, child = (browser.get(url_of(cast, one)).content.decode() for one in (ADULT, CHILD))
        acts = ("name-guardian", "ask-guardians", "school-authorises")
        assert not [act for act in acts if row_url("subjects/subject", cast.subject_id(ADULT), act) in adult]
        assert [act for act in acts if row_url("subjects/subject", cast.subject_id(CHILD), act) in child] == list(acts)
        assert "No guardian has answered" not in adult
        assert "No guardian has answered" in child
        assert "<dt>Who decides</dt>" in child
    refused = sign_in("farah").post(row_url("subjects/subject", cast.subject_id(ADULT), "name-guardian"), follow=True)
    assert "Nothing was done" in refused.content.decode()


def test_three_acts_are_buttons_and_only_what_cannot_be_undone_is_red(sign_in: SignIn, cast: Cast) -> None:
    page = sign_in("amina").get(url_of(cast, CHILD)).content.decode()
    tools = page[page.index('<ul class="object-tools">') : page.index('<nav class="tabs of-row"')]
    buttons, more = tools.split('<details class="more">')
    assert len(re.findall("<a ", buttons)) == 3
    assert "Reveal personal data" in buttons
    assert re.findall(r'class="danger">(.*?)<', more) == [
        "Moves to another institution",
        "Quarantine the data",
        "Propose erasure",
    ]
    assert '<fieldset class="module aligned collapse"' in page


def test_acts_chosen_as_buttons_are_acts_of_their_model() -> None:
    owners: list[Any] = list(site._registry.values())
    chosen = [(owner, slug) for owner in owners for slug in getattr(owner, "main_acts", ())]
    assert [f"{owner}: {slug}" for owner, slug in chosen if slug not in {act.slug for act in owner.all_acts()}] == []
    assert len(chosen) > 10


def test_each_tab_runs_its_own_queries_and_shows_its_own_panels(
    sign_in: SignIn, cast: Cast, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    with in_client(cast.client_id("indus")):
        reveal_fields(cast.subject(ADULT), actor=cast.actor("farah"), reason=Reason.REVIEW, at=timezone.now())
    browser, url, counts = sign_in("farah"), url_of(cast, ADULT), {}
    for tab in TABS:
        browser.get(url)
        with CaptureQueriesContext(connection) as taken:
            page = browser.get(url, {"tab": tab.code} if tab.code else {}).content.decode()
        counts[tab.code] = len(taken)
        assert refused_by_policy(page) == []
        assert ('id="panel-standing"' in page) is (tab.code == "")
        assert ('id="panel-looks"' in page) is (tab.code == "looks")
        assert ('id="panel-holdings"' in page) is (tab.code == "holdings")
    others = max(count for code, count in counts.items() if code)
    assert others <= 31
    assert others < counts[""] <= 60
    sana = sign_in("sana")
    assert "?tab=looks" not in sana.get(url).content.decode()
    assert 'id="panel-looks"' not in sana.get(url, {"tab": "looks"}).content.decode()


def test_a_purpose_has_one_name_on_the_page_and_the_timeline(sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        restrict_processing(
            cast.subject(ADULT),
            purpose_code="product_research",
            actor=cast.actor("farah"),
            reason=Reason.REVIEW,
            at=timezone.now(),
        )
        name = Purpose.objects.get(code="product_research", client_id=cast.client_id("indus")).name_en
    browser = sign_in("farah")
    for url in (url_of(cast, ADULT), row_url("subjects/subject", cast.subject_id(ADULT), "timeline")):
        page = browser.get(url).content.decode()
        assert name in page
        assert "Product research" not in page
        assert ">product_research<" not in page


def test_a_purpose_has_the_same_name_where_only_its_code_is_stored(sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        instruction = Instruction.objects.first()
        assert instruction is not None
        codes = instruction.purposes
        names = dict(Purpose.objects.filter(code__in=codes).values_list("code", "name_en"))
    page = sign_in("bilal").get(row_url("consent/instruction", instruction.pk)).content.decode()
    assert all(names[code] in page for code in codes)
    assert "platform_improvement" in codes
    assert "platform_improvement" not in page


@pytest.fixture
def withdrawn(cast: Cast) -> tuple[Any, datetime, datetime]:
    """A consent of Junaid to the newsletter that is given, and withdrawn an hour later."""
    given_at = datetime(2026, 9, 10, 9, tzinfo=UTC)
    client_id, actor = cast.client_id("indus"), cast.actor("farah")
    with in_client(client_id):
        person = cast.subject(ADULT)
        answers = [Answer("newsletter", ConsentState.GIVEN)]
        record_answers(person, answers=answers, shown=shown(client_id, given_at), actor=actor, at=given_at)
        later = given_at + timedelta(hours=1)
        event = withdraw_consent(person, purpose="newsletter", actor=actor, at=later)
    return event, given_at, later


def test_a_denial_links_to_its_cause_and_its_remedy_also_for_a_past_day(
    sign_in: SignIn, cast: Cast, withdrawn: tuple[Any, datetime, datetime]
) -> None:
    event, _given_at, _later = withdrawn
    browser, url = sign_in("farah"), url_of(cast, ADULT)
    now = rows_of(browser.get(url).content.decode(), "panel-standing")["Newsletter"]
    cause = row_url("consent/consentevent", event.pk)
    assert f'<a href="{cause}">consent withdrawn</a>' in now
    assert "/answer/?purpose=newsletter&amp;state=given" in now
    assert 'href="/docs/reasons/#consent_withdrawn"' in now
    while_given = browser.get(url, {"day": "2026-09-10", "hour": "14:30"}).content.decode()
    assert "Decisions as of" in while_given
    assert "Allowed" in rows_of(while_given, "panel-standing")["Newsletter"]
    that_evening = rows_of(browser.get(url, {"day": "2026-09-10"}).content.decode(), "panel-standing")["Newsletter"]
    assert f'<a href="{cause}">consent withdrawn</a>' in that_evening
    assert "/answer/" not in that_evening
    before = rows_of(browser.get(url, {"day": "2026-09-09"}).content.decode(), "panel-standing")["Newsletter"]
    assert "consent missing" in before
    assert browser.get(cause).status_code == 200


def test_the_cause_for_a_child_is_on_the_same_page(sign_in: SignIn, cast: Cast) -> None:
    page = sign_in("farah").get(url_of(cast, CHILD)).content.decode()
    newsletter = rows_of(page, "panel-standing")["Newsletter"]
    assert '<a href="#panel-gate">guardian consent required</a>' in newsletter
    assert row_url("subjects/subject", cast.subject_id(CHILD), "ask-guardians") in newsletter
    assert 'id="panel-gate"' in page


def test_what_is_open_is_in_the_summary(sign_in: SignIn, cast: Cast) -> None:
    yesterday = (timezone.now() - timedelta(days=1)).astimezone(KARACHI)
    page = sign_in("farah").get(url_of(cast, ADULT)).content.decode()
    assert "Open requests" not in page
    made = sign_in("farah").post(
        row_url("subjects/subject", cast.subject_id(ADULT), "rights-request"),
        {"kinds": ["access"], "details": "A copy, please.", "received_on": f"{yesterday:%Y-%m-%d}"},
    )
    assert made.status_code == 302, made.context["form"].errors
    page = sign_in("farah").get(url_of(cast, ADULT)).content.decode()
    assert re.search(r'<dt>Open requests</dt>\s*<dd><a href="\?tab=requests">1</a>', page)
