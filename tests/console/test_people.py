"""People in the console: their page, filters and search; encrypted data needs a reason, and access is recorded."""

import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import ConsentState, Objection
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import restrict_processing
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import AccessRecord, Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject, reveal_fields
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.console import filters, paging
from paktaleem.foundation.console.person_pages import TABS
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.erasures.models import ErasureProposal
from tests.api.callers import Caller
from tests.children.guardians import guardian_of
from tests.consent.making import shown
from tests.console.pages import KARACHI, MODELS, answer, list_url, refused_by_policy, row_url
from tests.console.test_exports import export
from tests.factories import SETTING_UP
from tests.signing_in import browser_of

PLAIN = ("Danish Qureshi", "Esra Qureshi", "esra.qureshi@mail.example", "+923001234567", "Junaid Mirza")


def reveal_url(cast, name="esra"):
    return row_url("people/subject", cast.subject_id(name), "reveal")


def looks(cast):
    with in_client(cast.client_id("indus")):
        return list(AccessRecord.objects.values_list("actor_id", "reason", "fields", "subject_id"))


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_look_shows_the_values_and_is_recorded(name, sign_in, cast):
    browser = sign_in(name)
    response = browser.post(reveal_url(cast), {"fields_wanted": ["full_name", "email"], "reason": "support_case"})
    page = response.content.decode()
    assert "Esra Qureshi" in page
    assert "esra.qureshi@mail.example" in page
    assert "+923001234567" not in page
    assert looks(cast) == [(cast.user_id(name), "support_case", "full_name, email", cast.subject_id("esra"))]
    shown = browser.get(list_url("people/accessrecord")).content.decode()
    assert "Support case" in shown
    assert "no-store" in response["Cache-Control"]


def test_without_a_reason_nothing_is_shown(sign_in, cast):
    response = sign_in("amina").post(reveal_url(cast), {"fields_wanted": ["full_name"]})
    assert "Esra Qureshi" not in response.content.decode()
    assert looks(cast) == []


@pytest.mark.parametrize("name", ["amina", "farah", "bilal", "sana"])
def test_no_page_shows_plaintext_before_a_look(name, sign_in, cast):
    browser = sign_in(name)
    urls = [list_url(model) for model in MODELS]
    for person in ("danish", "esra", "junaid"):
        urls += [row_url("people/subject", cast.subject_id(person), page) for page in ("change", "history", "reveal")]
    for url in urls:
        page = browser.get(url).content.decode()
        assert not [text for text in PLAIN if text in page], url


def find(browser, text, **given):
    page: str = browser.post("/admin/people/subject/find/", {"text": text, **given}).content.decode()
    return page


def searches(cast, code="indus"):
    with in_client(cast.client_id(code)):
        found = Entry.objects.filter(kind="people.searched").order_by("id")
        return [(entry.actor_id, json.loads(entry.body)["facts"]) for entry in found]


def test_a_search_takes_a_reason_and_is_recorded_without_its_text(sign_in, cast):
    farah = sign_in("farah")
    for given in ({}, {"reason": "curiosity"}):
        assert "lms-esra" not in find(farah, "Esra Qureshi", **given)
    assert (searches(cast), looks(cast)) == ([], [])
    assert "lms-esra" in find(farah, "esra.qureshi@mail.example", reason="support_case")
    facts = {"by": "name_or_contact", "reason": "support_case", "found": 1}
    assert searches(cast) == [(cast.user_id("farah"), facts)]
    assert looks(cast) == [(cast.user_id("farah"), "support_case", "search", cast.subject_id("esra"))]
    assert "Found by a search" in farah.get(list_url("people/accessrecord")).content.decode()


def test_a_search_that_finds_no_one_is_recorded_too(sign_in, cast):
    find(sign_in("farah"), "Quaintrelle", reason="review")
    assert searches(cast) == [(cast.user_id("farah"), {"by": "name_or_contact", "reason": "review", "found": 0})]
    assert looks(cast) == []


