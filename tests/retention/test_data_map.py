"""The data map: a system declares what it holds, the client confirms it, and the portal compares it with reports."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.agreements.duties import DUTIES
from consent.agreements.selectors import list_breached
from consent.agreements.services import attest_duties, remind_of_duties
from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import Delivery, Order, System, SystemKey
from paktaleem.directory.data_systems.services.fulfilment import (
    NotByHand,
    accept_order,
    complete_order,
)
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.data_systems.services.registering import end_system_key
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import approve_readmission, erase_subject, request_readmission
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.operations import list_table_policies
from paktaleem.foundation.tenancy.tables import Personal
from retention.data_map.models import MapLine
from retention.data_map.portal import list_portal_holdings
from retention.data_map.selectors import Declaration, compare, draw_map
from retention.data_map.services import confirm_line, declare_line, declare_map, end_line
from retention.holdings.models import Holding
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.inventories.models import AskedFor, Inventory, InventoryLine
from retention.inventories.selectors import get_basis
from retention.inventories.services import (
    ANSWER_WITHIN,
    MOST_ASKED,
    MOST_NAMED,
    Count,
    InventoryAnswered,
    add_people,
    answer_inventory,
    decide_difference,
    list_sample,
    order_inventories,
    order_inventory,
    order_monthly,
)
from retention.schedule.selectors import list_due_of_person
from rights.erasures.models import Certificate
from tests.console.pages import row_url
from tests.erasures.steps import AFTER, approved, certified, go_on, second
from tests.factories import SETTING_UP, OrderSpecFactory, SubjectFactory, make_system
from tests.keeping import default_period, dispose
from tests.rights.test_intake import at_once
from tests.signing_in import browser_of

LOGS: dict[str, Any] = {"category": "usage_logs", "roles": ["student"], "purposes": ["support"], "countries": ["PK"]}
LOGS |= {"found_by": "lms_id"}
URL = "/api/v1/data-map"


@pytest.fixture
def lms(indus):
    return System.objects.get(client=indus, code="lms")


@pytest.fixture
def declare(cast, indus, lms, now):
    """Return a function by which the learning platform declares its map; it returns the lines."""

    def declare(*lines, at=now):
        declared = [Declaration(**one) for one in lines]
        return declare_map(lms, declared, client_id=indus.pk, actor=cast.key_actor("indus"), at=at)

    return declare


@pytest.fixture
def client_admin(cast, now):
    return {"actor": cast.actor("farah"), "reason": Reason.REVIEW, "at": now}


def test_the_client_confirms_a_declared_line_for_a_year(declare, client_admin, now):
    [line] = declare(LOGS)
    assert MapLine.objects.to_confirm(now).get() == line
    confirm_line(line, **client_admin)
    assert not MapLine.objects.to_confirm(now + timedelta(days=364)).exists()
    assert MapLine.objects.to_confirm(now + timedelta(days=365)).get() == line
    kinds = Entry.objects.filter(kind__startswith="data_map.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["data_map.declared", "data_map.confirmed"]


def test_a_line_that_stays_unconfirmed_is_reminded_of_and_breaches_the_agreement(
    cast, indus, declare, client_admin, now
):
    [line], farah = declare(LOGS), cast.actor("farah")
    attest_duties(indus, [duty.code for duty in DUTIES], notice_url="https://indus.example/", actor=farah, at=now)
    due = now + timedelta(days=30)
    assert not list_breached(at=due)
    assert remind_of_duties(indus.pk, actor=SETTING_UP, at=due)
    assert list_breached(at=due + timedelta(days=1)) == [indus.pk]
    confirm_line(line, **client_admin | {"at": due + timedelta(days=1)})
    assert not list_breached(at=due + timedelta(days=1))


def test_a_changed_line_is_confirmed_again_and_an_unchanged_one_is_not(declare, client_admin, now):
    [line] = declare(LOGS)
    confirm_line(line, **client_admin)
    declare(LOGS | {"roles": ["student", "student"]})
    assert not MapLine.objects.to_confirm(now).exists()
    declare(LOGS | {"countries": ["PK", "IE"]})
    assert MapLine.objects.to_confirm(now).get().countries == ["IE", "PK"]
    assert [one.countries for one in MapLine.history.filter(id=line.pk).order_by("history_id")][-1] == ["IE", "PK"]


def test_a_category_that_is_left_out_ends(declare, now):
    declare(LOGS, LOGS | {"category": "contact_details"})
    [kept] = declare(LOGS)
    assert MapLine.objects.get(ended_at=now).category == "contact_details"
    assert MapLine.objects.current().get() == kept


def test_staff_add_change_and_end_a_line(indus, lms, client_admin):
    line = declare_line(MapLine(client=indus, system=lms, **LOGS), **client_admin)
    with pytest.raises(ValidationError, match="has a line for this category"):
        declare_line(MapLine(client=indus, system=lms, **LOGS), **client_admin)
    end_line(line, **client_admin)
    for act in (confirm_line, declare_line):
        with pytest.raises(Refused):
            act(line, **client_admin)
    declare_line(MapLine(client=indus, system=lms, **LOGS), **client_admin)


def test_the_pages_of_an_ended_line_name_its_codes(sign_in, cast):
    by: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.REVIEW, "at": wall_clock_now()}
    with in_client(cast.client_id("indus")):
        lms = System.objects.get(code="lms")
        line = end_line(declare_line(MapLine(client=cast.client("indus"), system=lms, **LOGS), **by), **by)
    for page in ("change", "history"):
        text = sign_in("farah").get(row_url("data_map/mapline", line.pk, page)).text.partition('id="content"')[2]
        assert all(name in text for name in ("Use of the platform and activity logs", "Student", "Support", "Pakistan"))
        assert not any(code in text for code in ("usage_logs", "student", ">PK<", "lms_id"))


def test_an_officer_does_not_confirm_for_a_client(cast, declare, now):
    [line] = declare(LOGS)
    with pytest.raises(Refused, match="client confirms"):
        confirm_line(line, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    with pytest.raises(NotAllowed):
        confirm_line(line, actor=cast.actor("celia"), reason=Reason.REVIEW, at=now)


def test_the_map_shows_what_is_declared_and_what_is_reported(cast, indus, declare, report, now):
    report("danish")
    report("danish", "contact_details")
    declare(LOGS)
    make_system(indus, "library", ["content"])
    drawn = draw_map(cast.actor("farah"), indus.pk, at=now)
    rows = {row.system.code: row.cells for row in drawn.rows}
    found = {one.category: (one.line is not None, one.people) for one in rows["lms"]}
    assert (found["usage_logs"], found["contact_details"]) == ((True, 1), (False, 1))
    assert {one.category for one in rows["library"] if one.is_registered} == {"content"}
    assert {tuple(one.category for one in row) for row in rows.values()} == {drawn.categories}


def test_the_portal_is_a_system_of_the_map_by_what_its_tables_declare(cast, indus, now, django_assert_num_queries):
    drawn = draw_map(cast.actor("farah"), indus.pk, at=now)
    found = {one.code: one.categories.keys() for one in drawn.portal}
    assert found["person"] == {"contact_details", "organisation"}
    assert found["request_texts"] == {"support_communications"}
    assert {"evidence", "packages", "roster_files", "leavers", "logged_decisions"} <= found.keys()
    assert not {"staff_accounts", "sessions", "jobs_done", "decision_counts", "change_feed"} & found.keys()
    assert set(drawn.categories) >= set().union(*found.values())
    assert set().union(*found.values()) <= set(DataCategory.objects.values_list("code", flat=True))
    person = next(one for one in list_portal_holdings() if one.line.kind.code == "person")
    assert {"full_name", "email", "birth_date"} <= {one.code for part in person.sections for one in part.columns}
    with django_assert_num_queries(1):
        list_portal_holdings()


def test_each_table_about_people_is_a_holding_of_the_portal(indus):
    held = {one.line.kind.code for one in list_portal_holdings()}
    policies = list_table_policies()
    missing = [
        table
        for table, policy in policies.items()
        if Personal.SEALED in policy.personal.values() and policy.disposed_as not in {*held, ""}
    ]
    assert not missing


def test_a_preview_names_the_effect(indus, lms, declare, report):
    declare(LOGS, LOGS | {"category": "contact_details"})
    report("danish")
    changed = Declaration(**LOGS | {"category": "contact_details", "roles": ["instructor"]})
    effect = compare(lms, [changed, Declaration(**LOGS | {"category": "content"})], client_id=indus.pk)
    assert [*effect.items()] == [
        *(("added", ["content"]), ("changed", ["contact_details"])),
        *(("ended", ["usage_logs"]), ("undeclared", ["usage_logs"])),
    ]


def test_a_system_declares_its_map_over_the_api_for_its_client_only(indus_lms, khyber_lms):
    assert indus_lms.get(URL).json() == {"system": "lms", "lines": []}
    preview = indus_lms.put(URL, {"lines": [LOGS], "preview": True}).json()
    assert (preview["added"], preview["lines"]) == (["usage_logs"], [])
    saved = indus_lms.put(URL, {"lines": [LOGS | {"countries": ["pk"]}]}).json()
    assert [(one["countries"], one["confirmed_at"]) for one in saved["lines"]] == [(["PK"], None)]
    assert (indus_lms.get(URL).json()["lines"], khyber_lms.get(URL).json()["lines"]) == (saved["lines"], [])
    assert indus_lms.put(URL, {"lines": []}).json()["ended"] == ["usage_logs"]


@pytest.mark.parametrize(
    ("field", "wrong", "allowed"),
    [
        ("category", "billing", "contact_details, content, usage_logs"),
        ("purposes", ["sale"], "support"),
        ("countries", ["Pakistan"], ""),
        ("countries", ["p1"], "ISO 3166"),
        ("countries", ["PK", "XX"], "ISO 3166"),
        ("roles", [], ""),
        ("found_by", "name", ""),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(indus_lms, field, wrong, allowed):
    answer = indus_lms.put(URL, {"lines": [LOGS, LOGS | {"category": "content", field: wrong}]})
    [error] = answer.json()["errors"]
    assert (answer.status_code, allowed in error["detail"]) == (400, True)
    assert error["pointer"].startswith(f"#/lines/1/{field}")
    assert not indus_lms.get(URL).json()["lines"]


def test_a_category_is_declared_once(indus_lms):
    answer = indus_lms.put(URL, {"lines": [LOGS, LOGS]})
    assert answer.json()["errors"] == [{"detail": "Name each category once.", "pointer": "#/lines/1/category"}]


def test_the_persons_tab_names_what_is_declared_and_not_reported(cast, indus_lms):
    hamza, esra = (f"/admin/people/subject/{cast.subject_id(one)}/change/?tab=holdings" for one in ("hamza", "esra"))
    open_page = browser_of(cast.user("farah")).get
    indus_lms.put(URL, {"lines": [LOGS, LOGS | {"category": "content", "roles": ["guardian"]}]})
    named = "not reported about this person"
    assert (named in open_page(hamza).text, "Uploaded content" in open_page(hamza).text) == (True, False)
    use = {"category": "usage_logs", "occasion": "assessment", "purpose": "support", "count": 1}
    use |= {"subject": "lms-hamza", "collected_at": wall_clock_now().isoformat()}
    assert indus_lms.post("/api/v1/collections", use).status_code == 201
    assert named not in open_page(hamza).text
    assert "Uploaded content" in open_page(esra).text


def test_a_key_without_a_system_declares_nothing(cast, indus_lms, now):
    with in_client(cast.client_id("indus")):
        end_system_key(SystemKey.objects.get(), actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    assert indus_lms.put(URL, {"lines": []}).json()["type"].endswith(":no-system")


def test_first_declarations_at_the_same_time_make_one_line(committed, now):
    key, client_id = committed.key_actor("indus"), committed.client_id("indus")

    def declare(_number):
        with in_client(client_id):
            lms = System.objects.get(client_id=client_id, code="lms")
            return declare_map(lms, [Declaration(**LOGS)], client_id=client_id, actor=key, at=now)[0].pk

    assert len({*at_once(8, declare)}) == 1


# Inventories: what systems count, compared with what they reported; silent, late and lying systems.


INVENTORIES = "/api/v1/inventories"


def hash_of(external_id):
    return hashlib.sha256(external_id.encode()).hexdigest()


@pytest.fixture
def inventory(indus, lms, now):
    [made] = order_inventories(indus.pk, [lms], asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=now)
    return made


@pytest.fixture
def answer(cast, inventory, now):
    """Return a function by which the learning platform answers with these counts, else 0; it returns the lines."""

    def answer(*, at=now, people=(), **counts):
        by = {"actor": cast.key_actor("indus"), "at": at}
        for category, names in dict(people).items():
            add_people(inventory, category, [hash_of(name) for name in names], **by)
        codes = InventoryLine.objects.filter(inventory=inventory).values_list("category", flat=True)
        answer_inventory(inventory, [Count(code, counts.get(code, 0)) for code in codes], **by)
        return {line.category: line for line in InventoryLine.objects.filter(inventory=inventory)}

    return answer


@pytest.fixture
def farah(cast, now):
    return {"actor": cast.actor("farah"), "at": now}


def test_a_count_as_reported_is_no_difference(report, answer, now):
    report("danish")
    line = answer(usage_logs=1)["usage_logs"]
    assert (line.counted, line.expected, line.missing, line.is_difference) == (1, 1, None, False)
    assert not InventoryLine.objects.undecided(now).exists()
    kinds = Entry.objects.filter(kind__startswith="inventory.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["inventory.ordered", "inventory.answered"]


def test_another_count_is_a_difference_until_staff_decide(report, answer, farah, now):
    report("danish")
    line = answer(usage_logs=3)["usage_logs"]
    assert InventoryLine.objects.undecided(now).get() == line
    decide_difference(line, decision="explained", ground="Two test accounts.", **farah)
    assert not InventoryLine.objects.undecided(now).exists()
    with pytest.raises(Refused, match="decided already"):
        decide_difference(line, decision="explained", ground="Again.", **farah)


def test_people_named_by_hash_show_who_is_missing_unexpected_or_erased(cast, report, answer, farah, now):
    report("danish")
    report("esra")
    erased = cast.subject("hamza").external_id
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    line = answer(usage_logs=3, people={"usage_logs": ["lms-danish", "lms-stranger", erased]})["usage_logs"]
    assert (line.expected, line.missing, line.unexpected, line.still_held) == (2, 1, 1, 1)
    assert line.id_hashes == [hash_of(erased), hash_of("lms-stranger")]
    decided = decide_difference(line, decision="erased", ground="The system erased it.", **farah)
    assert InventoryLine.objects.get(pk=decided.pk).id_hashes == []


def test_a_holding_says_whether_its_system_named_the_person_in_the_last_inventory(cast, declare, report, answer, now):
    def said(person="danish"):
        [due] = list_due_of_person(cast.subject(person), actor=cast.actor("farah"), at=now)
        return get_basis(due.holding).describe()

    report("danish")
    assert said() == "Reported · Not confirmed"
    declare(LOGS)
    assert said() == "Reported, declared · Not confirmed"
    answer(at=now + timedelta(hours=1), usage_logs=1, people={"usage_logs": ["lms-danish"]})
    assert said() == f"Reported, declared · Confirmed by the system on {now:%Y-%m-%d}"
    report("hamza", at=now + timedelta(hours=2), collected_at=now - timedelta(days=1))
    assert said("hamza") == "Reported, declared · Not confirmed", "reported after the inventory"
    InventoryLine.objects.update(missing=1)
    assert said() == "Reported, declared · Not confirmed"


def test_an_erased_person_whom_a_lying_system_still_holds_is_named_by_its_own_hash(cast, report, answer, now):
    report("hamza")
    lms_id = cast.subject("hamza").external_id
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    line = answer(usage_logs=1, people={"usage_logs": [lms_id]})["usage_logs"]
    assert (line.expected, line.counted, line.still_held, line.unexpected) == (0, 1, 1, 0)


def test_no_hash_of_a_person_outlasts_their_erasure(cast, inventory, answer, now):
    hamza = cast.subject("hamza")
    add_people(inventory, "content", [hash_of(hamza.external_id)], actor=cast.key_actor("indus"), at=now)
    answer(usage_logs=2, content=1, people={"usage_logs": [hamza.external_id, "lms-stranger"]})
    erase_subject(hamza, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    lines = InventoryLine.objects.filter(inventory=inventory)
    assert [one for line in lines for one in line.id_hashes] == [hash_of("lms-stranger")]


def erase(cast, *names, at):
    for name in names:
        erase_subject(cast.subject(name), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=at)


def order_again(cast, system, at):
    [made] = order_inventories(cast.client_id("indus"), [system], asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=at)
    return made


def answer_sample(cast, made, still_held, at):
    counts = [Count(code, 0) for code in made.system.categories]
    return answer_inventory(made, counts, still_held=still_held, actor=cast.key_actor("indus"), at=at)


def test_a_system_is_asked_about_the_erased_people_that_it_knew_until_it_answers(cast, lms, report, farah, now):
    for name in ("danish", "hamza", "iqra"):
        report(name)
    erase(cast, "danish", "hamza", "junaid", at=now)
    later = now + timedelta(days=1)
    made = order_again(cast, lms, later)
    billing = order_again(cast, System.objects.get(code="billing"), later)
    erase(cast, "iqra", at=later + timedelta(hours=1))
    danish, hamza, iqra = (hash_of(f"lms-{name}") for name in ("danish", "hamza", "iqra"))
    assert (list_sample(made), list_sample(billing)) == (sorted([danish, hamza]), [])
    with pytest.raises(ValidationError) as caught:
        answer_sample(cast, made, [hash_of("lms-stranger")], later)
    assert list(caught.value.message_dict) == ["still_held"]
    made = answer_sample(cast, made, [danish], later)
    assert (made.erased_asked, made.erased_held, list_sample(made)) == (2, 1, [])
    assert answer_sample(cast, made, [danish, danish], later) == made
    for other in ([], [hamza]):
        with pytest.raises(InventoryAnswered):
            answer_sample(cast, made, other, later)
    [line] = InventoryLine.objects.undecided(later).filter(category="")
    assert (line.inventory, line.still_held, line.id_hashes) == (made, 1, [danish])
    assert decide_difference(line, decision="erased", ground="Deleted today.", **farah).id_hashes == []
    assert list_sample(order_again(cast, lms, later + timedelta(days=30))) == [iqra]


def test_who_is_not_said_of_is_asked_again_and_who_was_readmitted_is_not(cast, lms, report, now):
    report("danish")
    report("hamza")
    erase(cast, "danish", "hamza", at=now)
    made = answer_sample(cast, order_again(cast, lms, now), None, now)
    assert (made.erased_asked, made.erased_held) == (2, None)
    by = {"actor": cast.actor("amina"), "at": now}
    row = request_readmission("lms-danish", ground="They came back.", client_id=lms.client_id, **by)
    approve_readmission(row, actor=second(cast), at=now)
    assert list_sample(order_again(cast, lms, now + timedelta(days=30))) == [hash_of("lms-hamza")]


def test_at_most_ten_erased_people_are_kept_for_their_period(cast, indus, lms, now):
    spec = OrderSpecFactory(kind="erase", categories=["content"], at=now)
    for _ in range(MOST_ASKED + 1):
        person = SubjectFactory(client=indus)
        issue_orders(person, spec, only_to=[lms], actor=SETTING_UP, at=now)
        erase_subject(person, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    assert len(list_sample(order_again(cast, lms, now))) == MOST_ASKED


def test_hashes_of_erased_people_are_deleted_after_their_period(cast):
    period, client_id = default_period("erased_ids"), cast.client_id("indus")
    with in_client(client_id):
        lms = System.objects.get(code="lms")
        for age in (period, period - timedelta(hours=1)):
            at = timezone.now() - age
            spec = OrderSpecFactory(kind="erase", categories=["content"], at=at)
            person = SubjectFactory(client=cast.client("indus"))
            issue_orders(person, spec, only_to=[lms], actor=SETTING_UP, at=at)
            erase_subject(person, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=at)
    assert [dispose("erased_ids"), dispose("erased_ids")] == [1, 0]


def test_hashes_about_which_no_one_decides_are_deleted_after_their_period(cast):
    period, client_id = ANSWER_WITHIN + default_period("inventory_hashes"), cast.client_id("indus")
    with in_client(client_id):
        library = make_system(Client.objects.get(pk=client_id), "library", ["content"])
        for system, age in ((System.objects.get(code="lms"), period), (library, period - timedelta(hours=1))):
            at = timezone.now() - age
            [made] = order_inventories(client_id, [system], asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=at)
            add_people(made, "content", [hash_of("lms-stranger")], actor=cast.key_actor("indus"), at=at)
    assert [dispose("inventory_hashes"), dispose("inventory_hashes")] == [1, 0]
    with in_client(client_id):
        assert InventoryLine.objects.exclude(id_hashes=[]).get().inventory.system == library


def test_the_same_answer_changes_nothing_and_another_is_refused(report, answer):
    report("danish")
    before = answer(usage_logs=1)["usage_logs"]
    assert answer(usage_logs=1)["usage_logs"] == before
    with pytest.raises(InventoryAnswered):
        answer(usage_logs=2)


# The platform says that it erased Hamza, and counts Danish nowhere; the library is late; billing never answers.
def test_a_silent_a_late_and_a_lying_system_in_a_year(cast, clock, now):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        key, lms = cast.key_actor("indus"), System.objects.get(client=client_id, code="lms")
        make_system(cast.client("indus"), "library", ["content"])
        use = {"category": "usage_logs", "occasion": "assessment", "purpose": "support", "collected_at": now}
        report_collection(cast.subject("danish"), CollectionReport(**use), actor=key, at=now)
    proposal = approved(cast)
    with in_client(client_id):
        started = go_on(proposal, AFTER)
        for order in Order.objects.filter(system=lms, subject=started.subject):
            done = Answer(Outcome.DONE, counts=dict.fromkeys(order.categories, 1))
            complete_order(accept_order(order, actor=key, at=AFTER), done, actor=key, at=AFTER)
        erasure = certified(cast, started, AFTER)
    for month in range(12):
        asked_at = AFTER + relativedelta(months=month, days=1)
        for code, at in (("lms", asked_at), ("library", asked_at + ANSWER_WITHIN + timedelta(days=2))):
            clock.move_to(at, tick=False)
            with in_client(client_id):
                order_monthly(client_id, SETTING_UP, at)
                for made in Inventory.objects.open().filter(system__code=code).select_related("system"):
                    counts = [Count(category, 0) for category in made.system.categories]
                    still_held = list_sample(made) if code == "lms" else []
                    answer_inventory(made, counts, still_held=still_held, actor=key, at=at)
    with in_client(client_id):
        library, billing = (System.objects.get(code=code) for code in ("library", "billing"))
        assert InventoryLine.objects.undecided(at).filter(inventory__system=lms).count() == 13
        [held] = InventoryLine.objects.filter(category="")
        assert (held.inventory.asked_at, held.id_hashes) == (AFTER + timedelta(days=1), [hash_of("lms-hamza")])
    open_page = browser_of(cast.user("farah")).get
    pages = {one.code: open_page(row_url("data_systems/system", one.pk)).text for one in (lms, library, billing)}
    assert [page.count("Answered late") for page in pages.values()] == [0, 12, 0]
    assert (pages["lms"].count("To be decided"), pages["billing"].count("Overdue")) == (13, 1)
    overdue = open_page("/admin/inventories/inventory/?progress=overdue").text
    assert (str(billing) in overdue, str(library) in overdue) == (True, False)
    assert "An erased person" in open_page("/admin/inventories/inventoryline/?progress=undecided").text
    assert "Reported · Not confirmed" in open_page("/admin/holdings/holding/").text
    first = open_page("/admin/").text
    assert ("Inventories overdue" in first, "Differences in inventories" in first) == (True, True)
    assert "Verified and certified" in open_page(row_url("erasures/erasureproposal", erasure.pk)).text
    with in_client(client_id):
        systems = read_body(Certificate.objects.get(proposal=erasure))["systems"]
    rests_on = {one["system"]: {line["rests_on"] for line in one["lines"]} for one in systems}
    assert rests_on == {"lms": {"confirmed"}, "library": {"not_confirmed"}, "billing": {"not_confirmed"}}


def test_staff_order_an_inventory_once_and_enter_the_numbers_of_a_system_by_hand(cast, indus, lms, farah):
    made = order_inventory(lms, reason=Reason.REVIEW, **farah)
    with pytest.raises(Refused, match="inventory to answer"):
        order_inventory(lms, reason=Reason.REVIEW, **farah)
    counts = [Count(code, 0) for code in lms.categories]
    with pytest.raises(NotByHand):
        answer_inventory(made, counts, **farah)
    with pytest.raises(NotAllowed):
        answer_inventory(made, counts, actor=cast.actor("celia"), at=farah["at"])
    by_hand = make_system(indus, "library", ["content"], delivery=Delivery.BY_HAND)
    answered = answer_inventory(order_inventory(by_hand, reason=Reason.REVIEW, **farah), [Count("content", 0)], **farah)
    assert answered.answered_at == farah["at"]


def test_of_orders_at_the_same_time_one_is_made(committed, now):
    client_id = committed.client_id("indus")

    def order(_number):
        with in_client(client_id):
            lms = System.objects.get(client_id=client_id, code="lms")
            return len(order_inventories(client_id, [lms], asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=now))

    assert sorted(at_once(6, order)) == [0, 0, 0, 0, 0, 1]


def test_more_people_than_a_line_keeps_are_refused_by_their_field(cast, inventory, now):
    [category] = InventoryLine.objects.filter(inventory=inventory).values_list("category", flat=True)[:1]
    by = {"actor": cast.key_actor("indus"), "at": now}
    assert add_people(inventory, category, [f"{one:064x}" for one in range(MOST_NAMED)], **by) == MOST_NAMED
    with pytest.raises(ValidationError) as caught:
        add_people(inventory, category, ["f" * 64], **by)
    assert list(caught.value.message_dict) == ["id_hashes"]
    assert add_people(inventory, category, ["0" * 64], **by) == MOST_NAMED


def test_a_client_without_people_gets_no_orders(cast, now):
    with in_client(cast.client_id("khyber")):
        for person in Subject.objects.filter(client_id=cast.client_id("khyber")):
            erase_subject(person, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
        order_monthly(cast.client_id("khyber"), SETTING_UP, now)
        assert not Inventory.objects.exists()


@pytest.fixture
def ordered(cast, now):
    """Order an inventory of the learning platform, one of whose people it reported; return it and the categories."""
    with in_client(cast.client_id("indus")):
        lms = System.objects.get(client_id=cast.client_id("indus"), code="lms")
        collected = CollectionReport(
            category="usage_logs", occasion="assessment", purpose="support", collected_at=now - timedelta(hours=1)
        )
        report_collection(cast.subject("danish"), collected, actor=cast.key_actor("indus"), at=now)
        [made] = order_inventories(lms.client_id, [lms], asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=now)
    return made, sorted(lms.categories)


@pytest.mark.parametrize(("days", "late"), [(0, 0), (1, 1)])
def test_the_page_of_a_system_names_late_answers(cast, ordered, days, late):
    made, categories = ordered
    with in_client(made.client_id):
        counts, at = [Count(code, 0) for code in categories], made.due_at + timedelta(days=days)
        answer_inventory(made, counts, actor=cast.key_actor("indus"), at=at)
    page = browser_of(cast.user("farah")).get(f"/admin/data_systems/system/{made.system_id}/change/").text
    assert "The latest inventories of the system" in page
    assert page.count("Answered late") == late


def test_a_system_answers_over_the_api_for_its_client_only(indus_lms, khyber_lms, ordered):
    inventory, categories = ordered
    [listed] = indus_lms.get(INVENTORIES).json()["inventories"]
    assert (listed["id"], listed["answered_at"]) == (str(inventory.pk), None)
    assert [line["category"] for line in listed["lines"]] == categories
    people, answer = (f"{INVENTORIES}/{inventory.pk}/{path}" for path in ("people", "answer"))
    batch = {"category": "usage_logs", "id_hashes": [hash_of("lms-danish")] * 2}
    foreign = khyber_lms.post(people, batch)
    assert (foreign.status_code, foreign.json()["type"]) == (404, "urn:paktaleem:problem:inventory-unknown")
    assert indus_lms.post(people, batch).json() == {"category": "usage_logs", "people": 1}
    counts = [{"category": code, "people": int(code == "usage_logs")} for code in categories]
    answered = indus_lms.post(answer, {"counts": counts}).json()
    [line] = [line for line in answered["lines"] if line["category"] == "usage_logs"]
    assert line == {
        "category": "usage_logs",
        "counted": 1,
        "expected": 1,
        "missing": 0,
        "unexpected": 0,
        "still_held": 0,
        "id_hashes": [],
    }
    assert indus_lms.post(answer, {"counts": counts}).json() == answered
    assert indus_lms.post(people, batch).json()["type"].endswith(":inventory-answered")


def test_a_system_says_over_the_api_of_whom_it_still_holds_data(cast, indus_lms, ordered):
    made, categories = ordered
    with in_client(made.client_id):
        erase(cast, "danish", at=made.asked_at)
    [asked] = indus_lms.get(INVENTORIES).json()["inventories"]
    danish = hash_of("lms-danish")
    assert (asked["sample"], asked["still_held"]) == ([danish], [])
    counts = [{"category": code, "people": 0} for code in categories]
    answer = f"{INVENTORIES}/{made.pk}/answer"
    [error] = indus_lms.post(answer, {"counts": counts, "still_held": [hash_of("lms-esra")]}).json()["errors"]
    assert error["pointer"] == "#/still_held"
    answered = indus_lms.post(answer, {"counts": counts, "still_held": [danish]}).json()
    assert (answered["sample"], answered["still_held"]) == ([], [danish])
    assert len(answered["lines"]) == len(categories)
    page = browser_of(cast.user("farah")).get("/admin/inventories/inventoryline/?progress=undecided").text
    assert "An erased person" in page


def test_a_bad_answer_names_the_field(indus_lms, ordered):
    inventory, categories = ordered
    people, answer = (f"{INVENTORIES}/{inventory.pk}/{path}" for path in ("people", "answer"))
    good = [{"category": code, "people": 0} for code in categories]
    for counts, name in (
        ([*good, {"category": "marks", "people": 1}], f"#/counts/{len(good)}/category"),
        ([*good, good[0]], f"#/counts/{len(good)}/category"),
        (good[1:], "#/counts"),
        ([{"category": "usage_logs", "people": -1}], "#/counts/0/people"),
    ):
        problem = indus_lms.post(answer, {"counts": counts})
        assert (problem.status_code, [one["pointer"] for one in problem.json()["errors"]]) == (400, [name])
    for batch, name in (
        ({"category": "usage_logs", "id_hashes": ["ABC"]}, "#/id_hashes/0"),
        ({"category": "marks", "id_hashes": ["0" * 64]}, "#/category"),
    ):
        problem = indus_lms.post(people, batch)
        assert (problem.status_code, [one["pointer"] for one in problem.json()["errors"]]) == (400, [name])
    indus_lms.post(people, {"category": good[0]["category"], "id_hashes": ["0" * 64]})
    [error] = indus_lms.post(answer, {"counts": good}).json()["errors"]
    assert error["pointer"] == "#/counts/0/people"


def test_ten_thousand_people_are_compared_in_one_statement_as_plain_sql_finds_them(cast, indus, lms, inventory, now):
    with connection.cursor() as cursor:
        for first in range(1, 10_001, 1_000):  # its triggers join new people without statistics
            cursor.execute(
                "INSERT INTO people_subject"
                " (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at)"
                " SELECT gen_random_uuid(), %(c)s, 'bulk-' || n, 'student', 'en', true, %(at)s, %(at)s"
                " FROM generate_series(%(first)s, %(first)s + 999) n",
                {"c": indus.pk, "at": now, "first": first},
            )
        cursor.execute(
            "INSERT INTO holdings_holding (id, client_id, subject_id, category, system_id, system_owner, occasions,"
            " purposes, count, first_collected_at, last_collected_at)"
            " SELECT gen_random_uuid(), client_id, id, 'usage_logs', %s, %s, '[]', '[]', 1, %s, %s FROM people_subject"
            " WHERE external_id LIKE 'bulk-%%'",
            [lms.pk, lms.client_id, now, now],
        )
    by = {"actor": cast.key_actor("indus"), "at": now}
    named = [f"bulk-{number}" for number in range(8, 10_008)]  # seven are missing, seven were never reported
    add_people(inventory, "usage_logs", map(hash_of, named), **by)
    counts = [Count(code, 10_000 if code == "usage_logs" else 0) for code in lms.categories]
    with CaptureQueriesContext(connection) as queries:
        answer_inventory(inventory, counts, **by)
    line = InventoryLine.objects.get(inventory=inventory, category="usage_logs")
    assert (line.expected, line.missing, line.unexpected) == (10_000, 7, 7)
    assert sum("holdings_holding" in query["sql"] for query in queries) == 1
    held = Holding.objects.held().filter(system=lms, category="usage_logs")
    known = set(held.values_list("subject__external_id", flat=True))
    assert len(known - set(named)) == line.missing
    assert line.id_hashes == sorted(hash_of(name) for name in set(named) - known)


def test_the_database_refuses_a_decision_without_a_ground_and_a_second_open_inventory(inventory, lms, now):
    line = InventoryLine.objects.filter(inventory=inventory)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        InventoryLine.objects.filter(pk=line.pk).update(decided_at=now, decided_by=lms.pk, decision="explained")
    with pytest.raises(IntegrityError), transaction.atomic():
        Inventory.objects.create(
            client_id=inventory.client_id,
            system=lms,
            system_owner=lms.client_id,
            asked_for=AskedFor.MONTHLY,
            asked_at=now,
            due_at=now + timedelta(days=1),
        )
