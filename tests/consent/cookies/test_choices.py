"""Choices of visitors: evidence that is never changed, the state in force, the signal, children, and retention."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.db.utils import ProgrammingError
from hypothesis import HealthCheck
from hypothesis import given as generated
from hypothesis import settings as effort
from hypothesis import strategies as st

from consent.cookies.models import ChoiceSource, CookieChoice, Visitor
from consent.cookies.selectors import find_visitor, hash_token
from consent.cookies.services import (
    BannerOutdated,
    ChildMayNotAccept,
    NothingToChoose,
    purge_visitors,
    record_choice,
)
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from tests.consent.cookies.making import get_banner, made, make_cookie, make_usual_cookies
from tests.keeping import default_period

CODES = ["preferences", "analytics", "advertising"]


@pytest.fixture
def choose(khyber, now):
    make_usual_cookies(khyber.pk)
    version = get_banner(khyber.pk).number

    def choose(*accepted, token=None, at=now, **how):
        return record_choice(khyber, made(version, *accepted, **how), token=token, at=at)

    return choose


def test_a_choice_is_stored_with_the_text_the_language_and_the_time(choose, now):
    recorded = choose("analytics", language="ur")
    row = CookieChoice.objects.get()
    assert (row.given, row.refused) == (["analytics"], ["preferences", "advertising"])
    assert (row.language, row.source, row.has_signal, row.recorded_at) == ("ur", "banner", False, now)
    assert row.version.content["texts"]["ur"]["refuse"]
    assert row.visitor == recorded.visitor.pk
    assert Visitor.objects.get().token_hash == hash_token(recorded.token), "the number is stored as a hash only"
    assert not any(one in str(Visitor.objects.values()) for one in (str(recorded.token), recorded.token.hex))


def test_a_changed_choice_keeps_the_first_time_and_both_choices(choose, now):
    token = choose("analytics").token
    later = now + timedelta(days=3)
    again = choose(token=token, at=later, source="settings")
    assert again.token == token
    visitor = Visitor.objects.get()
    assert (visitor.first_at, visitor.last_at) == (now, later)
    assert (visitor.given, visitor.refused) == ([], sorted(CODES))
    assert [row.given for row in CookieChoice.objects.order_by("recorded_at")] == [["analytics"], []]
    unknown = uuid4()
    assert choose(token=unknown).token not in {unknown, token}


def test_the_signal_alone_decides_only_what_it_covers(choose):
    recorded = choose(*CODES, source="signal", signal=True)
    row = CookieChoice.objects.get()
    assert (row.given, row.refused, row.source) == ([], ["advertising"], "signal")
    assert (recorded.visitor.given, recorded.visitor.refused) == ([], ["advertising"])


def test_the_signal_refuses_or_takes_back_what_it_covers_and_leaves_the_rest(choose):
    token = choose(*CODES).token
    for recorded in (choose(*CODES, signal=True), choose(token=token, source="signal", signal=True)):
        assert recorded.visitor.given == ["analytics", "preferences"]
        assert recorded.visitor.refused == ["advertising"]


def test_the_signal_covers_a_category_with_a_cookie_of_a_third_party(khyber, now):
    make_cookie(khyber.pk, "own", "analytics")
    assert not get_banner(khyber.pk).content["categories"][0]["signal"]
    make_cookie(khyber.pk, "theirs", "analytics", set_by="third_party")
    banner = get_banner(khyber.pk)
    assert banner.content["categories"][0]["signal"]
    record_choice(khyber, made(banner.number, "analytics", signal=True), token=None, at=now)
    assert CookieChoice.objects.get().given == []


@generated(
    accepted=st.lists(st.sampled_from([*CODES, "necessary", "nonsense"]), max_size=4),
    source=st.sampled_from([one.value for one in ChoiceSource]),
    signal=st.booleans(),
)
@effort(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_ever_given_that_was_not_accepted_or_that_the_signal_covers(choose, accepted, source, signal):
    with transaction.atomic():
        visitor = choose(*accepted, source=source, signal=signal or source == "signal").visitor
        transaction.set_rollback(True)
    assert set(visitor.given) <= set(accepted) & set(CODES)
    if signal or source == "signal":
        assert "advertising" not in visitor.given
    if source == "signal":
        assert not visitor.given


def test_nothing_of_a_child_is_accepted(choose):
    with pytest.raises(ChildMayNotAccept):
        choose("analytics", child=True)
    choose(child=True)
    choose("analytics", child=False)
    choose("analytics")  # Khyber serves adults


def test_at_a_school_a_visitor_of_unknown_age_counts_as_a_child(cast, now):
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        make_usual_cookies(indus.pk)
        version = get_banner(indus.pk).number
        with pytest.raises(ChildMayNotAccept):
            record_choice(indus, made(version, "analytics"), token=None, at=now)
        assert not CookieChoice.objects.exists()
        known = record_choice(indus, made(version, "analytics", "preferences", child=False), token=None, at=now)
        fewer = record_choice(indus, made(version, "analytics"), token=known.token, at=now)
        assert fewer.visitor.given == ["analytics"]
        with pytest.raises(ChildMayNotAccept):
            record_choice(indus, made(version, "analytics", "preferences"), token=known.token, at=now)


def test_a_choice_about_an_outdated_or_unknown_text_is_refused(choose, khyber, now):
    for version in (0, -1, 99, 10**30):
        with pytest.raises(BannerOutdated):
            record_choice(khyber, made(version, "analytics"), token=None, at=now)
    make_cookie(khyber.pk, "more", "analytics")
    with pytest.raises(BannerOutdated):
        choose("analytics")


def test_a_choice_about_a_text_whose_optional_part_is_the_same_counts(choose, khyber):
    make_cookie(khyber.pk, "csrf", "necessary")
    choose("analytics")
    assert CookieChoice.objects.get().version.number == get_banner(khyber.pk).number - 1


def test_where_only_necessary_cookies_are_used_there_is_nothing_to_choose(khyber, now):
    make_cookie(khyber.pk, "lms_session", "necessary")
    with pytest.raises(NothingToChoose):
        record_choice(khyber, made(1), token=None, at=now)


def test_a_choice_is_never_changed_or_deleted(choose):
    choose("analytics")
    row = CookieChoice.objects.get()
    row.given = []
    for change in (row.save, row.delete):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    "broken",
    [
        {"given": ["analytics"], "refused": ["analytics"]},
        {"given": [], "refused": []},
        {"given": ["analytics"], "refused": [], "source": "signal", "has_signal": True},
        {"given": [], "refused": ["analytics"], "source": "signal"},
        {"given": ["necessary"], "refused": []},
        {"given": [], "refused": ["necessary"]},
    ],
)
def test_the_database_refuses_a_choice_that_cannot_be(choose, broken):
    choose("analytics")
    row = CookieChoice.objects.get()
    row.pk = new_id()
    for name, value in broken.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_an_old_visitor_is_deleted_and_the_evidence_leads_to_no_browser(cast, choose, khyber, now):
    old = choose("analytics").token
    assert find_visitor(khyber.pk, old)
    assert find_visitor(cast.client_id("indus"), old) is None, "a number belongs to one client"
    fresh = choose("analytics", at=now + timedelta(days=1)).token
    at = now + default_period("cookie_visitors")
    assert purge_visitors(khyber.pk, at) == 1
    assert find_visitor(khyber.pk, old) is None
    assert find_visitor(khyber.pk, fresh) is not None
    assert CookieChoice.objects.count() == 2
    assert choose(token=old, at=at).token != old


def test_the_purge_leaves_a_visitor_who_chooses_at_the_same_time(committed, now):
    client_id, at = committed.client_id("khyber"), now + default_period("cookie_visitors")

    def purge():
        try:
            with in_client(client_id):
                return purge_visitors(client_id, at)
        finally:
            connections.close_all()

    with in_client(client_id):
        make_usual_cookies(client_id)
        khyber, version = committed.client("khyber"), get_banner(client_id).number
        token = record_choice(khyber, made(version, "analytics"), token=None, at=now).token
    with ThreadPoolExecutor(1) as pool, in_client(client_id), transaction.atomic():
        record_choice(khyber, made(version), token=token, at=at)
        purged = pool.submit(purge).result(timeout=5)
    assert purged == 0
    with in_client(client_id):
        found = find_visitor(client_id, token)
        assert found is not None
        assert found.last_at == at
