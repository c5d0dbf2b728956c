"""Lists that a page of a person cuts or leaves out, and how it shows an erasure and a readmission."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from consent.agreements import admin as agreement_panels
from consent.agreements.services import attest_duties, decline_signing, sign_agreement
from consent.consents.admin import consents, person_page
from consent.consents.models import Consent
from consent.sharing import admin as sharing
from consent.sharing.services import decide_legal_disclosure, request_legal_disclosure
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.admin import people
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import AccessRecord, Readmission
from paktaleem.directory.people.services import people as people_services
from paktaleem.directory.people.services.batches import register_guardians
from paktaleem.directory.people.services.erasure import complete_erasure, erase_subject, start_erasure
from paktaleem.directory.people.services.people import record_access, register_subject
from paktaleem.directory.staff.administration.admin import entries
from paktaleem.directory.staff.administration.admin.clients import read_schools
from paktaleem.directory.webhooks import admin as webhooks
from paktaleem.directory.webhooks.models import Attempt
from paktaleem.foundation.accounts.actors import person_actor, system_actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console import history, home_pages
from paktaleem.foundation.console.home_pages import Card, make_cards
from paktaleem.foundation.console.person_pages import list_url_of_person
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.requests import selectors as request_selectors
from rights.requests.admin import requests
from rights.requests.selectors import list_linkable
from rights.requests.services.intake import deny_own_request, receive_request
from tests.agreements.test_life import draft_of
from tests.api.callers import Caller
from tests.consent.making import officer
from tests.console.pages import list_url, row_url
from tests.data_systems.test_erasing import answer, orders_of
from tests.factories import SETTING_UP, make_staff
from tests.rights.cases import received, withdraw
from tests.sharing.making import demand
from tests.signing_in import browser_of
from tests.webhooks.receiving import make_endpoint, make_given_up

WORDS = "Only the latest 1 are shown."
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ADD = "/admin/people/readmission/add/"
LIST = "/admin/people/subject/"


def panel_of(cast, sign_in, name, tab=""):
    url = row_url("people/subject", cast.subject_id("danish"), "change")
    page = sign_in("farah").get(f"{url}{tab}").content.decode()
    return page.split(f'id="panel-{name}"')[1].partition("</section>")[0]


def test_the_guardians_of_a_child(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(people, "_MOST_CLAIMS", 1)
    for names, is_said in ((["esra"], False), (["esra", "junaid"], True)):
        named = [{"external_id": f"lms-{one}", "relationship": "parent"} for one in names]
        with in_client(cast.client_id("indus")):
            register_guardians(cast.subject("danish"), named, client=cast.client("indus"), actor=SETTING_UP, at=now)
        assert (WORDS in panel_of(cast, sign_in, "guardians")) == is_said


def test_the_rights_requests_of_a_person(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(requests, "_MOST", 1)
    given: dict[str, Any] = {"channel": "telephone", "language": "en", "actor": cast.actor("amina"), "at": now}
    for kind, is_said in (("access", False), ("portability", True)):
        with in_client(cast.client_id("indus")):
            receive_request(cast.client("indus"), subject=cast.subject("danish"), kinds=[kind], **given)
        assert (WORDS in panel_of(cast, sign_in, "rights-related", "?tab=requests")) == is_said


def test_demands_and_accesses_of_a_person_with_links_to_all(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(sharing, "_MOST", 1)
    monkeypatch.setattr(entries, "_MOST", 1)
    amina = sign_in("amina")
    requests = row_url("people/subject", cast.subject_id("danish"), "change")
    for number, is_said in ((1, False), (2, True)):
        by: dict[str, Any] = {"actor": cast.actor("amina"), "at": now + number * MINUTE}
        with in_client(cast.client_id("indus")):
            request_legal_disclosure(cast.subject("danish"), demand(now, reference=f"{number}/2026"), **by)
            record_access(cast.subject("danish"), ["email"], reason="support_case", **by)
        for tab, model in (("disclosures", "sharing/legaldisclosure"), ("looks", "people/accessrecord")):
            page = amina.get(f"{requests}?tab={tab}").content.decode()
            assert (WORDS in page) == is_said
            links = re.findall(rf'{WORDS} <a href="([^"]+)">Show all</a>', page)
            assert len(links) == is_said
            for link in links:
                assert link.startswith(f"/admin/{model}/?")
                assert amina.get(link).content.decode().count('<th class="field-') == number


def test_all_requests_of_a_person_are_listed_also_those_that_have_ended(cast, sign_in, monkeypatch):
    monkeypatch.setattr(requests, "_MOST", 1)
    with in_client(cast.client_id("indus")):
        ended, still_open = received(cast), received(cast, "objection")
        withdraw(cast, ended)
    farah = sign_in("farah")
    page = farah.get(f"{row_url('people/subject', cast.subject_id('hamza'))}?tab=requests").content.decode()
    [link] = re.findall(r'<a href="([^"]+)">Show all</a>', page)
    listed = farah.get(html.unescape(link)).content.decode()
    assert (ended.number in listed, still_open.number in listed) == (True, True)


def test_only_the_person_of_the_link_is_listed(cast, sign_in, now):
    with in_client(cast.client_id("indus")):
        for name in ("danish", "hamza"):
            by: dict[str, Any] = {"reason": "support_case", "actor": cast.actor("amina"), "at": now}
            record_access(cast.subject(name), ["email"], **by)
    page = sign_in("farah").get(list_url_of_person(AccessRecord, cast.subject_id("danish"))).content.decode()
    assert ("lms-danish" in page, "lms-hamza" in page) == (True, False)
    assert sign_in("celia").get(list_url_of_person(AccessRecord, cast.subject_id("danish"))).status_code == 200
    of_another = sign_in("celia").get(list_url_of_person(AccessRecord, cast.subject_id("danish"))).content.decode()
    assert "lms-danish" not in of_another


def test_the_answers_of_a_person_on_the_timeline_and_in_a_history(cast, sign_in, monkeypatch):
    monkeypatch.setattr(person_page, "LATEST_EVENTS", 1)
    monkeypatch.setattr(consents, "SHOWN", 1)
    celia, caller = sign_in("celia"), Caller(cast.key("khyber"))
    requests = row_url("people/subject", cast.subject_id("kiran"), "change")
    caller.consent("lms-kiran", "newsletter")
    with in_client(cast.client_id("khyber")):
        history = row_url("consent/consent", Consent.objects.get(purpose__code="newsletter").pk, "history")
    pages = [f"{requests}?tab=timeline", history]
    assert [WORDS in celia.get(page).content.decode() for page in pages] == [False, False]
    assert caller.post("/api/v1/subjects/lms-kiran/consents/newsletter/withdraw", {}).status_code == 200
    timeline, of_consent = (celia.get(page).content.decode() for page in pages)
    assert WORDS in of_consent
    [link] = re.findall(rf'{WORDS} <a href="([^"]+)">Show all</a>', timeline)
    assert celia.get(link).content.decode().count('class="field-recorded_at') == 2


def test_the_versions_and_the_steps_of_a_row(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(history, "SHOWN", 1)
    amina, by = sign_in("amina"), {"actor": cast.actor("amina"), "at": now}
    of_person = row_url("people/subject", cast.subject_id("hamza"), "history")
    with in_client(cast.client_id("indus")):
        demanded = request_legal_disclosure(cast.subject("hamza"), demand(now), **by)
    of_demand = row_url("sharing/legaldisclosure", demanded.pk, "history")
    assert [WORDS in amina.get(page).content.decode() for page in (of_person, of_demand)] == [False, False]
    with in_client(cast.client_id("indus")):
        register_subject("lms-hamza", client=cast.client("indus"), details={"full_name": "Hamza Other"}, **by)
        decide_legal_disclosure(demanded, approve=True, actor=officer(), at=now)
    pages = [amina.get(page).content.decode() for page in (of_person, of_demand)]
    assert [WORDS in page for page in pages] == [True, True]
    assert "Full name" in pages[0], "the version that is shown is compared with the one that is not"


def test_the_parts_of_an_agreement(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(agreement_panels, "_LATEST", 1)
    farah, client_id = sign_in("farah"), cast.client_id("indus")
    by: dict[str, Any] = {"actor": cast.actor("farah"), "at": now}
    with in_client(client_id):
        row = draft_of(cast, now)
    url = row_url("consent/serviceagreement", row.pk, "change")
    for number, duty in enumerate(("law_complied", "users_informed"), 1):
        file = SimpleUploadedFile("signed.pdf", b"%PDF-1.7 signed", content_type="application/pdf")
        farah.post(row_url("consent/serviceagreement", row.pk, "add-document"), {"kind": "agreement", "file": file})
        with in_client(client_id):
            attest_duties(cast.client("indus"), [duty], notice_url="https://indus.example/privacy", **by)
            sign_agreement(row, ground="A new contract.", actor=cast.actor("amina"), at=now + number * MINUTE)
        assert farah.get(url).content.decode().count(WORDS) == (3 if number == 2 else 0)
        with in_client(client_id):
            decline_signing(row, actor=cast.actor("farah"), at=now + number * MINUTE)


def test_the_attempts_of_a_delivery(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(webhooks, "_MOST_ATTEMPTS", 1)
    own = {"client_id": cast.client_id("indus")}
    with in_client(own["client_id"]):
        delivery = make_given_up(make_endpoint(cast, "indus", at=now), at=now)
    url = row_url("webhooks/delivery", delivery.pk, "change")
    assert WORDS not in sign_in("farah").get(url).content.decode()
    with in_client(own["client_id"]):
        Attempt.objects.create(delivery=delivery, started_at=now + MINUTE, milliseconds=120, status=429, **own)
    page = sign_in("farah").get(url).content.decode()
    assert (WORDS in page, "429" in page, "503" in page) == (True, True, False)


def test_the_other_requests_of_a_person_and_those_with_which_one_continues(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(request_selectors, "_MOST_RELATED", 1)
    with in_client(cast.client_id("indus")):
        given: dict[str, Any] = {"subject": cast.subject("hamza"), "channel": "telephone", "language": "en"}
        made = [
            receive_request(
                cast.client("indus"), kinds=[kind], actor=cast.actor("amina"), at=now + number * MINUTE, **given
            )
            for number, kind in enumerate(("access", "portability", "erasure"))
        ]
        assert [one.pk for one in list_linkable(made[0])] == [made[2].pk]
        hamza = person_actor(cast.subject_id("hamza"), cast.client_id("indus"), acts_for=cast.subject_id("hamza"))
        deny_own_request(made[2], by_code=False, actor=hamza, at=now + HOUR)
        assert [one.pk for one in list_linkable(made[0])] == [made[1].pk]
        assert list_linkable(made[0]).note == ""
    url = row_url("requests/rightsrequest", made[0].pk, "change")
    assert WORDS in sign_in("amina").get(url).content.decode()


def test_people_found_by_their_name(cast, sign_in, now, monkeypatch):
    monkeypatch.setattr(people_services, "FOUND_AT_MOST", 1)
    farah, given = sign_in("farah"), {"text": "Same Name", "reason": "support_case"}
    for external_id, is_said in (("lms-one", False), ("lms-two", True)):
        with in_client(cast.client_id("indus")):
            by: dict[str, Any] = {"client": cast.client("indus"), "actor": SETTING_UP, "at": now}
            register_subject(external_id, details={"full_name": "Same Name", "role": "instructor"}, **by)
        page = farah.post("/admin/people/subject/find/", given).content.decode()
        assert ("Only the first 1 are shown. Search by LMS id to find one." in page) == is_said
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.count() == 2, "the person who is not shown was not looked at"


def test_the_cards_of_the_first_page_end_with_the_number_of_those_shown(cast, monkeypatch):
    monkeypatch.setattr(home_pages, "MOST_CARDS", 1)
    make: dict[str, Any] = {
        "to_card": lambda row: Card("Client", row.name, severity=Severity.URGENT),
        "url": "/admin/x/",
    }
    with as_officer():
        clients = Client.objects.order_by("name")
        name = clients[0].name
        assert [card.value for card in make_cards(clients.filter(name=name), **make)] == [name]
        first, more = make_cards(clients, **make)
    assert (first.value, more.title, more.url, more.severity) == (name, "Client", "/admin/x/", Severity.URGENT)
    assert more.note == "Only the first 1 are shown."


def test_more_than_twenty_names_of_schools_are_refused_as_too_many(cast):
    with in_client(cast.client_id("indus")), pytest.raises(ValidationError, match="at most 20 names"):
        read_schools("\n".join(f"School {n}" for n in range(21)), client_id=cast.client_id("indus"), actor=SETTING_UP)


@pytest.fixture
def gone(cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=timezone.now())
    return str(cast.client_id("indus"))


@pytest.fixture
def second(cast):
    return browser_of(make_staff("gul@paktaleem.example", ("privacy_officer", PAKTALEEM)))


def ask(browser, client, external_id="lms-hamza"):
    return browser.post(ADD, {"client": client, "external_id": external_id, "ground": "They came back."})


def asked(cast):
    return cast.get(Readmission)


def approve(browser, one):
    return browser.post(row_url("people/readmission", one.pk, "approve"), follow=True)


def register(cast):
    return int(Caller(cast.key("indus")).put("/api/v1/subjects/lms-hamza", {"role": "student"}).status_code)


def test_one_asks_another_approves_and_the_person_may_be_registered(sign_in, cast, gone, second):
    assert ask(sign_in("amina"), gone).status_code == 302
    assert register(cast) == 409
    waiting = second.get(list_url("people/readmission") + "?state=pending").content.decode()
    assert "amina@paktaleem.example" in waiting
    assert "Waiting" in waiting
    assert "amina@" not in second.get(list_url("people/readmission") + "?state=approved").content.decode()
    assert "Readmissions to approve" in second.get("/admin/").content.decode()
    assert "Approved: the learning platform may" in approve(second, asked(cast)).content.decode()
    assert asked(cast).approved_at is not None
    assert register(cast) == 201
    assert "Readmissions to approve" not in second.get("/admin/").content.decode()


def test_the_lms_id_is_on_no_page_afterwards(sign_in, cast, gone, second):
    ask(sign_in("amina"), gone)
    row = asked(cast).pk
    pages = [
        list_url("people/readmission"),
        *(row_url("people/readmission", row, one) for one in ("change", "history")),
    ]
    assert not any("lms-hamza" in second.get(page).content.decode() for page in pages)


@pytest.fixture
def danish(cast):
    return cast.subject_id("danish")


@pytest.fixture
def erase(cast):
    def erase():
        by = {"actor": cast.actor("amina"), "reason": "subject_request", "at": timezone.now()}
        with in_client(cast.client_id("indus")):
            return start_erasure(cast.subject("danish"), **by)

    return erase


def test_page_and_list_show_who_is_being_erased_who_confirmed_it_and_which_systems_answer(cast, erase, sign_in, danish):
    erase()
    page = sign_in("farah").get(row_url("people/subject", danish)).content.decode()
    assert "2 systems have not answered yet." in page
    assert "Reason: Request of the data subject or a guardian." in page
    with in_client(cast.client_id("indus")):
        for order in Order.objects.all():
            assert row_url("data_systems/order", order.pk) in page
    amina = sign_in("amina")
    being = amina.get(LIST, {"record": "being_erased"}).content.decode()
    assert "lms-danish" in being
    assert "Being erased since" in being
    assert "lms-hamza" not in being
    assert "lms-danish" not in amina.get(LIST, {"record": "erased"}).content.decode()


def test_acts_that_record_something_new_are_not_offered(erase, sign_in, danish):
    acts = [row_url("people/subject", danish, act) for act in ("state-age", "name-guardian", "school-authorises")]
    before = sign_in("farah").get(row_url("people/subject", danish)).content.decode()
    assert all(act in before for act in acts)
    assert "state=given" in before
    erase()
    page = sign_in("farah").get(row_url("people/subject", danish)).content.decode()
    assert not any(act in page for act in acts)
    assert "state=given" not in page
    assert row_url("people/subject", danish, "answer") in page, "a refusal is still recorded"


def test_once_complete_the_page_says_so(cast, erase, sign_in, danish, now):
    erase()
    with in_client(cast.client_id("indus")):
        erasure = Erasure.objects.get()
        later = erasure.started_at
        for order in orders_of(erasure):
            answer(order, cast, later)
        assert complete_erasure(erasure, actor=system_actor("tests"), at=later)
    page = sign_in("amina").get(row_url("people/subject", danish)).content.decode()
    assert "Every system answered or was waived" in page
    assert "lms-danish" not in page
