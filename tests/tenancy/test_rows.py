"""Rows read and inserted by cached SQL equal Django's, with the same policies, guard and indexes."""

import pytest
from django.db import DataError, IntegrityError
from django.utils import timezone

from consent.cookies.models import ChoiceSource, CookieChoice
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.tenancy.context import ContextMissing, in_client
from paktaleem.foundation.tenancy.models import Constant
from paktaleem.foundation.tenancy.rows import find_row, find_rows, insert_many, insert_rows, new_id
from paktaleem.foundation.web.api.models import KeptAnswer
from rights.mailbox.models import WAITING, MailMessage
from tests.consent.cookies.making import get_banner, make_cookie
from tests.factories import SETTING_UP

EVERYONE = "r.external_id = ANY (%(ids)s)"


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def kept(client_id, now, slot=b"s" * 32):
    """Return a stored response: bytes, a number, JSON and a time."""
    headers = {"Content-Type": "application/json"}
    return KeptAnswer(
        client_id=client_id, slot=slot, fingerprint=b"f" * 32, status=201, headers=headers, body=b"\x00", stored_at=now
    )


def choice(client_id, given, now):
    """Return a choice about cookies, whose codes have at most 16 characters."""
    return CookieChoice(
        client_id=client_id,
        visitor=new_id(),
        version=get_banner(client_id),
        given=given,
        refused=["y"],
        source=ChoiceSource.PAGE,
        recorded_at=now,
    )


def test_a_row_found_equals_djangos(cast):
    with in_client(cast.client_id("khyber")):
        theirs = Subject.objects.select_related("client").get(external_id="lms-kiran")
        ours = find_row(Subject, EVERYONE, {"ids": ["lms-kiran"]}, beside="client")
        assert ours is not None
        assert values(ours) == values(theirs)
        assert values(ours.client) == values(theirs.client)
        assert find_row(Subject, EVERYONE, {"ids": ["nobody"]}) is None


def test_another_clients_rows_are_not_found(cast):
    with in_client(cast.client_id("indus")):
        assert find_rows(Subject, EVERYONE, {"ids": ["lms-kiran"]}) == []


def test_outside_a_context_nothing_is_sent(cast):
    with pytest.raises(ContextMissing):
        find_rows(Subject, EVERYONE, {"ids": ["lms-kiran"]})


def test_rows_inserted_together_are_read_unchanged(cast, now):
    client_id = cast.client_id("khyber")
    with in_client(client_id):
        entry = make_entry("test.written", client_id=client_id, facts={}, actor=SETTING_UP, at=now)
        answer = kept(client_id, now)
        insert_rows(entry, answer)
        assert values(Entry.objects.get(pk=entry.pk)) == values(entry)
        assert values(KeptAnswer.objects.get(pk=answer.pk)) == values(answer)
        [found] = find_rows(KeptAnswer, "r.id = %(id)s", {"id": answer.pk})
        assert found.headers == answer.headers


def test_if_one_row_is_refused_none_is_inserted(cast, now):
    client_id = cast.client_id("khyber")
    with in_client(client_id):
        insert_rows(kept(client_id, now))
        entry = make_entry("test.refused", client_id=client_id, facts={}, actor=SETTING_UP, at=now)
    with pytest.raises(IntegrityError), in_client(client_id):
        insert_rows(entry, kept(client_id, now))
    with in_client(client_id):
        assert not Entry.objects.filter(pk=entry.pk).exists()


@pytest.mark.parametrize("insert", [insert_rows, lambda row: insert_many([row])])
def test_a_tracked_row_is_refused(cast, insert):
    with in_client(cast.client_id("khyber")), pytest.raises(TypeError, match="save_tracked"):
        insert(Purpose(client_id=cast.client_id("khyber"), code="stealthy"))


def test_many_rows_are_inserted_in_one_statement_and_read_unchanged(cast, now, django_assert_num_queries):
    client_id = cast.client_id("khyber")
    with in_client(client_id):
        entries = [make_entry("test.written", client_id=client_id, facts={}, actor=SETTING_UP, at=now) for _ in "abc"]
        entries[1].openings, entries[1].subject_id = b"\x00\xff", new_id()
        answers = [kept(client_id, now, slot) for slot in (b"a" * 32, b"b" * 32)]
        for rows in (entries, answers):
            with django_assert_num_queries(1):
                insert_many(rows)
            read = {row.pk: row for row in type(rows[0]).objects.filter(pk__in=[row.pk for row in rows])}
            assert [values(read[row.pk]) for row in rows] == [values(row) for row in rows]
            assert not any(row._state.adding for row in rows)


def test_arrays_are_inserted_unchanged(cast, now):
    client_id = cast.client_id("khyber")
    given = [["a", "b"], [], ['q"u\\o', "NULL", "", "{c,d}", "اردو"]]
    with in_client(client_id):
        make_cookie(client_id, "theme", "preferences")
        rows = [choice(client_id, one, now) for one in given]
        insert_many(rows)
        assert [CookieChoice.objects.get(pk=row.pk).given for row in rows] == given
        assert {row.source for row in CookieChoice.objects.all()} == {"page"}


def test_an_element_that_is_too_long_is_refused(cast, now):
    client_id = cast.client_id("khyber")
    with in_client(client_id):
        make_cookie(client_id, "theme", "preferences")
        row = choice(client_id, ["x" * 17], now)
    with pytest.raises(DataError), in_client(client_id):
        insert_many([row])


def test_no_rows_are_no_statement(cast, django_assert_num_queries):
    with in_client(cast.client_id("khyber")), django_assert_num_queries(0):
        insert_many([])


def test_messages_to_look_at_are_found_by_an_index_of_their_states():
    [due] = MailMessage.due
    sql, params = MailMessage.objects.filter(due.rows).query.sql_with_params()
    assert all(f"'{state}'" in sql for state in WAITING)
    assert not set(WAITING) & set(params)


def test_quotes_and_percent_signs_of_a_constant_stay_in_its_value():
    sql, params = Order.objects.filter(kind=Constant("it's 5%"), ended_at__lte=timezone.now()).query.sql_with_params()
    assert "'it''s 5%%'" in sql
    assert len(params) == 1


def test_the_cast_exists(cast):
    with in_client(cast.client_id("indus")):
        assert cast.subject("danish").external_id == "lms-danish"