def test_the_reason_is_requested_once_in_a_session_and_can_be_changed(sign_in, cast):
    farah = sign_in("farah")
    find(farah, "Esra Qureshi", reason="support_case")
    assert '<option value="support_case" selected>' in farah.get("/admin/people/subject/find/").content.decode()
    assert "lms-danish" in find(farah, "Danish Qureshi")
    find(farah, "Danish Qureshi", reason="subject_request")
    find(farah, "Danish Qureshi")
    reasons = [facts["reason"] for _, facts in searches(cast)]
    assert reasons == ["support_case", "support_case", "subject_request", "subject_request"]
    other = sign_in("farah")
    assert "lms-esra" not in find(other, "Esra Qureshi")


def test_an_officers_search_is_recorded_at_the_client(sign_in, cast):
    find(sign_in("amina"), "Esra Qureshi", reason="incident", client=str(cast.client_id("indus")))
    assert [(actor, facts["reason"]) for actor, facts in searches(cast)] == [(cast.user_id("amina"), "incident")]
    assert [look[:2] for look in looks(cast)] == [(cast.user_id("amina"), "incident")]
    assert searches(cast, "khyber") == []


def test_a_search_of_the_list_by_id_is_recorded_without_a_reason(sign_in, cast):
    farah = sign_in("farah")
    farah.get("/admin/people/subject/")
    assert searches(cast) == []
    farah.get("/admin/people/subject/?q=lms-es")
    assert searches(cast) == [(cast.user_id("farah"), {"by": "lms_id"})]
    sign_in("amina").get("/admin/people/subject/?q=lms-es")
    with in_client(PAKTALEEM):
        [entry] = Entry.objects.filter(kind="people.searched")
        assert entry.actor_id == cast.user_id("amina")


def test_a_person_is_found_by_name_through_the_form_only(sign_in, cast):
    farah, amina, celia = sign_in("farah"), sign_in("amina"), sign_in("celia")
    indus = str(cast.client_id("indus"))
    assert "lms-esra" in find(farah, "ESRA  qureshi", reason="support_case")
    assert "lms-esra" in find(amina, "Esra Qureshi", reason="support_case", client=indus)
    nobody = find(celia, "Esra Qureshi", reason="support_case", client=indus)
    assert "lms-esra" not in nobody
    assert "No person is registered" in nobody
    assert "lms-esra" in farah.get("/admin/people/subject/?q=lms-esra").content.decode()
    assert "lms-esra" not in farah.get("/admin/people/subject/?q=Esra+Qureshi").content.decode()


def test_nothing_of_another_client_is_there_in_any_model(sign_in, cast):
    celia = sign_in("celia")
    with in_client(cast.client_id("indus")):
        rows = [
            (model, row)
            for model in MODELS
            if model not in {"accounts/user", "accounts/client"}
            for row in _models()[model]._default_manager.filter(client_id=cast.client_id("indus"))[:1]
        ]
    assert len(rows) > 8
    rows.append(("accounts/client", type("Row", (), {"pk": cast.client_id("indus")})))
    for model, row in rows:
        for page in ("change", "history"):
            theirs, nobody = (answer(celia.get(row_url(model, one, page))) for one in (row.pk, new_id()))
            assert theirs == nobody, (model, page)
            assert theirs[0] == 404


def _models():
    from tests.console.pages import admin_of  # noqa: PLC0415

    return {model: admin_of(model).model for model in MODELS}


def test_proposing_to_erase_takes_the_typed_id_and_an_officer(sign_in, cast):
    url = row_url("people/subject", cast.subject_id("esra"), "erase")
    assert sign_in("farah").post(url, {"confirmation": "lms-esra", "reason": "subject_request"}).status_code == 403
    amina = sign_in("amina")
    asked = {
        "seen": amina.get(url).context["form"].initial["seen"],
        "ground": "They asked.",
        "reason": "subject_request",
    }
    refused = amina.post(url, {**asked, "confirmation": "lms-danish"})
    assert "This is not the LMS id" in refused.content.decode()
    assert amina.post(url, {**asked, "confirmation": "lms-esra"}).status_code == 302
    assert cast.get(ErasureProposal).subject_id == cast.subject_id("esra")
    assert not cast.get(Subject, pk=cast.subject_id("esra")).is_being_erased


