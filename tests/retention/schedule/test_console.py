"""The schedule in the console: the effect before saving, holds, gaps, the person's table and spreadsheet."""

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from consent.register.models.purposes import Purpose
from paktaleem.foundation.accounts.changes import find_waiting
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import FlaggedCollection, IncidentCause
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.holdings.services.incidents import open_incident
from retention.schedule.models import Hold, HoldKind, RetentionRule
from retention.schedule.selectors import list_due_of_person
from retention.schedule.services import HoldScope, lift_hold, place_hold
from tests.console.pages import shows_effect_only
from tests.factories import SETTING_UP
from tests.retention.schedule.making import DAY, make_holding, make_rule
from tests.signing_in import browser_of

RULES = "/admin/schedule/retentionrule/"


@pytest.fixture
def farah(cast):
    return browser_of(cast.user("farah"))


@pytest.fixture
def amina(cast):
    return browser_of(cast.user("amina"))


def fill(cast, **values):
    purpose = cast.get(Purpose, code="newsletter", client_id=cast.client_id("indus"))
    return {
        "category": "contact_details",
        "purpose": str(purpose.pk),
        "role": "",
        "trigger": "collected",
        "period": "P30D",
        "action": "delete",
        "ground_en": "The letter is monthly.",
        "ground_ur": "خط ماہانہ ہے۔",
        "reason": "review",
        **values,
    }


def test_the_effect_is_shown_first_and_the_rule_saved_on_the_second_submission(cast, farah):
    with in_client(cast.client_id("indus")):
        old = timezone.now() - 400 * DAY
        make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=old)
    first = farah.post(f"{RULES}add/", fill(cast))
    text = first.text
    assert first.status_code == 200
    assert "Nothing is saved yet" in text
    assert shows_effect_only(text)
    assert not shows_effect_only(farah.post(f"{RULES}add/", fill(cast, period="soon")).text)
    assert re.search(r"Due now</th>\s*<td>1</td>", text)
    assert not cast.has(RetentionRule, client_id=cast.client_id("indus"))
    [seen] = re.findall(r'name="seen" value="(\w+)"', text)
    changed = farah.post(f"{RULES}add/", fill(cast, period="P10D", seen=seen))
    assert "Nothing is saved yet" in changed.text
    saved = farah.post(f"{RULES}add/", fill(cast, seen=seen))
    assert saved.status_code == 302
    assert cast.get(RetentionRule, client_id=cast.client_id("indus")).period == "P30D"


@pytest.mark.parametrize(("period", "is_said"), [("P30D", False), ("P9Y", True)])
def test_the_effect_of_a_longer_rule_says_that_consents_are_outdated(cast, farah, period, is_said):
    with in_client(cast.client_id("indus")):
        make_rule(cast.client_id("indus"), "newsletter", "contact_details", at=timezone.now(), period="P1Y")
    effect = farah.post(f"{RULES}add/", fill(cast, period=period)).text
    assert "What it changes" in effect
    assert ("earlier consents to the purpose are outdated" in effect) is is_said


def test_a_disposal_without_review_waits_for_a_second_person_with_its_ground(cast, farah, amina):
    values = fill(cast, is_automatic="on")
    [seen] = re.findall(r'name="seen" value="(\w+)"', farah.post(f"{RULES}add/", values).text)
    assert 'name="ground"' in farah.post(f"{RULES}add/", {**values, "seen": seen}).text
    waiting = farah.post(f"{RULES}add/", {**values, "seen": seen, "ground": "The letters are copies."})
    assert "The letters are copies." in farah.get(waiting["Location"]).text
    approve = re.sub("change/$", "approve/", waiting["Location"])
    assert amina.post(approve, {"reason": "review"}).status_code == 302
    assert cast.get(RetentionRule, client_id=cast.client_id("indus")).is_automatic


