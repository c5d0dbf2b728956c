"""The answers to the script: origins, configuration, choices, the privacy signal, limits, and garbage."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, given as generated, settings as effort, strategies as st

from consent.cookies import views
from consent.cookies.models import CookieChoice
from paktaleem.directory.access_links.services import count_in_window
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.cookies.making import ORIGIN, get_banner

STRANGER = "https://evil.example"


class Page:
    """A page of a site, which calls the portal as its script does."""

    def __init__(self, key, origin=ORIGIN, **headers):
        self.base, self.headers = f"/cookies/site/{key}/", {"Origin": origin, **headers} if origin else headers

    def config(self, **headers):
        return Client().get(self.base + "config.json", headers={**self.headers, **headers})

    def post(self, path, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        return browser.post(
            self.base + path, data, content_type="application/json", headers={**self.headers, **headers}
        )

    def choose(self, *accepted, **values):
        version = self.config().json()["version"]
        body = {"version": version, "language": "en", "accepted": accepted, "source": "banner", **values}
        return self.post("choices", body)


@pytest.fixture
def page(site_of):
    return Page(site_of("khyber").key)


@pytest.fixture
def recorded(cast):
    def recorded():
        with in_client(cast.client_id("khyber")):
            return list(CookieChoice.objects.order_by("recorded_at"))

    return recorded


def test_the_configuration_is_answered_to_a_registered_origin(page, cast):
    answer = page.config()
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    assert {"Origin", "Sec-GPC"} <= {one.strip() for one in answer["Vary"].split(",")}
    found = answer.json()
    assert [one["code"] for one in found["categories"]] == ["preferences", "analytics", "advertising"]
    assert found["signal"] is False
    assert found["child_unless_said"] is False
    assert found["page"] == "https://testserver/cookies/khyber/"
    assert not answer.cookies
    with in_client(cast.client_id("khyber")):
        content = get_banner(cast.client_id("khyber")).content
    assert {name: found[name] for name in content} == content, "one of the published versions"


@pytest.mark.parametrize("origin", [STRANGER, "null", ORIGIN + ".evil.example", ORIGIN.replace("https", "http")])
def test_another_origin_gets_nothing(page, site_of, origin):
    stranger = Page(page.base.split("/")[3], origin)
    for answer in (
        stranger.config(),
        stranger.post("choices", {}),
        stranger.post("choices/current", {"visitor": str(uuid4())}),
        Client().options(stranger.base + "choices", headers={"Origin": origin}),
    ):
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer
        assert answer.json()["type"].endswith("origin-not-registered")


def test_a_request_without_an_origin_reads_the_configuration_and_records_nothing(page, recorded):
    bare = Page(page.base.split("/")[3], None)
    assert bare.config().status_code == 200
    assert bare.choose("analytics").status_code == 403
    assert recorded() == []


def test_the_preflight_allows_the_content_type_and_nothing_more(page):
    answer = Client().options(page.base + "choices", headers={"Origin": ORIGIN})
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert answer["Access-Control-Allow-Headers"] == "Content-Type"


def test_a_choice_is_recorded_and_read_again_by_its_number(page):
    answer = page.choose("analytics")
    assert answer.status_code == 201
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    number = answer.json()["visitor"]
    found = page.post("choices/current", {"visitor": number}).json()
    assert (found["accepted"], found["refused"]) == (["analytics"], ["advertising", "preferences"])
    again = page.choose(visitor=number, source="settings").json()
    assert (again["visitor"], again["accepted"], again["first_at"]) == (number, [], found["first_at"])
    assert page.post("choices/current", {"visitor": str(uuid4())}).status_code == 404
    outdated = page.choose("analytics", version=99)
    assert (outdated.status_code, outdated.json()["type"].rpartition(":")[2]) == (409, "cookie-texts-outdated")


@pytest.mark.parametrize(
    ("header", "counts"), [("1", True), ("0", False), ("true", False), ("1.0", False), ("0, 1", True)]
)
def test_the_signal_of_the_header_counts_only_as_1(page, recorded, header, counts):
    assert page.config(**{"Sec-GPC": header}).json()["signal"] is counts
    version = page.config().json()["version"]
    body = {"version": version, "language": "en", "accepted": ["advertising"], "source": "banner"}
    page.post("choices", body, **{"Sec-GPC": header})
    [row] = recorded()
    assert (row.has_signal, row.given) == (counts, [] if counts else ["advertising"])
    page.choose("advertising", "analytics", signal=True)  # as the page reports it
    assert recorded()[1].given == ["analytics"]


def test_a_school_needs_the_word_that_a_visitor_is_no_child(site_of, cast):
    page = Page(site_of("indus").key)
    assert page.config().json()["child_unless_said"] is True
    for said in ({}, {"child": None}, {"child": True}):
        answer = page.choose("analytics", **said)
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("child-may-not-accept")
    assert page.choose("analytics", child=False).status_code == 201
    with in_client(cast.client_id("indus")):
        assert CookieChoice.objects.count() == 1


VALID = {"version": 4, "language": "en", "accepted": [], "source": "banner"}
GARBAGE = [
    b"",
    b"{",
    b"\xff",
    b"null",
    b"[]",
    b'{"version": 1e999}',
    {},
    {**VALID, "version": "4"},
    {**VALID, "version": True},
    {**VALID, "language": "de"},
    {**VALID, "accepted": ["necessary"]},
    {**VALID, "accepted": "analytics"},
    {**VALID, "accepted": [["analytics"]]},
    {**VALID, "source": "page"},
    {**VALID, "visitor": "x"},
    {**VALID, "visitor": "\u0000"},
    {**VALID, "child": "no"},
    {**VALID, "name": "Danish"},
]


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_is_a_bad_request(page, recorded, body):
    answer = page.post("choices", body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert recorded() == []


def test_an_unknown_key_a_large_body_and_another_method_are_refused(page):
    for key in ("site_" + "0" * 32, "x", "%00", "ü", "a" * 500):
        assert Page(key).config().status_code == 404
    assert page.post("choices", b" " * 5000).status_code == 413
    assert Client().get(page.base + "choices", headers={"Origin": ORIGIN}).status_code == 405
    assert page.post("config.json", {}).status_code == 405


@generated(body=st.one_of(st.binary(max_size=60), st.dictionaries(st.text(max_size=9), st.text(max_size=9))))
@effort(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_is_sent_is_a_server_error(page, body):
    assert page.post("choices", body).status_code in {400, 429}


@pytest.fixture
def exhaust(cast, time_machine):
    """Return a function that uses up the limit of a kind for one IP address at Khyber; the clock does not move."""
    time_machine.move_to(wall_clock_now(), tick=False)

    def exhaust(limits, what, ip="127.0.0.1"):
        [limit] = [one for one in limits if (one.what, one.within) == (what, timedelta(minutes=1))]
        tries = [count_in_window([limit], address=str(cast.client_id("khyber")), ip=ip) for _ in range(limit.times + 1)]
        assert tries == [True] * limit.times + [False]

    return exhaust


@pytest.mark.parametrize(
    ("what", "ip"), [("cookie-choices/address+ip", "127.0.0.1"), ("cookie-choices/address", "192.0.2.7")]
)
def test_too_many_choices_of_one_address_or_site_are_refused(page, recorded, exhaust, what, ip):
    exhaust(views.CHOICE_LIMITS, what, ip)
    answer = page.choose("analytics")
    assert answer.status_code == 429
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert recorded() == []
    assert page.config().status_code == 200
    assert page.post("choices/current", {"visitor": str(uuid4())}).status_code == 404


def test_reads_of_choices_do_not_use_up_the_limit_of_writes(page, exhaust):
    exhaust(views.QUESTION_LIMITS, "cookie-questions/address+ip")
    assert page.post("choices/current", {"visitor": str(uuid4())}).status_code == 429
    assert page.choose("analytics").status_code == 201


def test_the_limits_of_an_address_are_reached_before_those_of_its_site():
    for limits in (views.CHOICE_LIMITS, views.QUESTION_LIMITS):
        kinds = [one.what.partition("/")[2] for one in limits]
        assert kinds == sorted(kinds, reverse=True)
        by_kind = {one.what.partition("/")[2]: one.times for one in limits if one.within == timedelta(minutes=1)}
        assert by_kind["address+ip"] * 5 <= by_kind["address"]