@pytest.mark.parametrize("name", ["amina", "farah", "bilal", "sana"])
def test_after_an_erasure_every_page_still_works_and_says_so(name, sign_in, cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=timezone.now())
    browser = sign_in(name)
    for page in ("change", "history"):
        shown = browser.get(row_url("people/subject", cast.subject_id("esra"), page))
        assert shown.status_code == 200
        assert "erased" in shown.content.decode()
    for model in ("people/subject", "people/guardianclaim") if name != "sana" else ("people/subject",):
        assert "erased" in browser.get(list_url(model)).content.decode()
    assert browser.get(row_url("people/subject", cast.subject_id("danish"))).status_code == 200


def test_what_is_too_late_changes_nothing(sign_in, cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=timezone.now())
    browser = sign_in("amina")
    response = browser.post(reveal_url(cast), {"fields_wanted": ["full_name"], "reason": "review"}, follow=True)
    assert "Nothing was done" in response.content.decode()
    assert looks(cast) == []


CONSENTS, OBJECTIONS = "consent/consent", "consent/objection"


def take_role(cast, name, *roles):
    by: dict[str, Any] = {"client": cast.client("indus"), "actor": SETTING_UP, "at": timezone.now()}
    register_subject(f"lms-{name}", details={"other_roles": roles}, **by)


def object_to_improvement(cast, *names):
    at, own = timezone.now(), {"client_id": cast.client_id("indus"), "purpose_code": "platform_improvement"}
    for place, name in enumerate(names):
        since = at - timedelta(days=place)
        row = Objection(subject=cast.subject(name), starts_at=since, ends_at=since + timedelta(hours=1), **own)
        save_tracked(row, actor=SETTING_UP, reason="review", at=at)


@pytest.fixture
def answers_by_role(cast):
    """A consent and an objection of Junaid (instructor, also guardian) and Hamza (student); a guardian of Danish."""
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        take_role(cast, "junaid", "guardian")
        guardian_of(cast.subject("danish"), cast.subject("esra"), at=at)
        invite_guardians_of([cast.subject("danish")], portal="https://x", actor=cast.actor("farah"), at=at)
        object_to_improvement(cast, "junaid", "hamza")
    for name in ("lms-hamza", "lms-junaid"):
        assert Caller(cast.key("indus")).consent(name, "newsletter").status_code == 201


def people_of(page):
    table = page.content.decode().partition('<table id="result_list"')[2].partition("</table>")[0]
    return re.findall(r">(lms-[a-z0-9-]+)<", table)


@pytest.mark.parametrize(
    ("model", "person", "roles", "others"),
    [
        (CONSENTS, "lms-junaid", ("instructor", "guardian"), ("student", "administrator")),
        ("consent/consentevent", "lms-hamza", ("student",), ("instructor", "guardian")),
        (OBJECTIONS, "lms-junaid", ("instructor", "guardian"), ("student",)),
        ("people/guardianclaim", "lms-danish", ("student",), ("guardian", "learner")),
        ("guardians/guardianship", "lms-danish", ("student",), ("guardian",)),
        ("invitations/invitation", "lms-danish", ("student",), ("guardian",)),
    ],
)
@pytest.mark.usefixtures("answers_by_role")
def test_lists_and_exports_are_filtered_by_a_role_of_the_person(model, person, roles, others, cast):
    chosen = {"farah": "", "amina": f"client__id__exact={cast.client_id('indus')}&"}
    for name, role in itertools.product(chosen, (*roles, *others)):
        browser, query = browser_of(cast.user(name)), f"?{chosen[name]}person_role={role}"
        assert (person in people_of(browser.get(list_url(model) + query))) is (role in roles), role
        exported = export(browser, f"{list_url(model)}export/{query}", "csv")
        assert any(person in row for row in exported) is (role in roles), role