def test_purposes_of_the_same_name_are_offered_with_their_client(cast, amina, farah):
    page = amina.get(f"{RULES}add/").text
    offered = re.findall(r"<option value=\"[^\"]+\">(Newsletter.*|Support.*)</option>", page)
    assert {"Newsletter (Indus Schools Network)", "Newsletter (Khyber Institute)", "Support"} <= set(offered)
    assert len(offered) == len(set(offered))
    assert "Newsletter</option>" in farah.get(f"{RULES}add/").text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"period": "P0D"}, "above zero"),
        ({"period": "six months"}, "above zero"),
        ({"category": "billing"}, "does not need this data category"),
        ({"maximum": "P1Y"}, "Only PakTaleem sets bounds"),
        ({"action": "anonymise"}, "Name the method"),
        ({"starts_at_0": "2020-01-01", "starts_at_1": "00:00:00"}, "must not be in the past"),
    ],
)
def test_a_broken_rule_is_refused_beside_its_field(cast, farah, values, words):
    answer = farah.post(f"{RULES}add/", fill(cast, **values))
    assert answer.status_code == 200
    assert words in answer.text
    assert "Due now" not in answer.text


def test_ending_a_rule_shows_what_then_has_no_date(cast, farah):
    client_id, at = cast.client_id("indus"), timezone.now()
    with in_client(client_id):
        rule = make_rule(client_id, "newsletter", "contact_details", at=at)
        make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=at - DAY)
    text = farah.get(f"{RULES}{rule.pk}/end/").text
    assert re.search(r"Without a due date yet</th>\s*<td>1</td>", text)
    assert "Counted as if it had ended today" in text
    assert farah.post(f"{RULES}{rule.pk}/end/", {"reason": "review"}).status_code == 302
    with in_client(client_id):
        assert RetentionRule.objects.get(pk=rule.pk).ends_at is not None


def test_an_end_in_the_form_shows_what_then_has_no_date(cast, farah):
    client_id, at = cast.client_id("indus"), timezone.now()
    with in_client(client_id):
        rule = make_rule(client_id, "newsletter", "contact_details", at=at - DAY)
        make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=at - 400 * DAY)
    page, given = f"{RULES}{rule.pk}/change/", {"ends_at_0": "2099-01-01", "ends_at_1": "00:00:00", "reason": "review"}
    text = farah.post(page, given).text
    assert re.search(r"Due now</th>\s*<td>0</td>", text)
    assert re.search(r"Without a due date yet</th>\s*<td>1</td>", text)
    assert "Counted as if it had ended today" in text
    [seen] = re.findall(r'name="seen" value="(\w+)"', text)
    assert farah.post(page, {**given, "seen": seen}).status_code == 302
    text = farah.post(page, {"reason": "review"}).text
    assert re.search(r"Due now</th>\s*<td>1</td>", text)
    assert "Counted as if it were in force today" in text


def test_the_first_page_names_gaps_and_what_waits(cast, farah, amina):
    client, now = None, timezone.now()
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        collected = CollectionReport(
            category="usage_logs", occasion="assessment", purpose="newsletter", collected_at=now - DAY
        )
        report_collection(cast.subject("junaid"), collected, actor=SETTING_UP, at=now)
        given = {"scope": HoldScope(), "ground": "Case 12.", "actor": cast.actor("farah")}
        review_on = (now - 30 * DAY).date()
        hold = place_hold(client, kind=HoldKind.LEGAL, review_on=review_on, at=now - 60 * DAY, **given)
        lift_hold(hold, ground="Judgment.", actor=cast.actor("farah"), at=now)
    text = farah.get("/admin/").text
    assert "kept without end: Name and contact details, Use of the platform and activity logs" in text
    for title in ("Data without a retention rule", "Flagged collections", "Holds to be reviewed", "A hold is lifted"):
        assert title in text
    assert "kept without end: Name and contact details, " in amina.get("/admin/").text


