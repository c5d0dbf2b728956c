"""The weekly digest: sent once a week in the client's zone, without data subjects; a page has the full list."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from time_machine import TimeMachineFixture

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context, render
from paktaleem.directory.people.services.people import reveal_fields
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.digests import describe_looks, find_last_week, send_digest
from tests.cast import Cast
from tests.console.pages import row_url
from tests.rights.cases import received
from tests.signing_in import SignIn

SENDER = system_actor("digests.send")
MONDAY = datetime(2026, 10, 5, 1, 0, tzinfo=UTC)
"""Six in the morning of a Monday in Karachi."""
ZONE, WEEK = "Asia/Karachi", timedelta(days=7)


@given(st.integers(0, 10**9).map(lambda seconds: MONDAY + timedelta(seconds=seconds)))
def test_the_last_week_is_over_and_began_less_than_two_weeks_ago(at: datetime) -> None:
    week = find_last_week(at, ZONE)
    assert week.monday.weekday() == 0
    assert week.ends_at <= at < week.ends_at + WEEK
    assert week.ends_at - week.starts_at == WEEK


def send(client_id: Any, at: datetime) -> int:
    return send_digest(Client.objects.get(pk=client_id), actor=SENDER, at=at)


def test_it_is_sent_once_in_the_recipients_language_and_names_no_data_subject(cast: Cast) -> None:
    client_id, looked_at = cast.client_id("indus"), MONDAY - timedelta(days=2)
    with in_client(client_id):
        danish = cast.subject("danish")
        for name, at in {"amina": looked_at, "farah": looked_at}.items():
            reveal_fields(danish, actor=cast.actor(name), reason=Reason.SUPPORT_CASE, at=at)
        reveal_fields(danish, actor=cast.actor("amina"), reason=Reason.REVIEW, at=MONDAY)
        received(cast, "access", at=looked_at)
        assert send(client_id, MONDAY - timedelta(minutes=1)) == 0
        assert [send(client_id, MONDAY + late * timedelta(days=2)) for late in (0, 1, 3)] == [1, 0, 0]
        facts = json.loads(Entry.objects.get(kind="digest.sent").body)["facts"]
        assert facts == {"monday": "2026-09-28", "recipients": 1}
        looks = describe_looks(client_id, find_last_week(MONDAY, ZONE))
        assert looks == ["privacy officer: data of 1 person, Support case (1)"]
        letter = Letter.objects.get(kind="weekly_digest")
        values = {"client": "Indus Schools", **json.loads(decrypt_context(letter))}
        assert send(client_id, MONDAY + WEEK) == 1
    written = render(letter.kind, language="en", channel=letter.channel, values=values)
    subject, body = written.subject, written.text
    assert letter.user_id == cast.user_id("farah")
    assert "2026-09-28" in subject
    assert looks[0] in body
    assert "Rights requests: 1, due 2026-11-" in body
    assert "/digest/" in body
    assert "danish" not in body.lower()


@pytest.mark.parametrize(("name", "status"), [("farah", 200), ("amina", 200), ("sana", 403), ("celia", 404)])
def test_the_page_counts_accesses_for_those_who_may_see_the_access_log(
    name: str, status: int, cast: Cast, sign_in: SignIn, time_machine: TimeMachineFixture
) -> None:
    client_id = cast.client_id("indus")
    with in_client(client_id):
        reveal_fields(cast.subject("danish"), actor=cast.actor("amina"), reason=Reason.SUPPORT_CASE, at=MONDAY)
        reveal_fields(cast.subject("hamza"), actor=cast.actor("farah"), reason=Reason.SUPPORT_CASE, at=MONDAY)
        received(cast, "access", at=MONDAY)
    time_machine.move_to(MONDAY + WEEK, tick=False)
    answer = sign_in(name).get(row_url("accounts/client", client_id, "digest"))
    assert answer.status_code == status
    if status == 200:
        shown = answer.content.decode()
        assert "privacy officer: data of 1 person, Support case (1)" in shown
        assert "client admin" not in shown
        assert ("Rights requests</a>: 1" in shown) == (name == "farah")
