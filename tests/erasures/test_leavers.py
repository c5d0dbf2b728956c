"""People who left, and about whom nothing is held any more, are erased by the portal itself after a period."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from consent.consents.services.restrictions import restrict_processing
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.merges.services import propose_merge
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import complete_erasure
from paktaleem.directory.people.services.people import end_other_claims
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.erasure_list import erasure_list
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.models import DisposalRun
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, place_hold
from rights.erasures.leavers import find_leaving, list_leavers
from rights.erasures.services.progress import erase_leavers
from tests.cast import Cast
from tests.consent.making import execute
from tests.erasures.steps import SYSTEM, proposed, waive_all
from tests.factories import SETTING_UP, SubjectFactory
from tests.keeping import dispose
from tests.retention.schedule.making import make_holding
from tests.rights.cases import AT, DAY, in_indus, received

DUE_AT = AT + 365 * DAY


def close(cast, name, at=AT, happened_at=None):
    about = {"kind": "account_closed", "happened_at": happened_at or at, "actor": SETTING_UP, "at": at}
    record_subject_event(cast.subject(name), **about)
    return cast.subject(name)


def find(person, at):
    return find_leaving(person, at=at)


def erase(cast, at, client="indus"):
    return erase_leavers(cast.client_id(client), actor=SYSTEM, at=at)


def leave_long_ago(*names, cast):
    long_ago = timezone.now() - timedelta(days=400)
    values = [long_ago, long_ago, [cast.subject_id(name) for name in names]]
    execute("UPDATE people_subject SET account_closed_at = %s, changed_at = %s WHERE id = ANY(%s)", *values)


def test_the_disposal_ends_the_sealed_fields_of_a_leaver(cast):
    with in_client(cast.client_id("indus")):
        leave_long_ago("hamza", cast=cast)
    dispose("leavers")
    with in_client(cast.client_id("indus")):
        assert cast.subject("hamza").is_being_erased, "the systems are asked first"
        assert cast.subject("junaid").is_recorded
        waive_all(cast, timezone.now())
        complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=timezone.now())
        hamza = cast.subject("hamza")
        assert (hamza.full_name, hamza.email, hamza.external_id) == (None, None, None)
        assert hamza.tombstone is not None
        assert not SubjectKey.objects.filter(subject=hamza).exists()
    assert [one.subject_id for one in erasure_list().intents().values()] == [hamza.pk, hamza.pk]
    with in_client(PAKTALEEM):
        assert DisposalRun.objects.get(kind="leavers").rows == 1


def test_the_period_is_a_year_after_the_account_closed(cast, indus):
    hamza = close(cast, "hamza")
    assert find(cast.subject("junaid"), at=AT) is None
    leaving = find(hamza, at=AT)
    assert (leaving.due_at, leaving.kept_for) == (DUE_AT, [])
    assert erase(cast, DUE_AT - DAY) == 0
    assert erase(cast, DUE_AT) == 1
    assert erase(cast, DUE_AT + DAY) == 0, "once"
    assert set(Order.objects.values_list("kind", "ground")) == {("erase", "retention_ended")}
    assert Entry.objects.filter(kind="subject.erasure_started").count() == 1


def test_a_closing_that_is_stated_late_erases_no_one_at_once(cast, indus):
    leaving = find(close(cast, "hamza", happened_at=AT - 900 * DAY), at=AT)
    assert leaving.due_at == DUE_AT


def test_who_comes_back_has_not_left(cast, indus):
    hamza = close(cast, "hamza")
    back = AT + 100 * DAY
    record_subject_event(hamza, kind="active", happened_at=back, actor=SETTING_UP, at=back)
    assert find(hamza, at=back) is None
    assert erase(cast, DUE_AT + 100 * DAY) == 0


def _hold(cast, hamza):
    scope = HoldScope(subject=hamza)
    about: dict[str, Any] = {"kind": HoldKind.COMPLAINT, "ground": "Case 12.", "review_on": (AT + 30 * DAY).date()}
    place_hold(cast.client("indus"), scope=scope, actor=cast.actor("farah"), at=AT, **about)


def _order(cast, hamza):
    spec = OrderSpec(
        kind=OrderKind.ERASE,
        categories=frozenset({"contact_details"}),
        reason=Reason.REVIEW,
        ground=Ground.RETENTION_ENDED,
        due_at=AT + DAY,
    )
    issue_orders(hamza, spec, actor=cast.actor("amina"), at=AT)


def _link(cast, hamza):
    other = SubjectFactory(client=cast.client("indus"), external_id="lms-hamza-2", role="instructor")
    told = {"actor": cast.actor("amina"), "reason": Reason.REVIEW, "at": AT}
    propose_merge(hamza, other, ground="One person, two records.", **told)


NEEDS: dict[str, Callable[[Cast, Subject], object]] = {
    "a hold or an incident": _hold,
    "an open request": lambda cast, _hamza: received(cast, identity=""),
    "an order without an answer": _order,
    "a proposed erasure": lambda cast, _hamza: proposed(cast),
    "a restriction": lambda cast, hamza: restrict_processing(
        hamza, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT
    ),
    "data at a system": lambda _cast, hamza: make_holding(hamza, "usage_logs", ["newsletter"], collected_at=AT),
    "a change that waits for a second person": _link,
}


@pytest.mark.parametrize("words", NEEDS)
def test_what_is_held_or_open_keeps_the_person(cast, indus, words):
    hamza = close(cast, "hamza")
    close(cast, "junaid")
    NEEDS[words](cast, hamza)
    leaving = find(hamza, at=DUE_AT)
    assert words in leaving.kept_for
    assert erase(cast, DUE_AT) == 1, "Junaid only"
    assert cast.subject("hamza").is_recorded


def test_the_guardian_of_a_child_of_whom_something_is_kept_stays_and_leaves_with_the_child(cast, indus):
    esra, late = cast.subject("esra"), DUE_AT + 100 * DAY
    assert find(esra, at=late) is None, "her child has not left"
    close(cast, "esra")
    assert (erase(cast, late), cast.subject("esra").is_recorded) == (0, True)
    kept = make_holding(close(cast, "danish"), "usage_logs", ["newsletter"], collected_at=AT)
    leaving = find(esra, at=late)
    assert leaving.kept_for == ["a child whose guardian they are"]
    assert erase(cast, late) == 0
    kept.ended_at = late
    kept.save()
    assert erase(cast, late) == 1, "Danish"
    assert erase(cast, late) == 0, "until he is erased"
    waive_all(cast, late)
    complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=late)
    assert erase(cast, late) == 1
    assert cast.subject("esra").is_being_erased


def test_a_guardian_without_an_account_leaves_with_the_last_relation(cast, indus):
    end_other_claims(cast.subject("danish"), named=[], actor=SETTING_UP, at=AT)
    leaving = find(cast.subject("esra"), at=AT)
    assert (leaving.due_at, leaving.kept_for) == (DUE_AT, [])
    assert erase(cast, DUE_AT) == 1


def test_a_guardian_whom_no_child_ever_had_leaves_a_year_after_the_registration(cast, indus):
    about = {"client": cast.client("indus"), "role": "guardian", "at": AT}
    lone = SubjectFactory(external_id="lms-lone", **about)
    SubjectFactory(external_id="lms-teacher", **{**about, "role": "instructor"})
    leaving = find(lone, at=AT)
    assert (leaving.due_at, leaving.kept_for) == (DUE_AT, [])
    assert erase(cast, DUE_AT - DAY) == 0
    assert [one.pk for one in list_leavers(DUE_AT)] == [lone.pk]


def test_another_record_of_the_same_person_keeps_both(cast, indus):
    hamza, iqra = close(cast, "hamza"), cast.subject("iqra")
    execute("UPDATE people_subject SET same_person = %s WHERE id = ANY(%s)", hamza.pk, [hamza.pk, iqra.pk])
    leaving = find(hamza, at=DUE_AT)
    assert leaving.kept_for == ["another record of the same person"]
    assert erase(cast, DUE_AT) == 0
    close(cast, "iqra")
    assert erase(cast, DUE_AT) == 2


def test_everyone_leaves_with_the_last_agreement(cast, indus):
    ends_at = datetime(2026, 12, 31, tzinfo=UTC)
    execute("UPDATE consent_serviceagreement SET ends_at = %s", ends_at)
    junaid = cast.subject("junaid")
    assert find(junaid, at=ends_at - DAY) is None
    leaving = find(junaid, at=ends_at)
    assert leaving.due_at == ends_at + 365 * DAY
    execute("UPDATE consent_serviceagreement SET exit_until = %s", ends_at + 90 * DAY)
    leaving = find(junaid, at=ends_at)
    assert leaving.due_at == ends_at + 455 * DAY


def test_the_page_of_the_person_says_the_day_and_what_keeps_them(cast, sign_in):
    with in_client(cast.client_id("indus")):
        hamza = close(cast, "hamza")
    browser = sign_in("farah")
    url = f"/admin/people/subject/{hamza.pk}/change/"
    assert "Erased from 2027-10-01 on" in unescape(browser.get(url).content.decode())
    received(cast)
    page = unescape(browser.get(url).content.decode())
    assert "Erased from 2027-10-01 on, once nothing keeps it: an open request" in page


def test_the_page_of_an_open_account_says_the_day_once_the_agreements_ended(cast, sign_in):
    in_indus(cast, lambda: execute("UPDATE consent_serviceagreement SET ends_at = signed_at + interval '1 day'"))
    page = unescape(sign_in("amina").get(f"/admin/people/subject/{cast.subject_id('hamza')}/change/").content.decode())
    assert "Erased from 20" in page
