"""The weekly digest: sent once a week in the client's zone, without data subjects; a page has the full list."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context, render
from paktaleem.directory.people.services.people import reveal_fields
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.digests.models import SentDigest
from paktaleem.office.digests.selectors import count_looks, list_coming
from paktaleem.office.digests.tasks import send_digest
from paktaleem.office.digests.weeks import find_last_week, find_week_to_send
from tests.cast import Cast
from tests.console.pages import row_url
from tests.rights.cases import received
from tests.schools.making import enrolled, record
from tests.schools.making import given as stated
from tests.signing_in import SignIn

MONDAY = datetime(2026, 10, 5, 1, 0, tzinfo=UTC)
"""Six in the morning of a Monday in Karachi."""
ZONE, WEEK = "Asia/Karachi", timedelta(days=7)


@given(st.integers(0, 10**9).map(lambda seconds: MONDAY + timedelta(seconds=seconds)))
def test_the_last_week_is_over_and_began_less_than_two_weeks_ago(at: datetime) -> None:
    week = find_last_week(at, ZONE)
    assert week.monday.weekday() == 0
    assert week.ends_at <= at < week.ends_at + WEEK
    assert week.ends_at - week.starts_at == WEEK


def test_it_is_sent_once_in_the_recipients_language_and_names_no_data_subject(cast: Cast) -> None:
    client_id, looked_at = cast.client_id("indus"), MONDAY - timedelta(days=2)
    with in_client(client_id):
        danish = cast.subject("danish")
        for name, at in {"amina": looked_at, "farah": looked_at}.items():
            reveal_fields(danish, actor=cast.actor(name), reason=Reason.SUPPORT_CASE, at=at)
        reveal_fields(danish, actor=cast.actor("amina"), reason=Reason.REVIEW, at=MONDAY)
        assert find_week_to_send(MONDAY - timedelta(minutes=1), ZONE) is None
        assert send_digest(client_id, MONDAY - timedelta(minutes=1)) == 0
        assert [send_digest(client_id, MONDAY + late * timedelta(days=2)) for late in (0, 1, 3)] == [1, 0, 0]
        assert SentDigest.objects.get().monday == date(2026, 9, 28)
        assert json.loads(Entry.objects.get(kind="digest.sent").body)["facts"]["recipients"] == 1
        [look] = count_looks(client_id, find_last_week(MONDAY, ZONE))
        assert look == (Role.PRIVACY_OFFICER, "support_case", 1, 1)
        letter = Letter.objects.get(kind="weekly_digest")
        values = {"client": "Indus Schools", **json.loads(decrypt_context(letter))}
    written = render(letter.kind, language="en", channel=letter.channel, values=values)
    subject, body = written.subject, written.text
    assert letter.user_id == cast.user_id("farah")
    assert "2026-09-28" in subject
    assert "privacy officer: data of 1 person, Support case (1)" in body
    assert "/digest/?week=2026-09-28" in body
    assert "/weekly-email/" in body
    assert "danish" not in body.lower()


def test_a_person_stops_the_email_and_keeps_the_page(cast: Cast, sign_in: SignIn) -> None:
    client_id, farah = cast.client_id("indus"), sign_in("farah")
    page, act = row_url("accounts/client", client_id, "digest"), row_url("accounts/client", client_id, "weekly-email")
    assert "Stop the email for me" in farah.get(page).content.decode()
    assert farah.post(act, {}).status_code == 302
    assert "Resume the email for me" in farah.get(page).content.decode()
    with in_client(client_id):
        assert send_digest(client_id, MONDAY) == 0
        assert SentDigest.objects.get().recipients == 0
    assert farah.post(act, {}).status_code == 302
    with in_client(client_id):
        assert send_digest(client_id, MONDAY + WEEK) == 1


@pytest.mark.parametrize(("name", "status"), [("farah", 200), ("amina", 200), ("sana", 403), ("celia", 404)])
def test_the_page_lists_accesses_for_those_who_may_see_the_access_log(
    name: str, status: int, cast: Cast, sign_in: SignIn
) -> None:
    client_id = cast.client_id("indus")
    with in_client(client_id):
        reveal_fields(cast.subject("danish"), actor=cast.actor("amina"), reason=Reason.SUPPORT_CASE, at=MONDAY)
        reveal_fields(cast.subject("hamza"), actor=cast.actor("farah"), reason=Reason.SUPPORT_CASE, at=MONDAY)
    url = row_url("accounts/client", client_id, "digest") + "?week=2026-10-07"
    answer = sign_in(name).get(url)
    assert answer.status_code == status
    if status == 200:
        shown = answer.content.decode()
        assert "lms-danish" in shown
        assert "lms-hamza" not in shown
        assert ("amina@" in shown) == (name == "amina")


def test_what_is_coming_is_listed_by_day(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        record(client, stated(enrolled("lms-danish")), MONDAY)
        received(cast, "access", at=MONDAY)
        found = [(one.day.isoformat(), one.what) for one in list_coming(client, at=MONDAY)]
        year_end = [one.what for one in list_coming(client, at=datetime(2027, 5, 1, tzinfo=UTC))]
    assert found == [("2026-11-04", "1 rights request is due")]
    assert "The school year “2026-27” ends" in year_end
