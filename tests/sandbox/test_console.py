"""A sandbox is marked on console and public pages with its clock; its keys and orders are tests."""

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from consent.consents.models import ConsentEvent
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.directory.webhooks.services import add_endpoint
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.services import rotate_api_key
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.sandbox.services.forcing import STATES
from tests.api.callers import Caller
from tests.children.browsers import by_link, latest_link, work
from tests.console.pages import list_url, row_url, typed
from tests.factories import CAST_AT, FAR, SETTING_UP, OrderSpecFactory, SubjectFactory, make_key, make_staff
from tests.faults.size import IS_DEEP
from tests.signing_in import browser_of

MARK = 'class="sandbox"'


@pytest.fixture
def admin(sandbox):
    return browser_of(make_staff("dev@play.example", ("client_admin", sandbox.id)))


def test_every_page_says_so_with_the_sandboxs_time(cast, sandbox, admin):
    sandbox.move(to="2031-05-01T12:00:00Z")
    for url in ("/admin/", "/admin/people/subject/", row_url("accounts/client", sandbox.id)):
        page = admin.get(url).content.decode()
        assert MARK in page
        assert "2031-05-01 17:0" in page
    assert MARK not in browser_of(cast.user("farah")).get("/admin/").content.decode()
    assert MARK not in browser_of(cast.user("amina")).get("/admin/").content.decode()


def test_its_administrator_moves_the_clock_and_starts_over(sandbox, admin):
    url = row_url("accounts/client", sandbox.id, "move-clock")
    assert admin.get(url).status_code == 200
    wanted = (wall_clock_now() + timedelta(days=500)).replace(microsecond=0)
    answer = admin.post(url, typed("to", wanted))
    assert answer.status_code == 302, answer.content.decode()
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] > 499 * 86_400
    back = admin.post(url, {"to_0": "2020-01-01", "to_1": "00:00:00"})
    assert "The clock only moves forward" in back.content.decode()
    assert admin.post(row_url("accounts/client", sandbox.id, "start-over")).status_code == 302
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == 0
    with in_client(sandbox.id):
        assert not Subject.objects.exists()


def test_its_administrator_forces_a_state_and_sees_the_answer(sandbox, admin):
    url = row_url("accounts/client", sandbox.id, "force-state")
    assert "consent withdrawn → consent withdrawn" in admin.get(url).content.decode()
    told = {"external_id": "p-adult", "state": "consent_withdrawn", "purpose": ""}
    page = admin.post(url, told, follow=True).content.decode()
    assert "The next decision about p-adult and newsletter will have the reason consent_withdrawn." in page
    assert sandbox.caller.reason("p-adult", "newsletter") == "consent_withdrawn"
    for wrong, words in (
        ({"purpose": "nowhere"}, "There is no such purpose."),
        ({"purpose": "support"}, "It does not fit this state."),
        ({"external_id": "a@b"}, "@"),
        ({"state": "happy"}, "happy"),
    ):
        assert words in admin.post(url, told | wrong, follow=True).content.decode(), wrong
    admin.post(url, {"external_id": "p-gone", "state": "erased"})
    assert "This person was erased" in admin.post(url, {"external_id": "p-gone", "state": "child"}).content.decode()


