"""The record of processing: what it says, its gaps, its files, and its picture."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from openpyxl import load_workbook
from pyld import jsonld

from consent.agreements.services import add_contact
from consent.register import dpv
from consent.register.assessing import answer_assessment, approve_assessment
from consent.register.compiled import Capacity
from consent.register.models.agreements import Recipient, RecipientApproval, TransferGround
from consent.register.models.purposes import Purpose
from consent.register.risk import read_questionnaires
from consent.register.services import change_register
from paktaleem.directory.data_systems.models import System
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.services import describe_period
from retention.data_map.models import MapLine
from retention.data_map.portal import list_portal_holdings
from retention.data_map.services import confirm_line, declare_line
from retention.records.admin import record_board
from retention.records.record import BOX, GROUNDS, WIDTH, GapKind, build_document, draw_flows, find_gaps
from retention.records.services import (
    build_record,
    count_gaps,
    describe_gap,
    list_controllers,
    to_cells,
)
from tests.consent.making import approve_by_two, officer
from tests.factories import SETTING_UP
from tests.retention.schedule.making import make_rule
from tests.signing_in import browser_of

TERMS = frozenset((Path(__file__).parents[2] / "consent" / "dpv_terms.txt").read_text(encoding="utf-8").splitlines())
PAGE = "/admin/record/"
HOSTILE = '=HYPERLINK("https://evil.example","x")'


def make_recipient(client_id, at, *, name="Ravi Messaging", countries="PK, IE", purposes=("newsletter",)):
    recipient = Recipient(
        client_id=client_id,
        code="messaging",
        name=name,
        service="Emails",
        agreement_reference="DPA-1",
        countries=countries,
        transfer_ground="clauses" if countries else "",
    )
    change_register(recipient, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)
    approval = RecipientApproval(
        client_id=client_id, recipient=recipient, purposes=list(purposes), categories=["contact_details"], starts_at=at
    )
    approve_by_two(approval, at=at)


def assess_impact(client_id, code="newsletter", *, at, risk="low", by=None):
    purpose = Purpose.objects.get(client_id=client_id, code=code)
    answers = {question.code: "Said." for question in read_questionnaires()["impact"].questions}
    given: dict[str, Any] = {"residual_risk": risk, "review_on": date(2027, 9, 1), "reason": Reason.REVIEW}
    row = answer_assessment(purpose, "impact", answers=answers, **given, actor=by or SETTING_UP, at=at)
    return approve_assessment(row, actor=officer(), at=at)


def activity_of(client, code, at, language="en"):
    record = build_record(client, at=at, language=language)
    return next(one for one in record.activities if one.purpose.code == code)


def test_an_activity_has_everything_that_article_30_asks_for(cast, khyber, now):
    make_recipient(khyber.pk, now)
    assess_impact(khyber.pk, at=now)
    one = activity_of(khyber, "newsletter", now)
    assert one.purpose.name
    assert one.description
    assert (one.capacity, [basis for basis, _ in one.bases]) == ("processor", ["consent"])
    assert {"learner", "student"} <= set(one.roles)
    assert [category.code for category in one.categories] == ["contact_details"]
    [to] = one.recipients
    assert (to.name, to.countries, one.countries) == ("Ravi Messaging", ("PK", "IE"), ("IE", "PK"))
    assert (to.ground, one.assessment.risk) == ("clauses", "low")
    assert to_cells(one)[10] == "Remaining risk: Low; review on 2027-09-01"


def name_contact(client, kind, at):
    person = {"full_name": "Zahid Iqbal", "email": "zahid@khyber.example"}
    return add_contact(client, kind=kind, **person, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)


def test_the_privacy_contact_and_the_officer_of_the_client_are_named_by_their_codes(cast, now):
    with in_client(cast.client_id("khyber")):
        khyber = cast.client("khyber")
        people = {kind: name_contact(khyber, kind, now).subject for kind in ("privacy", "notices", "dpo")}
        record = build_record(khyber, at=now, language="en")
        assert build_record(khyber, at=now - timedelta(seconds=1), language="en").contacts == ()
    assert [(one.kind, one.code, one.person) for one in record.contacts] == [
        (kind, people[kind].external_id, people[kind].pk) for kind in ("dpo", "privacy")
    ]
    with in_client(PAKTALEEM):
        assert build_record(cast.client("paktaleem"), at=now, language="en").contacts == ()


def declare_held(client, at, *, category="usage_logs", purposes=("newsletter",)):
    about = {"roles": ["student"], "purposes": [*purposes], "countries": ["PK", "IE"], "found_by": "lms_id"}
    line = MapLine(client=client, system=System.objects.get(client=client, code="lms"), category=category, **about)
    return declare_line(line, actor=SETTING_UP, reason=Reason.REVIEW, at=at)


def test_what_systems_hold_and_where_is_what_the_data_map_declares(cast, khyber, now):
    assert activity_of(khyber, "support", now).systems == ()  # also reads the register into the cache
    before = count_queries(khyber, now)
    for category in ("contact_details", "usage_logs"):
        line = declare_held(khyber, now, category=category, purposes=["support"])
    confirm_line(line, actor=cast.actor("celia"), reason=Reason.REVIEW, at=now)
    one = activity_of(khyber, "support", now)
    assert [(to.countries, to.is_confirmed) for to in one.systems] == [(("IE", "PK"), False), (("IE", "PK"), True)]
    assert {"IE", "PK"} <= set(one.countries)
    assert to_cells(one)[-1].endswith("(IE, PK, Confirmed)")
    assert activity_of(khyber, "newsletter", now).systems == ()
    record = build_record(khyber, at=now, language="en")
    documents = {one["dct:title"]: one for one in build_document(record, base="https://x.example")["dpv:hasProcess"]}
    [place] = [one for one in documents[one.purpose.name]["dpv:hasStorageCondition"] if "dpv:hasLocation" in one]
    assert dpv.country("IE") in place["dpv:hasLocation"]
    assert not activity_of(khyber, "support", now + timedelta(days=365)).systems[1].is_confirmed
    assert count_queries(khyber, now) == before


def test_what_the_data_map_names_for_no_active_purpose_is_a_gap(khyber, now):
    line = declare_held(khyber, now, purposes=[])
    [gap] = [gap for gap in find_gaps(build_record(khyber, at=now, language="en")) if gap.kind is GapKind.NO_PURPOSE]
    assert (gap.purpose.code, gap.about) == ("usage_logs", line.system.name)
    assert describe_gap(gap).startswith(f"Use of the platform and activity logs: {line.system.name} holds it")


def test_categories_of_a_purpose_come_from_the_register_and_from_the_data_map(khyber, now):
    declare_held(khyber, now)
    declare_held(khyber, now, category="contact_details")
    one = activity_of(khyber, "newsletter", now)
    found = {category.code: (category.is_registered, category.is_declared) for category in one.categories}
    assert found == {"contact_details": (True, True), "usage_logs": (False, True)}
    assert to_cells(one)[5] == (
        "Name and contact details (register and data map), Use of the platform and activity logs (data map)"
    )
    record = build_record(khyber, at=now, language="en")
    [gap] = [gap for gap in find_gaps(record) if gap.kind is GapKind.NOT_REGISTERED]
    assert (gap.purpose.code, gap.about) == ("newsletter", "Use of the platform and activity logs")
    document = build_document(record, base="https://x.example")
    [activity] = [each for each in document["dpv:hasProcess"] if each["dct:title"] == one.purpose.name]
    assert [data["dct:source"] for data in activity["dpv:hasPersonalData"]] == [["register", "data map"], ["data map"]]
    assert (
        activity_of(khyber, "support", now).categories == activity_of(khyber, "support", now - timedelta(1)).categories
    )


def test_the_portal_is_a_system_of_the_record_with_its_rules(cast):
    at = wall_clock_now()
    with in_client(cast.client_id("khyber")):
        record = build_record(cast.client("khyber"), at=at, language="en")
        holdings = {one.line.kind.code: one for one in list_portal_holdings()}
    assert {one.code for one in record.portal} == holdings.keys()
    held = {one["@id"].partition("#portal-")[2]: one for one in build_document(record, base="")["dpv:hasPersonalData"]}
    duration, place = held["request_texts"]["dpv:hasStorageCondition"]
    assert duration["dpv:hasDuration"] == f"P{holdings['request_texts'].line.length}D"
    assert place["dpv:hasLocation"] == [*map(dpv.country, record.storage_countries)]
    browser = browser_of(cast.user("celia"))
    sheet = [[cell.value for cell in row] for row in cells_of("xlsx", browser.get(PAGE + "?as=xlsx").getvalue())]
    lines = [dict(zip(sheet[0], row, strict=True)) for row in sheet[1:]]
    [texts] = [line for line in lines if line["Activity"] == str(holdings["request_texts"].line.kind.name)]
    assert texts["Systems of the data map"] == "This portal"
    assert describe_period(holdings["request_texts"].line) in texts["Retention"]
    page = browser.get(PAGE).text
    assert all(words in page for words in ("What this portal itself holds", str(holdings["person"].line.kind.name)))


def test_every_ground_of_a_transfer_has_a_term():
    assert set(GROUNDS) == set(TransferGround) - {TransferGround.SAME_COUNTRY}


def test_the_part_and_the_retention_follow_the_register_and_the_schedule(khyber, now):
    support, security = (activity_of(khyber, code, now) for code in ("support", "security_integrity"))
    assert (support.capacity, security.capacity) == ("processor", "controller")
    assert all(periods for _category, periods in security.retention)


def test_a_recipient_counts_only_for_what_it_is_approved_for_and_from_its_start(khyber, now):
    make_recipient(khyber.pk, now)
    assert activity_of(khyber, "newsletter", now - timedelta(seconds=1)).recipients == ()
    assert activity_of(khyber, "product_research", now).recipients == ()


def test_paktaleem_has_a_record_of_its_own_and_urdu_names(cast, now):
    with in_client(PAKTALEEM):
        record = build_record(cast.client("paktaleem"), at=now, language="ur")
    codes = {one.purpose.code for one in record.activities}
    assert {"payment_billing", "security_integrity", "support"} <= codes
    assert all(not one.purpose.name.isascii() for one in record.activities)


def test_lists_in_urdu_have_urdu_commas(khyber, now):
    with override("ur"):
        cells = to_cells(activity_of(khyber, "support", now, "ur"))
    assert "، " in cells[5]
    assert not any(", " in cell for cell in cells)


def test_another_clients_purposes_recipients_and_assessments_are_not_in_it(cast, now):
    with in_client(cast.client_id("khyber")):
        make_recipient(cast.client_id("khyber"), now)
        assess_impact(cast.client_id("khyber"), at=now)
    with in_client(cast.client_id("indus")):
        one = activity_of(cast.client("indus"), "newsletter", now)
        assert (one.recipients, one.assessment) == ((), None)


def gaps_of(client, at, code):
    record = build_record(client, at=at, language="en")
    return {gap.kind for gap in find_gaps(record) if gap.purpose.code == code}


def test_gaps_are_named(cast, khyber, now):
    make_recipient(khyber.pk, now, countries="")
    found = gaps_of(khyber, now, "newsletter")
    assert {GapKind.NO_RETENTION, GapKind.NO_COUNTRY} <= found
    assert not {GapKind.NO_BASIS, GapKind.NO_ASSESSMENT} & found
    unused = Purpose(
        client_id=khyber.pk,
        code="alumni",
        name_en="Alumni",
        name_ur="سابق طلبہ",
        description_en="Meetings.",
        description_ur="ملاقاتیں",
        categories=["contact_details"],
        dpv_term="dpv:PublicRelations",
    )
    change_register(unused, actor=cast.actor("celia"), reason=Reason.REVIEW, at=now)
    assert gaps_of(khyber, now, "alumni") == {GapKind.NO_BASIS, GapKind.NO_RETENTION}


def test_behaviour_of_children_needs_an_assessment_that_is_in_date(cast, indus, now):
    assert GapKind.NO_ASSESSMENT in gaps_of(indus, now, "product_research")
    assert GapKind.NO_ASSESSMENT not in gaps_of(indus, now, "newsletter")
    assess_impact(indus.pk, "product_research", at=now)
    assert not {GapKind.NO_ASSESSMENT, GapKind.ASSESSMENT_DUE} & gaps_of(indus, now, "product_research")
    due = datetime(2027, 9, 1, 12, tzinfo=UTC)
    assert GapKind.ASSESSMENT_DUE in gaps_of(indus, due, "product_research")
    assess_impact(indus.pk, "product_research", at=due - timedelta(days=2), risk="high")
    assert GapKind.HIGH_RISK in gaps_of(indus, due, "product_research")


def test_an_adults_institute_needs_no_assessment(khyber, now):
    assert GapKind.NO_ASSESSMENT not in gaps_of(khyber, now, "product_research")


def test_paktaleem_assesses_its_own_purposes_for_every_client(cast, now):
    with in_client(cast.client_id("indus")):
        one = activity_of(cast.client("indus"), "security_integrity", now)
        assert "usage_logs" in {category.code for category in one.categories}
        assert GapKind.NO_ASSESSMENT not in gaps_of(cast.client("indus"), now, "security_integrity")
    with in_client(PAKTALEEM):
        assess_impact(PAKTALEEM, "security_integrity", at=now, by=cast.actor("amina"))
    with in_client(cast.client_id("indus")):
        assert activity_of(cast.client("indus"), "security_integrity", now).assessment.risk == "low"


def test_every_term_of_the_document_exists_and_it_expands_offline(khyber, now):
    make_recipient(khyber.pk, now)
    assess_impact(khyber.pk, at=now)
    codes = {kind: name_contact(khyber, kind, now).subject.external_id for kind in ("dpo", "privacy")}
    record = build_record(khyber, at=now, language="en")
    document = build_document(record, base="https://privacy.example")
    [expanded] = jsonld.expand(json.loads(json.dumps(document)))
    iris = set(iris_of(expanded))
    assert {one for one in iris if one.startswith("https://w3id.org/dpv")} <= TERMS
    for term in ("ROPA", "PersonalDataProcess", "hasLegalBasis", "hasRecipient", "DPIA", "EncryptionAtRest"):
        assert f"https://w3id.org/dpv#{term}" in iris
    assert "https://w3id.org/dpv/loc#IE" in iris
    activities = expanded["https://w3id.org/dpv#hasProcess"]
    assert len(activities) == len(record.activities)
    [transfer] = [one for activity in document["dpv:hasProcess"] for one in activity["dpv:hasProcessing"]]
    base = "https://privacy.example/privacy/khyber/"
    assert transfer == {
        "@type": "dpv:CrossBorderTransfer",
        "dpv:hasRecipient": f"{base}#recipient-messaging",
        "dpv:hasLegalBasis": "eu-gdpr:A46-2-c",
    }
    client = document["dpv:hasEntity"]
    assert client["dpv:hasContact"] == [codes["privacy"]]
    assert client["dpv:hasDataProtectionOfficer"] == [
        {"@id": f"{base}#{codes['dpo']}", "@type": "dpv:DataProtectionOfficer"}
    ]


def parties_of(record, capacity):
    activity = replace(record.activities[0], capacity=capacity.value)
    document = build_document(replace(record, activities=(activity,)), base="https://privacy.example")
    [one] = document["dpv:hasProcess"]
    keys = ("dpv:hasDataController", "dpv:hasDataProcessor")
    return [
        [party["@id"].removeprefix("https://privacy.example/privacy/") for party in one.get(key, [])] for key in keys
    ]


def test_the_document_names_controllers_and_processors(khyber, now):
    record = build_record(khyber, at=now, language="en")
    client, paktaleem = "khyber/#client", "khyber/#paktaleem"
    assert parties_of(record, Capacity.CONTROLLER) == [[paktaleem], []]
    assert parties_of(record, Capacity.JOINT) == [[client, paktaleem], []]
    assert parties_of(record, Capacity.PROCESSOR) == [[client], [paktaleem]]


def test_paktaleems_own_record_names_its_clients_as_controllers(cast, now):
    with as_officer():
        clients = list_controllers(at=now)
        with in_client(PAKTALEEM):
            record = build_record(cast.client("paktaleem"), at=now, language="en", clients=clients)
    theirs, ours = ["indus/#client", "khyber/#client"], "paktaleem/#client"
    assert parties_of(record, Capacity.CONTROLLER) == [[ours], []]
    assert parties_of(record, Capacity.JOINT) == [[*theirs, ours], []]
    assert parties_of(record, Capacity.PROCESSOR) == [theirs, [ours]]


def test_paktaleems_page_lists_the_clients_for_which_it_is_processor(cast):
    with as_officer():
        names = [cast.client(code).name for code in ("khyber", "indus")]
    text = browser_of(cast.user("amina")).get(PAGE).text
    assert "PakTaleem is processor for these clients" in text
    assert all(f"<li><bdi>{name}</bdi></li>" in text for name in names)
    assert "PakTaleem is processor for these clients" not in browser_of(cast.user("celia")).get(PAGE).text


def iris_of(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"@id", "@type"}:
                yield from [inner] if isinstance(inner, str) else inner
            elif not key.startswith("@"):
                yield key
                yield from iris_of(inner)
            else:
                yield from iris_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from iris_of(inner)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_picture_has_every_box_once_inside_its_frame(khyber, now, mirrored):
    make_recipient(khyber.pk, now)
    record = build_record(khyber, at=now, language="en")
    picture = draw_flows(record, mirrored=mirrored)
    names = [(box.column, box.name) for box in picture.boxes]
    assert len(set(names)) == len(names)
    assert (0, khyber.name) in names
    assert {(3, "Ravi Messaging"), (4, "PK"), (4, "IE")} <= set(names)
    for box in picture.boxes:
        assert 0 <= box.x <= WIDTH - BOX[0]
        assert 0 <= box.y <= picture.height - BOX[1]
    places = [(box.x, box.y) for box in picture.boxes]
    assert len(set(places)) == len(places)
    client = next(box for box in picture.boxes if box.column == 0)
    assert (client.x > WIDTH // 2) is mirrored


def test_building_the_record_runs_the_same_number_of_queries_for_more_activities(khyber, now):
    make_recipient(khyber.pk, now)
    before = count_queries(khyber, now)
    for number in range(5):
        more = Purpose(
            client_id=khyber.pk,
            code=f"more_{number}",
            name_en="More",
            name_ur="مزید",
            description_en="More.",
            description_ur="مزید",
            categories=["contact_details", "usage_logs"],
        )
        change_register(more, actor=SETTING_UP, reason=Reason.ONBOARDING, at=now)
    assert count_queries(khyber, now) == before


def count_queries(client, at):
    with CaptureQueriesContext(connection) as queries:
        build_record(client, at=at, language="en")
    return len(queries)


def cells_of(kind, content):
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sheet: Any = load_workbook(io.BytesIO(content)).active
    return [list(row) for row in sheet.iter_rows()]


def test_page_and_files_say_the_ground_of_a_transfer_the_contacts_and_where_data_is_stored(cast, settings):
    settings.STORAGE_COUNTRIES = ["PK", "DE"]
    at = wall_clock_now()
    with in_client(cast.client_id("khyber")):
        client = cast.client("khyber")
        make_recipient(client.pk, at)
        code = name_contact(client, "dpo", at).subject.external_id
    browser = browser_of(cast.user("celia"))
    ground, contact = "Ravi Messaging: Standard contractual clauses (Art. 46(2)(c))", f"Data protection officer: {code}"
    text = browser.get(PAGE).text
    assert all(words in text for words in (ground, contact, "<p>PK, DE</p>"))
    assert "Zahid" not in text
    sheet = [[cell.value for cell in row] for row in cells_of("xlsx", browser.get(PAGE + "?as=xlsx").getvalue())]
    for headings, *rows in (sheet, cells_of("csv", browser.get(PAGE + "?as=csv").getvalue())):
        lines = [dict(zip(headings, row, strict=True)) for row in rows]
        assert {line["Contacts"] for line in lines} == {contact}
        assert {line["Countries of storage"] for line in lines} == {"PK, DE"}
        assert all(line["Client"].startswith(client.name) and line["Measures"] for line in lines)
        assert [line["Ground of a transfer"] for line in lines if line["Recipients"]] == [ground]


def test_hostile_cells_stay_text_in_both_files(cast):
    at = wall_clock_now()
    with in_client(cast.client_id("khyber")):
        make_recipient(cast.client_id("khyber"), at, name=HOSTILE)
        hostile = Purpose(
            client_id=cast.client_id("khyber"),
            code="hostile",
            name_en=HOSTILE,
            name_ur=HOSTILE,
            description_en="@SUM(1+1)",
            description_ur="+1",
            categories=["contact_details"],
        )
        change_register(hostile, actor=SETTING_UP, reason=Reason.REVIEW, at=at)
    browser = browser_of(cast.user("celia"))
    answer = browser.get(PAGE + "?as=xlsx")
    rows = cells_of("xlsx", answer.getvalue())
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "inlineStr"}
    assert not any(cell.data_type == "f" or cell.hyperlink for row in rows for cell in row)
    assert any("HYPERLINK" in str(row[0].value) for row in rows)
    lines = cells_of("csv", browser.get(PAGE + "?as=csv").getvalue())
    assert any("HYPERLINK" in line[0] for line in lines)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in lines for cell in line)


def test_the_page_shows_the_record_its_gaps_and_the_picture_with_its_description(cast):
    with in_client(cast.client_id("khyber")):
        make_recipient(cast.client_id("khyber"), wall_clock_now(), name="<script>alert(1)</script>")
    browser = browser_of(cast.user("celia"))
    text = browser.get(PAGE).text
    assert "<script>alert(1)" not in text
    for words in (
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        '<svg class="flows" role="img" aria-labelledby="panel-flows" aria-describedby="flow-words"',
        'id="flow-words"',
        "set a retention rule for",
    ):
        assert words in text
    document = json.loads(browser.get(PAGE + "?as=jsonld").getvalue())
    assert document["@id"].startswith("https://testserver/privacy/khyber/#record-")
    assert browser.get(PAGE + "?as=pdf").status_code == 404


def test_officers_choose_a_client_and_clients_see_their_own(cast):
    amina, farah = browser_of(cast.user("amina")), browser_of(cast.user("farah"))
    khyber = f"?client__id__exact={cast.client_id('khyber')}"
    assert "PakTaleem" in amina.get(PAGE).context["client"].name
    assert amina.get(PAGE + khyber).context["client"].code == "khyber"
    assert farah.get(PAGE + khyber).context["client"].code == "indus"


@pytest.mark.parametrize("name", ["celia", "amina"])
def test_the_card_takes_one_query_while_nothing_changes(cast, now, name):
    actor = cast.actor(name)
    with in_client(actor.client_id) if actor.client_id else as_officer():
        first = record_board(actor, now)
        with CaptureQueriesContext(connection) as queries:
            assert record_board(actor, now) == first
    assert len(queries) == 1


CHANGES = {
    "a recipient without countries": lambda client, at: make_recipient(client.pk, at, countries=""),
    "a retention rule": lambda client, at: make_rule(client.pk, "newsletter", "contact_details", at=at),
    "a high risk": lambda client, at: assess_impact(client.pk, risk="high", at=at),
    "a line of the data map": declare_held,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_counted_at_once(khyber, now, change):
    before = count_gaps(khyber.pk, at=now)
    CHANGES[change](khyber, now)
    found = len(find_gaps(build_record(khyber, at=now, language="en")))
    assert found != before
    assert count_gaps(khyber.pk, at=now) == found


def test_an_assessment_that_decisions_need_is_a_gap_until_two_people_made_it(cast, khyber, now):
    purpose = Purpose.objects.get(client_id=khyber.pk, code="newsletter")
    purpose.risks = ["sensitive", "matching"]
    change_register(purpose, actor=SETTING_UP, reason=Reason.REVIEW, at=now)

    def kinds():
        gaps = find_gaps(build_record(khyber, at=now, language="en"))
        return {gap.kind for gap in gaps if gap.purpose.code == "newsletter"} - {GapKind.NO_RETENTION, GapKind.NO_TERM}

    assert kinds() == {GapKind.DENIED}
    for risk, expected in (("high", {GapKind.HIGH_RISK}), ("low", set())):
        assess_impact(khyber.pk, risk=risk, at=now, by=cast.actor("celia"))
        assert kinds() == expected


def test_reminders_that_fall_due_are_counted(khyber, now):
    assess_impact(khyber.pk, at=now)
    before = count_gaps(khyber.pk, at=datetime(2027, 8, 31, 12, tzinfo=UTC))
    assert count_gaps(khyber.pk, at=datetime(2027, 9, 1, 12, tzinfo=UTC)) == before + 1


def test_gaps_are_a_card(cast):
    assert "Gaps in the record of processing" in browser_of(cast.user("celia")).get("/admin/").text
    assert "Gaps in the record" not in browser_of(cast.user("bilal")).get("/admin/").text