@pytest.mark.usefixtures("answers_by_role")
def test_a_role_that_does_not_exist_filters_nothing_and_all_clients_have_no_such_filter(cast):
    farah, amina = browser_of(cast.user("farah")), browser_of(cast.user("amina"))
    assert len(people_of(farah.get(f"{list_url(CONSENTS)}?person_role=pilot"))) == 2
    assert "role of the person" in titles_of_filters(farah, CONSENTS)
    assert "role of the child" in titles_of_filters(farah, "guardians/guardianship")
    assert "role of the person" not in titles_of_filters(amina, CONSENTS)
    assert "role of the person" not in titles_of_filters(farah, "people/subject")
    assert "role of the person" not in titles_of_filters(farah, "ageing/comingofage")


def titles_of_filters(browser, model):
    return [spec.title for spec in browser.get(list_url(model)).context["cl"].filter_specs]


@pytest.fixture
def many(cast, monkeypatch):
    """Seven objections, of students and of Junaid, newest first: s j j s j s s; three rows are searched at once."""
    monkeypatch.setattr(filters, "MOST_PEOPLE", 1)
    monkeypatch.setattr(filters, "SEARCHED_AT_ONCE", 3)
    with in_client(cast.client_id("indus")):
        take_role(cast, "esra", "instructor")  # two instructors are many here
        object_to_improvement(cast, "danish", "junaid", "junaid", "hamza", "junaid", "iqra", "danish")


def follow_older(browser, url):
    found = []
    while True:
        page = browser.get(url)
        found.append(people_of(page))
        if not (link := page.context["cl"].older_link):
            return found
        url = url.partition("?")[0] + link


@pytest.mark.usefixtures("many")
def test_every_row_of_a_long_list_is_reached_by_its_older_rows(cast, monkeypatch):
    monkeypatch.setattr(paging, "LIMIT", 3)
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    parts = follow_older(farah, url)
    assert [len(part) for part in parts] == [3, 3, 1]
    assert "Show older rows" in farah.get(url).content.decode()


@pytest.mark.usefixtures("many")
def test_rows_of_many_people_are_searched_part_by_part_and_none_is_missed(cast):
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    students = ["lms-danish", "lms-hamza", "lms-iqra", "lms-danish"]
    parts = follow_older(farah, f"{url}?person_role=student")
    assert parts == [["lms-danish"], ["lms-hamza", "lms-iqra"], ["lms-danish"]]
    assert follow_older(farah, f"{url}?person_role=instructor") == [["lms-junaid"] * 2, ["lms-junaid"], []]
    exported = export(farah, f"{url}export/?person_role=student", "csv")[1:]
    assert sorted(row[2] for row in exported) == sorted(students)


@pytest.mark.usefixtures("many")
def test_a_list_that_is_searched_part_by_part_says_so(cast, monkeypatch):
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    page = farah.get(f"{url}?person_role=student").content.decode()
    assert "1 of the 3 rows searched match. The filter chooses more than 1 people" in page
    assert "Search older rows" in page
    monkeypatch.setattr(filters, "SEARCHED_AT_ONCE", 1)
    page = farah.get(f"{url}?person_role=instructor").content.decode()
    assert "None of the rows searched so far matches." in page
    assert 'href="export/?person_role=instructor"' in page
    assert "No rows match" not in page


@pytest.mark.usefixtures("many")
def test_two_filters_of_many_people_keep_those_who_meet_both(cast):
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"client": cast.client("indus"), "actor": SETTING_UP, "at": timezone.now()}
        for name in ("hamza", "junaid"):
            register_subject(f"lms-{name}", details={"grade": "9"}, **by)
    found = follow_older(farah, f"{url}?person_role=student&grade=9")
    assert [name for part in found for name in part] == ["lms-hamza"]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "query", ["subject__id__exact=x", "person_role=student&older=x", "grade=%00", "school=%F0%9F%98%80"]
)
def test_garbage_in_the_address_of_a_list_is_no_server_error(cast, query):
    for name in ("farah", "amina"):
        for model in (OBJECTIONS, "guardians/guardianship"):  # rows about a subject, and about a child
            assert browser_of(cast.user(name)).get(f"{list_url(model)}?{query}").status_code in {200, 302, 400}