def test_an_officer_does_so_in_the_sandboxs_own_time(cast, sandbox):
    sandbox.move(days=100)
    amina = browser_of(cast.user("amina"))
    wanted = (wall_clock_now() + timedelta(days=200)).replace(microsecond=0)
    told = typed("to", wanted)
    assert amina.post(row_url("accounts/client", sandbox.id, "move-clock"), told).status_code == 302
    ahead = timedelta(seconds=sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"])
    assert timedelta(days=199) < ahead <= timedelta(days=200)


def test_no_other_client_is_played_with(cast):
    for name in ("amina", "farah"):
        browser, client_id = browser_of(cast.user(name)), cast.client_id("indus")
        page = browser.get(row_url("accounts/client", client_id)).content.decode()
        assert "Start over" not in page
        for slug, told in (("start-over", {}), ("force-state", {"external_id": "lms-danish", "state": "erased"})):
            answer = browser.post(row_url("accounts/client", client_id, slug), told, follow=True)
            assert "This client is no sandbox." in answer.content.decode()
    assert cast.has(Subject, external_id="lms-danish")
    assert cast.get(Client, id=cast.client_id("indus")).clock_offset == timedelta()


@pytest.fixture
def rows_of_sandbox(sandbox):
    with in_client(sandbox.id):
        subject = Subject.objects.get(external_id="p-adult")
        by: dict[str, Any] = {"actor": SETTING_UP, "at": client_now()}
        order, *_ = issue_orders(subject, OrderSpecFactory(categories=("contact_details",), at=by["at"]), **by)
        endpoint, _ = add_endpoint(sandbox.id, url="https://lms.example/hooks", events=["order.*"], **by)
        entry = Entry.objects.filter(kind="order.created").latest("id")
    return {
        "accounts/client": sandbox.id,
        "people/subject": subject.pk,
        "data_systems/order": order.pk,
        "webhooks/endpoint": endpoint.pk,
        "accounts/apikey": sandbox.key.pk,
        "audit/entry": entry.pk,
    }


@pytest.mark.parametrize("name", ["amina", "bilal"])
def test_in_the_view_of_all_clients_a_sandboxs_row_says_so_with_its_name_and_time(cast, sandbox, rows_of_sandbox, name):
    sandbox.move(to="2031-05-01T12:00:00Z")
    browser, seen = browser_of(cast.user(name)), set()
    for model, row in rows_of_sandbox.items():
        answer = browser.get(row_url(model, row))
        page = answer.content.decode()
        if name == "amina" or answer.status_code == 200:
            seen.add(model)
            assert MARK in page, model
            assert "<bdi>Playground</bdi>" in page
            assert "2031-05-01 17:0" in page
            assert ("Move the clock, force a state" in page) == (name == "amina"), "an auditor plays with nothing"
    assert seen >= {"accounts/client", "people/subject", "data_systems/order", "audit/entry"}


def test_so_do_its_acts_its_history_and_lists_narrowed_to_it_and_no_other_pages(cast, sandbox, rows_of_sandbox):
    amina, people, person = (
        browser_of(cast.user("amina")),
        list_url("people/subject"),
        rows_of_sandbox["people/subject"],
    )
    marked = [row_url("people/subject", person, page) for page in ("history", "erase")]
    marked += [row_url("webhooks/endpoint", rows_of_sandbox["webhooks/endpoint"], "disable")]
    marked += [f"{people}?client__id__exact={sandbox.id}"]
    indus, danish, farah = cast.client_id("indus"), cast.subject_id("danish"), cast.user_id("farah")
    others = ["/admin/", people, f"{people}?client__id__exact={indus}", row_url("accounts/client", indus)]
    others += [row_url("people/subject", danish), row_url("accounts/user", farah)]
    for url in (*marked, *others):
        answer = amina.get(url)
        assert (answer.status_code, MARK in answer.content.decode()) == (200, url in marked), url


def test_an_act_on_the_system_clock_does_not_take_the_time_of_the_sandbox(cast, sandbox, rows_of_sandbox):
    sandbox.move(to="2031-05-01T12:00:00Z")
    url = row_url("webhooks/endpoint", rows_of_sandbox["webhooks/endpoint"], "disable")
    assert browser_of(cast.user("amina")).post(url, {"reason": "review"}).status_code == 302
    with in_client(sandbox.id):
        assert Endpoint.objects.filter(disabled_at__lt=client_now() - timedelta(days=300)).exists()


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


ORDERS = "/api/v1/sandbox/orders"


def problem(response):
    return response.status_code, response.json()["type"].removeprefix("urn:paktaleem:problem:")


def test_an_order_is_made_listed_accepted_and_answered(sandbox):
    made = sandbox.caller.post(ORDERS, {"subject": "p-adult", "kind": "erase", "categories": ["usage_logs"]})
    assert made.status_code == 201, made.content
    order = made.json()
    assert (order["subject"], order["kind"], order["categories"]) == ("p-adult", "erase", ["usage_logs"])
    [listed] = sandbox.caller.get("/api/v1/orders").json()["orders"]
    assert (listed["id"], listed["state"]) == (order["id"], "sent")
    assert sandbox.caller.post(f"/api/v1/orders/{order['id']}/accept").status_code == 200
    answer = {"result": "done", "counts": {"usage_logs": 3}}
    done = sandbox.caller.post(f"/api/v1/orders/{order['id']}/complete", answer)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed"), done.content


def test_an_inventory_is_made_once_and_listed(sandbox):
    made = [sandbox.caller.post("/api/v1/sandbox/inventories", {}) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201], made[0].content
    [listed] = sandbox.caller.get("/api/v1/inventories").json()["inventories"]
    assert made[0].json() == made[1].json() == listed


def test_an_inventory_asks_about_an_erased_person_whose_data_was_reported(sandbox):
    about = {"subject": "p-adult", "category": "usage_logs", "occasion": "assessment", "purpose": "service_delivery"}
    when = {"collected_at": sandbox.caller.get("/api/v1/sandbox/clock").json()["now"], "count": 1}
    assert sandbox.caller.post("/api/v1/collections", {**about, **when}).status_code == 201
    sandbox.caller.post("/api/v1/sandbox/state", {"subject": "p-adult", "state": "erased"})
    made = sandbox.caller.post("/api/v1/sandbox/inventories", {}).json()
    assert made["sample"] == [hashlib.sha256(b"p-adult").hexdigest()]
    counts = [{"category": line["category"], "people": 0} for line in made["lines"]]
    answer = {"counts": counts, "still_held": made["sample"]}
    answered = sandbox.caller.post(f"/api/v1/inventories/{made['id']}/answer", answer).json()
    assert (answered["sample"], answered["still_held"]) == ([], made["sample"])


def test_without_categories_it_is_about_all_that_the_system_holds(sandbox):
    made = sandbox.caller.post(ORDERS, {"subject": "p-adult", "kind": "collect"}).json()
    assert made["categories"] == ["contact_details", "usage_logs"]


def test_a_correction_carries_its_new_values_to_the_system(sandbox):
    values = {"email": "n@x.example"}
    made = sandbox.caller.post(ORDERS, {"subject": "p-adult", "kind": "correct", "new_values": values}).json()
    assert made["fields_to_correct"] == ["email"]
    assert sandbox.caller.post(f"/api/v1/orders/{made['id']}/accept").json()["new_values"] == values


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "forget"}, "#/kind"),
        ({"kind": "erase", "categories": []}, "#/categories"),
        ({"kind": "erase", "categories": ["billing"]}, "#/categories"),
        ({"kind": "erase", "new_values": {"email": None}}, "#/new_values"),
        ({"kind": "correct"}, "#/new_values"),
        ({"kind": "correct", "new_values": {"No code": "x"}}, "#/new_values/No code"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(sandbox, body, pointer):
    response = sandbox.caller.post(ORDERS, {"subject": "p-adult", **body})
    assert response.status_code == 400, response.content
    assert [one["pointer"] for one in response.json()["errors"]] == [pointer]
    with in_client(sandbox.id):
        assert not Order.objects.exists()


def test_no_order_names_an_unknown_person(sandbox):
    assert problem(sandbox.caller.post(ORDERS, {"subject": "nobody", "kind": "erase"})) == (404, "subject-unknown")


OF_THE_OTHER_KIND = "apikey_is_of_its_clients_kind"
NOT_SHOWN = "apikey_test_keys_show_it"


def written_by_hand(sql, values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_the_key_of_a_sandbox_shows_it(cast, sandbox):
    assert sandbox.secret.startswith("ptk_test_")
    assert sandbox.key.prefix == sandbox.secret[:16]
    assert not cast.key("indus").startswith("ptk_test_")
    with in_client(sandbox.id):
        successor, secret = rotate_api_key(sandbox.key, actor=SETTING_UP, at=wall_clock_now())
    assert secret.startswith("ptk_test_")
    assert successor.is_test
    with in_client(cast.client_id("khyber")):
        key, secret = make_key(cast.client_id("khyber"), ["sandbox"], name="New")
    assert (key.is_test, key.prefix, secret.startswith("ptk_")) == (False, secret[:12], True)


@pytest.mark.parametrize(
    ("code", "is_test", "prefix", "refused"),
    [
        ("indus", True, "ptk_test_abcdefg", OF_THE_OTHER_KIND),
        ("play", False, "ptk_abcdefgh", OF_THE_OTHER_KIND),
        ("indus", False, "ptk_test_abcdefg", NOT_SHOWN),
        ("play", True, "ptk_abcdefgh", NOT_SHOWN),
    ],
)
def test_the_database_refuses_a_key_of_the_other_kind(cast, sandbox, code, is_test, prefix, refused):  # noqa: PLR0917 -- a row of the table
    client_id = sandbox.id if code == "play" else cast.client_id(code)
    with in_client(client_id), pytest.raises(IntegrityError, match=refused):
        written_by_hand(
            "INSERT INTO accounts_apikey (id, client_id, name, prefix, digest, scopes, created_at, expires_at, is_test)"
            " VALUES (gen_random_uuid(), %s, 'Forged', %s, sha256('x'), '{}', %s, %s, %s)",
            [client_id, prefix, CAST_AT, FAR, is_test],
        )


@pytest.mark.parametrize("code", ["indus", "play"])
def test_a_client_is_a_sandbox_for_good_or_never(cast, sandbox, code):
    client_id = sandbox.id if code == "play" else cast.client_id(code)
    with in_client(client_id):
        row = Client.objects.get(id=client_id)
        row.is_sandbox = not row.is_sandbox
        with pytest.raises(ValidationError, match="from its registration on"):
            change_client(row, actor=SETTING_UP, reason="onboarding", at=CAST_AT)
        with pytest.raises(IntegrityError, match="from its registration on"):
            written_by_hand("UPDATE accounts_client SET is_sandbox = NOT is_sandbox WHERE id = %s", [client_id])


def test_paktaleem_is_no_sandbox(db):
    with in_client(PAKTALEEM), pytest.raises(ValidationError, match="client_paktaleem_is_no_sandbox"):
        Client(id=PAKTALEEM, is_sandbox=True).validate_constraints()


# Every state that can be forced results in the expected reason.
ADDRESS = "/api/v1/sandbox/state"


def force(sandbox, state, subject="lms-zoya", **more):
    answer = sandbox.caller.post(ADDRESS, {"subject": subject, "state": state, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("state", STATES)
def test_the_next_question_is_answered_as_promised(sandbox, state):
    told = force(sandbox, state)
    asked = sandbox.caller.ask("lms-zoya", told["purpose"])
    assert asked["context"]["reason"] == told["reason"] == STATES[state].reason
    assert asked["decision"] == told["decision"] == (STATES[state].reason == "permitted")


UNHEARD = {"age_unknown", "child", "guardian_pending"}
"""A person who has had a guardian's answer is never without one again."""
OF_GUARDIANS = ("guardian_refused", "guardian_lapsed", "quarantined")
OF_ALL = ("restricted", "account_closed", "agreement_ended", "consent_withdrawn", "purpose_inactive", "not_instructed")


def states_before(state, *, every):
    """The states that conflict most with a state; with ``every``, all that conflict with it."""
    of_person = () if state in UNHEARD else OF_GUARDIANS
    return (*of_person, *OF_ALL) if every else ((*of_person, *OF_ALL)[0], "agreement_ended")


def test_what_cannot_be_unsaid_is_said_so(sandbox):
    force(sandbox, "guardian_refused")
    answer = sandbox.caller.post(ADDRESS, {"subject": "lms-zoya", "state": "child"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:paktaleem:problem:state-not-reached"
    assert force(sandbox, "guardian_authorised")["decision"]
    assert force(sandbox, "child", "lms-another")["reason"] == "guardian_consent_required"


@pytest.mark.parametrize("state", [state for state in STATES if state != "erased"])
def test_any_state_leads_to_any_other(sandbox, state):
    """Twice, after the states that conflict most with it; after all of them in `make test-deep`."""
    for before in states_before(state, every=IS_DEEP):
        force(sandbox, before)
        told = force(sandbox, state)
        assert sandbox.caller.reason("lms-zoya", told["purpose"]) == STATES[state].reason
    told = force(sandbox, state)
    assert sandbox.caller.reason("lms-zoya", told["purpose"]) == STATES[state].reason


@pytest.mark.parametrize("before", [*OF_GUARDIANS, *OF_ALL])
def test_whatever_came_before_leads_on(sandbox, before):
    force(sandbox, before)
    told = force(sandbox, "guardian_authorised")
    assert sandbox.caller.reason("lms-zoya", told["purpose"]) == "permitted"


def test_they_come_about_through_services_with_the_sandbox_as_actor(sandbox):
    force(sandbox, "consent_revoked")
    with in_client(sandbox.id):
        states = list(ConsentEvent.objects.order_by("recorded_at").values_list("state", "actor_role"))
        assert states == [("given", "sandbox"), ("revoked", "sandbox")]
        assert Entry.objects.filter(kind="consent.revoked", actor_role="sandbox").count() == 1
        assert Entry.objects.filter(kind="subject.registered", actor_role="sandbox").count() == 1


def test_a_state_of_a_registered_person_changes_what_it_needs(sandbox):
    with in_client(sandbox.id):
        SubjectFactory(client=sandbox.client, external_id="lms-zoya", birth_date=date(2017, 1, 1), full_name="Zoya")
    assert sandbox.caller.reason("lms-zoya", "support") == "guardian_consent_required"
    force(sandbox, "consent_given")
    assert sandbox.caller.reason("lms-zoya", "newsletter") == "permitted"
    with in_client(sandbox.id):
        assert Subject.objects.get(external_id="lms-zoya").full_name is not None


def test_others_are_as_they_were(cast, sandbox):
    before = Caller(cast.key("indus")).reason("lms-junaid", "support")
    force(sandbox, "agreement_suspended")
    assert sandbox.caller.reason("p-adult", "support") == "agreement_suspended"
    assert Caller(cast.key("indus")).reason("lms-junaid", "support") == before == "permitted"
    force(sandbox, "agreement_active")
    assert sandbox.caller.reason("p-adult", "support") == "permitted"


def test_who_was_erased_stays_so(sandbox):
    force(sandbox, "erased")
    answer = sandbox.caller.post(ADDRESS, {"subject": "lms-zoya", "state": "child"})
    assert answer.status_code == 409
    assert sandbox.caller.reason("lms-zoya", "support") == "subject_erased"


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"subject": "x", "state": "happy"}, 400, "state"),
        ({"state": "child"}, 400, "subject"),
        ({"subject": "a@b", "state": "child"}, 400, "#/subject"),
        ({"subject": "x", "state": "consent_given", "purpose": "support"}, 400, "newsletter"),
        ({"subject": "x", "state": "consent_given", "purpose": "nowhere"}, 404, "purpose-unknown"),
        ({"subject": "x", "state": "purpose_inactive", "purpose": "support"}, 400, "newsletter"),
        ({"subject": "x", "state": "child", "colour": "green"}, 400, "colour"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(sandbox, body, status, named):
    answer = sandbox.caller.post(ADDRESS, body)
    assert answer.status_code == status, answer.content
    assert named in answer.content.decode()
    with in_client(sandbox.id):
        assert not Subject.objects.filter(external_id="x").exists()