def test_a_person_is_put_on_hold_and_their_page_says_until_when(cast, farah):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        junaid = cast.subject("junaid")
        make_rule(junaid.client_id, "newsletter", "contact_details", at=now, trigger="collected", period="P1Y")
        make_holding(junaid, "contact_details", ["newsletter"], collected_at=now - DAY)
        make_holding(junaid, "usage_logs", ["product_research"], collected_at=now - DAY)
    page = f"/admin/people/subject/{cast.subject_id('junaid')}/"
    text = farah.get(f"{page}change/?tab=holdings").text
    assert "Newsletter: 1 year after “Last collection” on" in text
    assert "No rule: not disposed of" in text
    given = {"kind": "complaint", "ground": "Complaint 7.", "category": "contact_details", "review_on": "2099-01-01"}
    assert farah.post(f"{page}place-hold/", given).status_code == 302
    assert cast.get(Hold).subject_id == cast.subject_id("junaid")
    assert "Complaint, to be reviewed on 2099-01-01" in farah.get(f"{page}change/?tab=holdings").text


def test_a_person_with_very_much_data_has_a_link_to_all_of_it(cast, amina):
    with in_client(cast.client_id("indus")):
        at = timezone.now() - DAY
        for number in range(200):
            make_holding(cast.subject("junaid"), f"category_{number:03}", ["support"], collected_at=at)
        make_holding(cast.subject("hamza"), "usage_logs", ["support"], collected_at=at)
    page = f"/admin/people/subject/{cast.subject_id('junaid')}/change/?tab=holdings"
    assert "Only the first" not in amina.get(page).text
    with in_client(cast.client_id("indus")):
        make_holding(cast.subject("junaid"), "category_200", ["support"], collected_at=at)
        assert len(list_due_of_person(cast.subject("junaid"), actor=cast.actor("amina"), at=at)) == 201
    text = amina.get(page).text
    assert "category_199" in text
    assert "category_200" not in text
    [link] = re.findall(r'Only the first 200 are shown. <a href="([^"]+)">', text)
    every = amina.get(link).text
    assert "category_200" in every
    assert "Use of the platform" not in every


def test_the_days_of_a_persons_data_are_those_of_the_client(cast, amina):
    collected_at = datetime(2026, 10, 1, 20, tzinfo=UTC)
    with in_client(cast.client_id("indus")):
        make_holding(cast.subject("junaid"), "usage_logs", ["support"], collected_at=collected_at)
    text = amina.get(f"/admin/people/subject/{cast.subject_id('junaid')}/change/?tab=holdings").text
    assert text.count('<td class="when">2026-10-02</td>') == 2


def test_an_incident_that_is_overdue_says_so(cast, amina):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        for name, opened_at in (("danish", now - 8 * DAY), ("hamza", now)):
            open_incident(cast.subject(name), {"device"}, cause=IncidentCause.REVEALED, at=opened_at)
    text = amina.get("/admin/holdings/incident/").text
    assert re.findall(r">(Open|Overdue)</span>", text) == ["Open", "Overdue"]


def offers(browser, url, act):
    return f"{url}{act}/" in browser.get(f"{url}change/").text


def test_the_lift_of_a_hold_is_offered_to_the_side_that_may_lift_it_and_once(cast, farah, amina):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        given: Any = {"kind": HoldKind.LEGAL, "ground": "Case 12.", "review_on": (now + 30 * DAY).date(), "at": now}
        own, officers = (
            place_hold(cast.client("indus"), scope=HoldScope(), actor=cast.actor(name), **given)
            for name in ("farah", "amina")
        )
    of_client, of_officers = (f"/admin/schedule/hold/{hold.pk}/" for hold in (own, officers))
    seen = {
        (name, url): offers(browser, url, "lift")
        for name, browser in (("farah", farah), ("amina", amina))
        for url in (of_client, of_officers)
    }
    assert [key for key, is_offered in seen.items() if is_offered] == [("farah", of_client), ("amina", of_officers)]
    assert "Every category · Every system" in farah.get(f"{of_client}change/").text
    with in_client(cast.client_id("indus")):
        lift_hold(own, ground="Judgment.", actor=cast.actor("farah"), at=now)
        lift_hold(officers, ground="Judgment.", actor=cast.actor("amina"), at=now)
        first, second = find_waiting(own).get(), find_waiting(officers).get()
    assert (offers(farah, of_client, "lift"), offers(amina, of_officers, "lift")) == (False, False)
    lifts = [f"/admin/accounts/proposedchange/{lift.pk}/" for lift in (first, second)]
    assert f"{of_client}change/" in amina.get(f"{lifts[0]}change/").text
    assert [offers(farah, url, "approve") for url in lifts] == [False, False], "requested, and of the other side"
    assert [offers(amina, url, "approve") for url in lifts] == [True, False]
    assert [offers(farah, url, "decline") for url in lifts] == [True, True]