ADULT, CHILD = "junaid", "danish"


def url_of(cast, name):
    return row_url("people/subject", cast.subject_id(name))


def rows_of(page, panel):
    table = page[page.index(f'id="{panel}"') :].split("</table>", maxsplit=1)[0]
    return dict(re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table, re.DOTALL))


def test_an_adult_is_offered_no_guardian_and_not_warned_that_none_has_answered(sign_in, cast):
    for name in ("amina", "farah"):
        browser = sign_in(name)
        adult, child = (browser.get(url_of(cast, one)).content.decode() for one in (ADULT, CHILD))
        acts = ("name-guardian", "ask-guardians", "school-authorises")
        assert not [act for act in acts if row_url("people/subject", cast.subject_id(ADULT), act) in adult]
        assert [act for act in acts if row_url("people/subject", cast.subject_id(CHILD), act) in child] == list(acts)
        assert "No guardian has answered" not in adult
        assert "No guardian has answered" in child
        assert "<dt>Who decides</dt>" in child
    refused = sign_in("farah").post(row_url("people/subject", cast.subject_id(ADULT), "name-guardian"), follow=True)
    assert "Nothing was done" in refused.content.decode()


def test_three_acts_are_buttons_and_only_what_cannot_be_undone_is_red(sign_in, cast):
    page = sign_in("amina").get(url_of(cast, CHILD)).content.decode()
    tools = page[page.index('<ul class="object-tools">') : page.index('<nav class="tabs of-row"')]
    buttons, more = tools.split('<details class="more">')
    assert len(re.findall("<a ", buttons)) == 3
    assert "Reveal personal data" in buttons
    assert re.findall(r'class="danger">(.*?)<', more) == [
        "Moves to another institution",
        "Quarantine the data",
        "Propose erasure",
    ]
    assert '<fieldset class="module aligned collapse"' in page


def test_acts_chosen_as_buttons_are_acts_of_their_model():
    owners: list[Any] = list(site._registry.values())
    chosen = [(owner, slug) for owner in owners for slug in getattr(owner, "main_acts", ())]
    assert [f"{owner}: {slug}" for owner, slug in chosen if slug not in {act.slug for act in owner.all_acts()}] == []
    assert len(chosen) > 10


