"""Visitors' choices as evidence, the state in force, and the registers of cookies, sites and links."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import ProgrammingError
from hypothesis import HealthCheck, given as generated, settings as effort, strategies as st

from consent.cookies.models import BannerVersion, ChoiceSource, Cookie, CookieChoice, LinkedService, Visitor
from consent.cookies.selectors import find_client_of_site, find_visitor, hash_token, list_links
from consent.cookies.services import (
    UNASKED,
    BannerOutdated,
    ChildMayNotAccept,
    NothingToChoose,
    purge_visitors,
    record_choice,
    review_link,
    save_cookie,
    save_link,
    save_site,
)
from consent.register.effects import WeakensSafeguard
from consent.register.services import request_safeguard_change
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.cast import refused_to
from tests.consent.cookies.making import ORIGIN, get_banner, made, make_cookie, make_site, make_usual_cookies, new_link
from tests.consent.making import refuses
from tests.keeping import default_period

CODES = ["preferences", "analytics", "advertising"]
WHY = Reason.REVIEW


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


def test_a_cookie_is_added_with_history_evidence_and_a_version_of_the_banner(cast, khyber, now):
    celia = cast.actor("celia")
    cookie = make_cookie(khyber.pk, "_stats*", "analytics", actor=celia, at=now, days=30)
    assert Cookie.history.get(id=cookie.pk).actor_id == celia.id
    save_cookie(cookie, actor=celia, reason=WHY, at=now)
    assert BannerVersion.objects.filter(client_id=khyber.pk).count() == 1, "unchanged, it publishes nothing"
    assert Entry.objects.filter(kind="register.added", client_id=khyber.pk).exists()
    version = get_banner(khyber.pk)
    assert (version.number, version.asks_since) == (1, 1)
    body = json.loads(Entry.objects.get(kind="cookie.banner_published", client_id=khyber.pk).body)
    assert body["facts"] == {"number": 1, "digest": version.digest}
    refused_to("bilal sana", lambda name: save_cookie(cookie, actor=cast.actor(name), reason=WHY, at=now))


def test_the_banner_has_both_languages_and_nothing_of_a_cookie_out_of_use(khyber):
    make_usual_cookies(khyber.pk)
    make_cookie(khyber.pk, "old", "analytics", is_active=False)
    content = get_banner(khyber.pk).content
    assert [one["code"] for one in content["categories"]] == ["preferences", "analytics", "advertising"]
    english, urdu = content["texts"]["en"], content["texts"]["ur"]
    assert [one["code"] for one in english["categories"]] == ["necessary", "preferences", "analytics", "advertising"]
    statistics = english["categories"][2]
    assert [one["name"] for one in statistics["cookies"]] == ["_stats*"]
    assert statistics["cookies"][0]["duration"] == "30 days"
    assert english["refuse"] != urdu["refuse"]
    assert urdu["categories"][0]["cookies"][0]["purpose"] == "مقصد"
    assert english.keys() == urdu.keys()


def test_only_a_change_of_an_optional_category_asks_visitors_again(cast, khyber, now):
    make_usual_cookies(khyber.pk)
    before = get_banner(khyber.pk)
    make_cookie(khyber.pk, "csrf", "necessary")
    necessary = get_banner(khyber.pk)
    assert (necessary.number, necessary.asks_since) == (before.number + 1, before.asks_since)
    cookie = Cookie.objects.get(name="lms_theme")
    cookie.purpose_en = "Remembers colours and sizes."
    save_cookie(cookie, actor=cast.actor("celia"), reason=WHY, at=now)
    changed = get_banner(khyber.pk)
    assert changed.asks_since == changed.number == necessary.number + 1


@pytest.mark.parametrize("name", ["", "two words", "a;b", "a,b", "a*b", "**", "käse", "x" * 129, "a\nb"])
def test_a_name_that_no_browser_shows_is_refused(khyber, name):
    with refuses("name"):
        make_cookie(khyber.pk, name, "analytics")


def test_the_same_cookie_is_registered_once_and_not_without_a_sensible_duration(khyber):
    for days in (0, 3661):
        with pytest.raises(ValidationError):
            make_cookie(khyber.pk, "lms_theme", "preferences", days=days)
    make_cookie(khyber.pk, "lms_theme", "preferences")
    with pytest.raises(ValidationError):
        make_cookie(khyber.pk, "lms_theme", "analytics")
    make_cookie(khyber.pk, "lms_theme", "preferences", storage="local")


def test_a_published_text_never_changes(khyber):
    make_usual_cookies(khyber.pk)
    version = get_banner(khyber.pk)
    version.content = {}
    with pytest.raises(ProgrammingError), transaction.atomic():
        version.save()


def test_a_site_gets_a_key_by_which_its_client_is_found_while_it_is_in_use(cast, site_of, now):
    site = site_of("khyber")
    assert site.key.startswith("site_")
    assert len(site.key) == 37
    assert find_client_of_site(site.key) == cast.client_id("khyber")
    assert find_client_of_site(site.key.upper()) is None

    with in_client(site.client_id):
        site.is_active = False
        save_site(site, actor=cast.actor("celia"), reason=WHY, at=now)
    assert find_client_of_site(site.key) is None


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://LMS.example", "https://lms.example"),
        (" https://lms.example/ ", "https://lms.example"),
        ("https://lms.example:443", "https://lms.example"),
        ("https://lms.example:8443", "https://lms.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_stored_as_browsers_send_it(khyber, given, stored):
    assert make_site(khyber.pk, given).origins == [stored]


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "lms.example",
        "http://lms.example",
        "https://lms.example/path",
        "https://lms.example?x",
        "https://user@lms.example",
        "https://lms.example:99999",
        "https://*.example",
        "https://[",
        "javascript:alert(1)",
        "https://a.example https://b.example",
    ],
)
def test_what_is_no_origin_is_refused(khyber, origin):
    with refuses("origins"):
        make_site(khyber.pk, origin)


def test_an_origin_is_named_once_and_a_client_has_one_site(khyber):
    with pytest.raises(ValidationError):
        make_site(khyber.pk, ORIGIN, ORIGIN + "/")
    make_site(khyber.pk)
    with pytest.raises(ValidationError):
        make_site(khyber.pk)


def test_a_clients_links_are_shown_with_those_of_paktaleem(cast, now):
    with in_client(PAKTALEEM):
        save_link(new_link(PAKTALEEM, name="Maps"), actor=cast.actor("amina"), reason=WHY, at=now)
    with in_client(cast.client_id("khyber")):
        save_link(new_link(cast.client_id("khyber")), actor=cast.actor("celia"), reason=WHY, at=now)
        assert [one.name for one in list_links(cast.client_id("khyber"))] == ["Maps", "Video House"]
    with in_client(cast.client_id("indus")):
        assert [one.name for one in list_links(cast.client_id("indus"))] == ["Maps"]


def test_a_client_cannot_change_a_link_of_paktaleem(cast, now):
    with in_client(PAKTALEEM):
        shared = save_link(new_link(PAKTALEEM), actor=cast.actor("amina"), reason=WHY, at=now)
    with in_client(cast.client_id("khyber")), pytest.raises(NotAllowed):
        review_link(shared, review_on=date(2028, 1, 1), actor=cast.actor("celia"), reason=WHY, at=now)


@pytest.mark.parametrize("field", ["url", "policy_url"])
@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://video.example", "video.example", "data:text/html,x"]
)
def test_a_link_leads_to_https_only(cast, khyber, now, field, address):
    row = new_link(khyber.pk)
    setattr(row, field, address)
    with refuses(field):
        save_link(row, actor=cast.actor("celia"), reason=WHY, at=now)


def test_a_review_sets_the_next_day_and_is_evidence(cast, khyber, now):
    row = save_link(new_link(khyber.pk), actor=cast.actor("celia"), reason=WHY, at=now)
    due = datetime(2027, 1, 1, 9, tzinfo=UTC)
    assert [one.pk for one in LinkedService.objects.to_review_at(due)] == [row.pk]
    assert not LinkedService.objects.to_review_at(due - timedelta(days=1))
    review_link(row, review_on=date(2028, 1, 1), actor=cast.actor("celia"), reason=WHY, at=due)
    assert not LinkedService.objects.to_review_at(due)
    body = json.loads(Entry.objects.get(kind="link.reviewed").body)
    assert body["facts"] == {"link": str(row.pk), "review_on": "2028-01-01"}


def test_a_review_day_is_after_today_in_karachi(cast, khyber):
    row = save_link(new_link(khyber.pk), actor=cast.actor("celia"), reason=WHY, at=datetime(2026, 10, 1, tzinfo=UTC))
    evening = datetime(2026, 12, 31, 20, tzinfo=UTC)  # already the next day in Karachi
    with pytest.raises(ValidationError):
        review_link(row, review_on=date(2027, 1, 1), actor=cast.actor("celia"), reason=WHY, at=evening)
    review_link(row, review_on=date(2027, 1, 2), actor=cast.actor("celia"), reason=WHY, at=evening)


def test_the_database_refuses_a_second_version_with_the_same_number(khyber):
    make_usual_cookies(khyber.pk)
    version = get_banner(khyber.pk)
    version.pk = new_id()
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cookies_bannerversion")
        assert cursor.fetchone() == (version.number,)


def test_visitors_are_asked_until_a_second_person_agrees_that_a_cookie_is_necessary(cast, khyber, now):
    cookie = make_cookie(khyber.pk, "_stats*", "analytics")
    cookie.category = "necessary"
    celia = {"actor": cast.actor("celia"), "at": now}
    with pytest.raises(WeakensSafeguard):
        save_cookie(cookie, reason=WHY, **celia)
    change = request_safeguard_change(cookie, kind=UNASKED.code, ground="It balances the load.", **celia)
    assert get_banner(khyber.pk).content["categories"] != []
    decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=now)
    assert Cookie.objects.get(pk=cookie.pk).category == "necessary"
    assert get_banner(khyber.pk).content["categories"] == []
