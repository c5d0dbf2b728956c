"""The data map: a system declares what it holds, the client confirms it, and the portal compares it with reports."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from consent.agreements.duties import DUTIES
from consent.agreements.selectors import list_breached
from consent.agreements.services import attest_duties, remind_of_duties
from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System, SystemKey
from paktaleem.directory.data_systems.services.registering import end_system_key
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.operations import list_table_policies
from paktaleem.foundation.tenancy.tables import Personal
from retention.data_map.models import MapLine
from retention.data_map.portal import list_portal_holdings
from retention.data_map.selectors import Declaration, compare, draw_map
from retention.data_map.services import confirm_line, declare_line, declare_map, end_line
from tests.console.pages import row_url
from tests.factories import SETTING_UP, make_system
from tests.rights.test_intake import at_once

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
    found = {one.category: (one.line is not None, one.people, one.is_undeclared) for one in rows["lms"]}
    assert (found["usage_logs"], found["contact_details"]) == ((True, 1, False), (False, 1, True))
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
    """A table that has a person's sealed data is in the copy, or its kind of data is in the map."""
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