def test_each_tab_runs_its_own_queries_and_shows_its_own_panels(sign_in, cast, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    with in_client(cast.client_id("indus")):
        reveal_fields(cast.subject(ADULT), actor=cast.actor("farah"), reason=Reason.REVIEW, at=timezone.now())
    browser, url, counts = sign_in("farah"), url_of(cast, ADULT), {}
    for tab in TABS:
        browser.get(url)
        with CaptureQueriesContext(connection) as taken:
            page = browser.get(url, {"tab": tab.code} if tab.code else {}).content.decode()
        counts[tab.code] = len(taken)
        assert refused_by_policy(page) == []
        assert ('id="panel-standing"' in page) is (tab.code == "")
        assert ('id="panel-looks"' in page) is (tab.code == "looks")
        assert ('id="panel-holdings"' in page) is (tab.code == "holdings")
    others = max(count for code, count in counts.items() if code)
    assert others <= 31
    assert others < counts[""] <= 60
    sana = sign_in("sana")
    assert "?tab=looks" not in sana.get(url).content.decode()
    assert 'id="panel-looks"' not in sana.get(url, {"tab": "looks"}).content.decode()


def test_a_purpose_has_one_name_on_the_page_and_the_timeline(sign_in, cast):
    with in_client(cast.client_id("indus")):
        restrict_processing(
            cast.subject(ADULT),
            purpose_code="product_research",
            actor=cast.actor("farah"),
            reason=Reason.REVIEW,
            at=timezone.now(),
        )
        name = Purpose.objects.get(code="product_research", client_id=cast.client_id("indus")).name_en
    browser = sign_in("farah")
    for url in (url_of(cast, ADULT), row_url("people/subject", cast.subject_id(ADULT), "timeline")):
        page = browser.get(url).content.decode()
        assert name in page
        assert "Product research" not in page
        assert ">product_research<" not in page


def test_a_purpose_has_the_same_name_where_only_its_code_is_stored(sign_in, cast):
    with in_client(cast.client_id("indus")):
        instruction = Instruction.objects.first()
        assert instruction is not None
        codes = instruction.purposes
        names = dict(Purpose.objects.filter(code__in=codes).values_list("code", "name_en"))
    page = sign_in("bilal").get(row_url("consent/instruction", instruction.pk)).content.decode()
    assert all(names[code] in page for code in codes)
    assert "platform_improvement" in codes
    assert "platform_improvement" not in page


@pytest.fixture
def withdrawn(cast):
    given_at = datetime(2026, 9, 10, 9, tzinfo=UTC)
    client_id, actor = cast.client_id("indus"), cast.actor("farah")
    with in_client(client_id):
        person = cast.subject(ADULT)
        answers = [Answer("newsletter", ConsentState.GIVEN)]
        record_answers(person, answers=answers, shown=shown(client_id, given_at), actor=actor, at=given_at)
        later = given_at + timedelta(hours=1)
        event = withdraw_consent(person, purpose="newsletter", actor=actor, at=later)
    return event, given_at, later


def test_a_denial_links_to_its_cause_and_its_remedy_also_for_a_past_day(sign_in, cast, withdrawn):
    event, _given_at, _later = withdrawn
    browser, url = sign_in("farah"), url_of(cast, ADULT)
    now = rows_of(browser.get(url).content.decode(), "panel-standing")["Newsletter"]
    cause = row_url("consent/consentevent", event.pk)
    assert f'<a href="{cause}">consent withdrawn</a>' in now
    assert "/answer/?purpose=newsletter&amp;state=given" in now
    assert 'href="/docs/reasons/#consent_withdrawn"' in now
    while_given = browser.get(url, {"day": "2026-09-10", "hour": "14:30"}).content.decode()
    assert "Decisions as of" in while_given
    assert "Allowed" in rows_of(while_given, "panel-standing")["Newsletter"]
    that_evening = rows_of(browser.get(url, {"day": "2026-09-10"}).content.decode(), "panel-standing")["Newsletter"]
    assert f'<a href="{cause}">consent withdrawn</a>' in that_evening
    assert "/answer/" not in that_evening
    before = rows_of(browser.get(url, {"day": "2026-09-09"}).content.decode(), "panel-standing")["Newsletter"]
    assert "consent missing" in before
    assert browser.get(cause).status_code == 200


def test_the_cause_for_a_child_is_on_the_same_page(sign_in, cast):
    page = sign_in("farah").get(url_of(cast, CHILD)).content.decode()
    newsletter = rows_of(page, "panel-standing")["Newsletter"]
    assert '<a href="#panel-gate">guardian consent required</a>' in newsletter
    assert row_url("people/subject", cast.subject_id(CHILD), "ask-guardians") in newsletter
    assert 'id="panel-gate"' in page


def test_what_is_open_is_in_the_summary(sign_in, cast):
    yesterday = (timezone.now() - timedelta(days=1)).astimezone(KARACHI)
    page = sign_in("farah").get(url_of(cast, ADULT)).content.decode()
    assert "Open requests" not in page
    made = sign_in("farah").post(
        row_url("people/subject", cast.subject_id(ADULT), "rights-request"),
        {"kinds": ["access"], "details": "A copy, please.", "received_on": f"{yesterday:%Y-%m-%d}"},
    )
    assert made.status_code == 302, made.context["form"].errors
    page = sign_in("farah").get(url_of(cast, ADULT)).content.decode()
    assert re.search(r'<dt>Open requests</dt>\s*<dd><a href="\?tab=requests">1</a>', page)


def test_an_officers_page_of_a_person_opens_one_context_of_the_client(cast, sign_in):
    browser, url = sign_in("amina"), row_url("people/subject", cast.subject_id("danish"))
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(url)
    opened = [one for one in queries if "tenancy_clock_offset" in one["sql"]]
    assert page.status_code == 200
    assert len(opened) == 1, f"{len(opened)} contexts, {len(queries)} queries"
