"""Security events: refusals are counted, acts collected, officers alerted once; other systems read them."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from paktaleem.directory.mail.services import DELIVER
from paktaleem.directory.mail.tasks import deliver
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.security.security_events.models import BULK_REVEALS, KINDS, RECORDED_KINDS, SecurityEvent
from paktaleem.directory.security.security_events.services import (
    ALERT,
    alert_officers,
    collect_acts,
    collect_bulk_reveals,
    count_refusal,
)
from paktaleem.directory.security.security_events.tasks import email_alert, watch_security
from paktaleem.directory.staff.sign_in.evidence import record_lockout
from paktaleem.foundation.accounts.actors import person_actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.audit.names import ACT_NAMES
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.keeping import dispose
from tests.signing_in import browser_of
from tests.working import work

NOW = datetime(2026, 10, 1, 9, 10, tzinfo=UTC)
SECRET = "mallory@canary.example"
LIST = "/admin/security/securityevent/"
TASKS = {ALERT: email_alert, DELIVER: deliver}


def events(**wanted):
    with as_officer():
        return list(SecurityEvent.objects.filter(**wanted).order_by("happened_at", "id"))


def refuse(times=1, kind="second_factor.refused", *, address="203.0.113.7", actor=None, at=NOW):
    for _ in range(times):
        count_refusal(kind, actor=actor, address=address, at=at)


def test_refused_requests_are_counted_by_what_they_asked_for(cast):
    api = Client(headers={"Authorization": "Bearer ptk_wrong"})
    for _ in range(3):
        assert api.get("/api/v1/subjects/lms-danish").status_code == 401
    assert api.post("/access/v1/evaluation", {}, content_type="application/json").status_code == 401
    key = Client(headers={"Authorization": f"Bearer {cast.key('indus')}"})
    assert key.post("/api/v1/sandbox/reset", {}, content_type="application/json").status_code == 403
    assert key.get("/api/v1/subjects/nobody").status_code == 404
    support = browser_of(cast.user("sana"))
    assert support.get(LIST).status_code == 403
    assert support.get(f"/admin/accounts/client/{cast.user_id('sana')}/change/").status_code == 404
    assert Client().post("/admin/login/", {"login": SECRET, "password": SECRET}).status_code == 200
    assert Client().post("/guardian/checks/indus/folder/", "{}", content_type="application/json").status_code == 404
    found = {(one.kind, one.actor_kind): one.count for one in events(entry=None)}
    assert found["key.refused", ""] == 4
    once = [("key.not_allowed", "api_key"), ("key.not_found", "api_key"), ("staff.not_allowed", "user")]
    once += [("staff.not_found", "user"), ("signature.refused", ""), ("sign_in.refused", "")]
    assert [found[one] for one in once] == [1] * 6
    assert [one.client_id for one in events(kind="key.not_allowed")] == [cast.client_id("indus")]
    rows = [str(vars(one)) for one in events()]
    assert not [row for row in rows if SECRET in row or "127.0.0.1" in row or "danish" in row]


def test_a_source_has_one_row_for_each_hour(cast):
    refuse(3)
    refuse(address="203.0.113.8")
    refuse(at=NOW + timedelta(hours=1))
    refuse(actor=cast.actor("amina"))
    person = cast.subject_id("danish")
    refuse(actor=person_actor(person, cast.client_id("indus"), acts_for=person))  # by address: people are not named
    assert sorted(one.count for one in events()) == [1, 1, 1, 4]
    assert len({one.source for one in events()}) == 3


def test_acts_of_the_ledger_are_collected_once_with_their_severity(cast):
    entry = record_lockout(closed="name", name=SECRET, address="203.0.113.7", at=NOW)
    assert collect_acts(at=NOW) >= 1
    before = len(events())
    collect_acts(at=NOW)
    assert len(events()) == before
    [event] = events(entry=entry.id)
    assert (event.kind, event.get_severity_display()) == ("sign_in.locked_out", "high")
    assert event.happened_at == entry.recorded_at


def test_the_clock_of_a_sandbox_that_is_ahead_hides_no_act(cast):
    for at in (NOW + timedelta(days=400), NOW):
        record_lockout(closed="name", name=SECRET, address=str(at), at=at)
        collect_acts(at=NOW)
    assert len(events(kind="sign_in.locked_out")) == 2


def test_bulk_reveals_of_one_actor_are_an_event(cast):
    with in_client(cast.client_id("indus")):
        looked = {"client_id": cast.client_id("indus"), "subject": cast.subject("danish"), "fields": "email"}
        for name, times in (("farah", BULK_REVEALS), ("amina", BULK_REVEALS - 1)):
            by = {"actor_kind": "user", "actor_id": cast.user_id(name), "actor_role": "client_admin"}
            row = {**looked, **by, "reason": "support_case", "looked_at": NOW - timedelta(minutes=5)}
            AccessRecord.objects.bulk_create([AccessRecord(**row) for _ in range(times)])
    for _ in range(2):
        assert collect_bulk_reveals(at=NOW) == 1
    [event] = events(kind="people.revealed_in_bulk")
    assert (event.actor_id, event.count) == (cast.user_id("farah"), BULK_REVEALS)


def test_officers_get_one_email_when_a_kind_reaches_its_number(cast):
    assert KINDS["second_factor.refused"].alert_from == 5
    refuse(4)
    assert alert_officers(at=NOW) == 0
    refuse(1)
    refuse(9, actor=cast.actor("farah"))
    assert alert_officers(at=NOW) == 1
    assert alert_officers(at=NOW) == 0
    work(TASKS)
    with in_client(PAKTALEEM):
        officers = [user.email for user in list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=timezone.now())]
    assert cast.user("amina").email in officers
    assert sorted(one.to[0] for one in mail.outbox) == sorted(officers)
    [text] = {str(one.body) for one in mail.outbox}
    assert "Second factor refused (2)" in text
    assert "https://testserver/admin/security/securityevent/?kind=second_factor.refused" in text
    assert SECRET not in text


def test_a_kind_alerts_again_after_an_hour_at_the_earliest(cast):
    refuse(5)
    assert alert_officers(at=NOW) == 1
    refuse(5, address="203.0.113.8", at=NOW + timedelta(minutes=59))
    assert alert_officers(at=NOW + timedelta(minutes=59)) == 0
    assert alert_officers(at=NOW + timedelta(minutes=61)) == 1


def test_the_worker_collects_and_alerts(cast):
    record_lockout(closed="name", name=SECRET, address="203.0.113.7", at=timezone.now())
    watch_security(0)
    [event] = events(kind="sign_in.locked_out")
    assert event.alerted_at is not None


def test_old_events_are_deleted_after_their_period(cast):
    at = timezone.now()
    refuse(at=at - timedelta(days=366))
    refuse(at=at - timedelta(days=364))
    assert dispose("security_events") == 1
    assert len(events()) == 1


def test_officers_and_auditors_see_the_list_and_officers_a_card(cast):
    refuse(kind="signature.refused", at=timezone.now())
    officer = browser_of(cast.user("amina"))
    row = b'<code class="beside">signature.refused</code>'

    def is_listed(chosen):
        return row in officer.get(f"{LIST}?{chosen}").content

    assert [is_listed(chosen) for chosen in ("severity=serious", "severity=3", "")] == [True, True, True]
    assert [is_listed(chosen) for chosen in ("severity=1", "kind=key.refused")] == [False, False]
    [event] = events()
    assert officer.get(f"{LIST}{event.pk}/change/").status_code == 200
    assert "severity=serious" in officer.get("/admin/").content.decode()
    assert browser_of(cast.user("bilal")).get(LIST).status_code == 200
    assert browser_of(cast.user("farah")).get(LIST).status_code == 403


def test_another_system_reads_events_as_json_lines_from_where_it_stopped(cast):
    refuse(2)
    refuse(kind="key.refused")

    def read(*options):
        out = StringIO()
        call_command("list_security_events", *options, stdout=out)
        return [json.loads(line) for line in out.getvalue().splitlines()]

    first, second = read()
    assert (first["kind"], first["count"], first["severity"]) == ("second_factor.refused", 2, "medium")
    assert "203.0.113.7" not in str(first)
    assert read("--after", first["id"]) == [second]
    assert read("--after", second["id"]) == []
    assert len(read("--most", "1")) == 1


def test_every_recorded_kind_is_an_act_of_the_ledger():
    assert sorted(RECORDED_KINDS - set(ACT_NAMES)) == []
    assert SecurityEvent.wall.disposed_as == "security_events"
    assert not [code for code, kind in KINDS.items() if kind.alert_from == 0]


def test_a_request_that_succeeds_is_no_event(cast):
    browser = browser_of(cast.user("amina"))
    assert (browser.get("/admin/").status_code, browser.get("/admin/login/").status_code) == (200, 302)
    assert events() == []


FEED_TOKEN = "a token that only the log collector of this test knows"


@pytest.fixture
def feed(settings):
    settings.SECURITY_FEED_TOKEN = FEED_TOKEN

    def read(token=FEED_TOKEN, method="get", **parameters):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return getattr(Client(headers=headers), method)("/security-events", parameters)

    return read


def lines_of(answer):
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.content.decode().splitlines()]


def test_the_feed_goes_on_after_its_last_line_and_stays_two_minutes_behind(cast, feed, time_machine):
    begun = timezone.now()
    refuse(2)
    refuse(kind="key.refused")
    assert lines_of(feed()) == []
    time_machine.move_to(begun + timedelta(minutes=3))
    first, second = lines_of(feed())
    assert [first["kind"], second["kind"]] == ["second_factor.refused", "key.refused"]
    assert "203.0.113.7" not in str(first)
    assert lines_of(feed(most=1)) == [first]
    assert lines_of(feed(after=first["id"])) == [second]
    assert lines_of(feed(after=second["id"])) == []
    assert lines_of(feed(behind=3700)) == []
    assert "no-store" in feed().headers["Cache-Control"]


def test_only_the_holder_of_its_token_reads_the_feed(cast, feed, settings):
    refused = [feed(token) for token in (None, FEED_TOKEN[:-1], cast.key("indus"))]
    answers = {(one.status_code, one.json()["type"]) for one in refused}
    assert answers == {(401, "urn:paktaleem:problem:not-authenticated")}
    assert refused[0].headers["WWW-Authenticate"] == 'Bearer realm="security-events"'
    settings.SECURITY_FEED_TOKEN = ""
    assert [feed(token).status_code for token in (None, "", FEED_TOKEN)] == [404, 404, 404]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"after": "last"}, "after"),
        ({"most": "0"}, "most"),
        ({"most": "10001"}, "most"),
        ({"behind": "119"}, "behind"),
        ({"behind": "²"}, "behind"),
        ({"since": "2026"}, "since"),
    ],
)
def test_a_wrong_parameter_of_the_feed_is_a_problem_that_names_it(cast, feed, parameters, field):
    answer = feed(**parameters)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["pointer"] == f"#/{field}"


def test_the_feed_is_read_only(cast, feed):
    answer = feed(method="post")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["type"] == "urn:paktaleem:problem:method-not-allowed"
