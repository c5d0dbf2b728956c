"""Concerns about a child's data from the public form: a case with a deadline, and a response that discloses nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from children.concerns.models import Concern
from children.concerns.services import (
    AlreadyClosed,
    close_concern,
    open_concern,
    purge_concerns,
    read_concern,
)
from paktaleem.directory.people.services import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.encryption.wrapped_kinds import list_wrapped_kinds
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import send, visitor

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def indus(cast):
    with in_client(cast.client_id("indus")):
        yield cast


def reported(cast, text="A teacher posted my son's marks.", at=AT):
    return open_concern(
        cast.client_id("indus"),
        text=text,
        contact="somebody@mail.example",
        language="en",
        actor=system_actor("tests"),
        at=at,
    )


def test_a_concern_gets_the_same_response_whether_the_child_is_known_or_not(cast):
    pages = []
    for name in ("Danish Qureshi of class 4", "Nobody At All of class 4"):
        answer = send(visitor(), "/concern/indus/", text=f"About {name}.", contact="")
        assert answer.status_code == 200
        pages.append(re.sub(r'<strong class="number".*?</strong>', "", answer.content.decode()))
    assert pages[0] == pages[1]
    with in_client(cast.client_id("indus")):
        rows = list(Concern.objects.all())
        assert {row.child_id for row in rows} == {None}
        assert all(row.due_at - row.received_at == 30 * DAY for row in rows)
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(to_jsonb(t)::text, '') FROM concerns_concern t")
            assert "Danish" not in cursor.fetchone()[0]


def told_about(name, number):
    """Return what the form does and responds about a person: status, headers, body and every statement."""
    browser = visitor(REMOTE_ADDR=f"203.0.113.{number}")  # the rate limit counts by address
    page = browser.get("/concern/indus/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    given = {"csrfmiddlewaretoken": token[1], "text": f"About {name}.", "contact": ""}
    with CaptureQueriesContext(connection) as asked:
        answer = browser.post("/concern/indus/", given)
    headers = {name: value for name, value in answer.headers.items() if name not in {"Content-Length", "X-Request-ID"}}
    body = re.sub(r'(<strong class="number"[^>]*>).{8}(</strong>)', r"\1\2", answer.content.decode())
    shapes = [re.sub(r"'[^']*'|\\\\x[0-9a-f]+|\d+", "?", one["sql"]) for one in asked.captured_queries]
    return answer.status_code, headers, re.sub(r"nonce-[^']+", "", body), len(answer.content), shapes


def test_known_unknown_erased_and_foreign_children_take_the_same_work_and_give_the_same_bytes(cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("iqra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    names = {
        "known": "Danish Qureshi",
        "unknown": "Nobody At All",
        "by its LMS id": "lms-danish",
        "erased": "Iqra Shah",
        "of another school": "Kiran Tareen",
        "a guardian's address": "esra.qureshi@mail.example",
    }
    first, *others = [told_about(name, number) for number, name in enumerate(names.values())]
    assert first[0] == 200
    assert first[4], "something was written"
    for other in others:
        assert other == first


def test_without_a_school_it_is_paktaleems(cast):
    assert send(visitor(), "/concern/", text="Something is wrong.").status_code == 200
    with in_client(cast.client_id("paktaleem")):
        assert Concern.objects.count() == 1


def test_an_empty_text_is_reported_at_its_field_and_too_many_concerns_are_refused(cast):
    assert send(visitor(), "/concern/indus/").status_code == 422
    assert visitor().post("/concern/indus/", {"text": "x"}).status_code == 403
    assert visitor().get("/concern/nobody_here/").status_code == 404
    found = [send(visitor(), "/concern/indus/", text="Again.").status_code for _ in range(11)]
    assert found == [200] * 10 + [429]


def test_reading_it_is_written_down_first(indus):
    row = reported(indus)
    read = read_concern(row, actor=indus.actor("amina"), reason=Reason.INCIDENT, at=AT)
    assert read == {"text": "A teacher posted my son's marks.", "contact": "somebody@mail.example"}
    assert Entry.objects.filter(kind="concern.read").count() == 1
    for name in ("bilal", "sana"):
        with pytest.raises(NotAllowed):
            read_concern(row, actor=indus.actor(name), reason=Reason.INCIDENT, at=AT)


def test_it_is_answered_once(indus):
    row = close_concern(reported(indus), outcome="acted", actor=indus.actor("farah"), reason=Reason.REVIEW, at=AT)
    assert (row.is_open, row.outcome) == (False, "acted")
    with pytest.raises(AlreadyClosed):
        close_concern(row, outcome="acted", actor=indus.actor("farah"), reason=Reason.REVIEW, at=AT)


def test_the_text_is_deleted_a_year_after_the_answer(indus, settings):
    row, waits = reported(indus), reported(indus)
    close_concern(row, outcome="acted", actor=indus.actor("farah"), reason=Reason.REVIEW, at=AT)
    worker, late = system_actor("tests"), AT + timedelta(days=settings.CONCERN_KEPT_DAYS)
    assert purge_concerns(row.client_id, actor=worker, at=late - timedelta(seconds=1)) == 0
    assert purge_concerns(row.client_id, actor=worker, at=late) == 1
    row.refresh_from_db()
    assert read_concern(row, actor=indus.actor("amina"), reason=Reason.REVIEW, at=late) == {"text": "", "contact": ""}
    waits.refresh_from_db()
    waits.wrapped = None
    with pytest.raises(CannotOpen):
        read_concern(waits, actor=indus.actor("amina"), reason=Reason.REVIEW, at=late)


def test_another_client_sees_nothing(cast):
    with in_client(cast.client_id("indus")):
        reported(cast)
    with in_client(cast.client_id("khyber")):
        assert not Concern.objects.exists()


def test_its_key_is_counted_and_wrapped_anew_with_the_others(indus):
    reported(indus)
    kind = next(one for one in list_wrapped_kinds() if one.name == "concerns.concern")
    assert kind.counted(indus.client_id("indus")) == {1: 1}
    assert kind.rewrap(indus.client_id("indus")) == frozenset()