def test_the_page_of_a_person_names_the_holds_in_force(cast, farah):
    now = timezone.now()
    page = f"/admin/people/subject/{cast.subject_id('junaid')}/change/"
    assert "panel-holds" not in farah.get(page).text
    with in_client(cast.client_id("indus")):
        given: Any = {"ground": "Case 12.", "review_on": (now + 30 * DAY).date(), "actor": SETTING_UP, "at": now}
        junaid = HoldScope(subject=cast.subject("junaid"), category="usage_logs")
        for kind, scope in (("complaint", junaid), ("legal", HoldScope())):
            place_hold(cast.client("indus"), kind=kind, scope=scope, **given)
    text = farah.get(page).text
    assert "Every category · Every system" in text
    assert "Use of the platform and activity logs · Every system" in text


def test_a_flagged_collection_is_decided(cast, farah):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        collected = CollectionReport(
            category="usage_logs", occasion="assessment", purpose="newsletter", collected_at=now - DAY
        )
        report_collection(cast.subject("junaid"), collected, actor=SETTING_UP, at=now)
        flagged = FlaggedCollection.objects.get()
    url = f"/admin/holdings/flaggedcollection/{flagged.pk}/"
    assert "category not covered" in farah.get(f"{url}change/").text
    assert farah.post(f"{url}decide/", {"decision": "disposed", "ground": "Not needed."}).status_code == 302
    text = farah.get(f"{url}change/").text
    assert all(words in text for words in ("Not needed.", "client administrator", "Erase the data"))


def test_the_schedule_is_a_page_and_a_spreadsheet(cast, farah, amina):
    text = farah.get(f"{RULES}schedule/").text
    assert all(words in text for words in ("Companies Act 2017, section 220", "3 lines have no rule"))
    sheet: Any = load_workbook(io.BytesIO(b"".join(farah.get(f"{RULES}schedule/file/").streaming_content))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:2] == ["Data category", "Purpose"]
    assert ["Billing and payment", "Keeping the law", "Every role", "Last collection", "10 years", "P10Y"] in [
        row[:6] for row in rows
    ]
    assert ["Finished jobs of the worker", "The end of the job", "1 day"] in [[row[0], row[3], row[4]] for row in rows]
    chosen = amina.get(f"{RULES}schedule/?client__id__exact={cast.client_id('indus')}").text
    assert "Indus Schools Network" in chosen
    shared = amina.get(f"{RULES}schedule/").text
    assert "Newsletter" not in shared


def test_the_privacy_page_publishes_the_schedule_in_both_languages(cast, client):
    with in_client(cast.client_id("indus")):
        make_rule(cast.client_id("indus"), "newsletter", "contact_details", at=timezone.now(), period="P18M")
    english = client.get("/privacy/indus/?lang=en").text
    for words in (
        "How long data is kept",
        "Finished jobs of the worker",
        "<strong>18 months</strong>, counted from: Last collection",
        "no period is set yet",
    ):
        assert words in english
    urdu = client.get("/privacy/indus/?lang=ur").text
    assert "جانچ کے لیے۔" in urdu
    assert "How long data is kept" not in urdu
    assert "18 months" not in client.get("/privacy/khyber/?lang=en").text


def test_holdings_are_counted_by_category_and_age(cast, farah, amina):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        for name, age in (("junaid", 10), ("hamza", 500), ("iqra", 3000)):
            make_holding(cast.subject(name), "content", ["support"], collected_at=now - age * DAY)
    page = farah.get("/admin/holdings/holding/picture/")
    assert page.context["lines"] == [("Uploaded content and work", [1, 1, 0, 0, 1], 3)]
    assert not amina.get("/admin/holdings/holding/picture/").context["lines"]
