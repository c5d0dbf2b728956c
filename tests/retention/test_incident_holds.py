"""A hold keeps a child's data in quarantine: it is erased once the hold is lifted, and the incident says which hold."""

from datetime import timedelta

import pytest

from children.guardians.models.mechanisms import Quarantine
from children.invitations.services.inviting import purge_old_contacts
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome, StepRefused
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Incident, IncidentCause
from retention.holdings.services.holdings import DataOnHold
from retention.holdings.services.incidents import close_manually, open_incident
from retention.schedule.models import HoldKind, HoldLift
from retention.schedule.services.holds import HoldScope, lift_hold, place_hold, settle_lift
from tests.console.pages import row_url
from tests.factories import make_system
from tests.keeping import default_period
from tests.retention.schedule.making import lift_hold_by_two
from tests.signing_in import browser_of

DAY = timedelta(days=1)


@pytest.fixture
def hold(cast, indus, now):
    def hold(person="danish", *, kind=HoldKind.COMPLAINT, category="", system=None):
        subject = cast.subject(person) if person else None
        return place_hold(
            indus,
            kind=kind,
            scope=HoldScope(subject=subject, category=category, system=system),
            ground="Case 4/26.",
            review_on=(now + 30 * DAY).date(),
            actor=cast.actor("farah"),
            at=now,
        )

    return hold


def ordered():
    return sorted(category for order in Order.objects.filter(kind="erase") for category in order.categories)


def is_quarantined(cast):
    return Quarantine.objects.filter(subject=cast.subject("danish"), ends_at=None).exists()


def test_a_legal_hold_keeps_the_data_in_quarantine_until_two_people_lift_it(cast, report, hold, now):
    placed = hold(kind=HoldKind.LEGAL)
    _, incident = report("danish")
    assert (incident.held, ordered(), is_quarantined(cast)) == (["usage_logs"], [], True)
    with pytest.raises(DataOnHold):
        close_manually(incident, actor=cast.actor("amina"), at=now)
    lift_hold(placed, ground="Judgment.", actor=cast.actor("farah"), at=now + DAY)
    assert ordered() == [], "a second person has not agreed"
    settle_lift(HoldLift.objects.get(), approve=True, reason="review", actor=cast.actor("amina"), at=now + DAY)
    assert (Incident.objects.get().held, ordered()) == ([], ["usage_logs"])
    answer(cast, now + DAY)
    assert (Incident.objects.get().is_open, is_quarantined(cast)) == (False, False)


def answer(cast, at):
    key = cast.key_actor("indus")
    for order in Order.objects.open().filter(kind="erase"):
        done = Answer(Outcome.DONE, counts=dict.fromkeys(order.categories, 3))
        complete_order(accept_order(order, actor=key, at=at), done, actor=key, at=at)


def test_only_what_the_hold_covers_is_kept_and_the_incident_stays_open_for_it(cast, report, hold, now):
    placed = hold(None, category="usage_logs")
    _, incident = report("danish", "usage_logs")
    report("danish", "content")
    assert (Incident.objects.get().held, ordered()) == (["usage_logs"], ["content"])
    answer(cast, now)
    assert (Incident.objects.get().is_open, is_quarantined(cast)) == (True, True)
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert ordered() == ["content", "usage_logs"]
    assert Order.objects.open().get(kind="erase").parent_id == incident.pk


def test_a_hold_of_one_system_keeps_only_what_that_system_has(cast, indus, report, hold, now):
    reports, archive = (make_system(indus, code, ["usage_logs"]) for code in ("reports", "archive"))
    make_system(indus, "billing", ["billing"])
    placed = hold(system=archive)
    _, incident = report("danish")
    asked = Order.objects.filter(kind="erase").values_list("system__code", flat=True)
    assert (incident.held, sorted(asked)) == (["usage_logs"], ["lms", reports.code])
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert (Incident.objects.get().held, sorted(asked.all())) == ([], ["archive", "lms", "reports"])


def test_a_hold_of_a_system_without_the_data_keeps_nothing(cast, indus, report, hold):
    hold(system=make_system(indus, "billing", ["billing"]))
    _, incident = report("danish")
    assert (incident.held, ordered()) == ([], ["usage_logs"])


@pytest.mark.parametrize("scope", [{}, {"person": None}, {"person": None, "category": "usage_logs"}])
def test_a_hold_recalls_the_orders_of_an_incident(cast, report, hold, now, scope):
    report("danish")
    first, second = hold(**scope), hold()
    order = Order.objects.get(kind="erase")
    assert (order.state, Incident.objects.get().is_open) == ("recalled", True)
    with pytest.raises(StepRefused):
        accept_order(order, actor=cast.key_actor("indus"), at=now)
    for placed, state in ((first, "recalled"), (second, "queued")):
        lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
        order.refresh_from_db()
        assert order.state == state
    answer(cast, now)
    assert not Incident.objects.get().is_open


def test_the_page_of_the_incident_says_which_hold(cast, now):
    with in_client(cast.client_id("indus")):
        danish, indus = cast.subject("danish"), cast.client("indus")
        told = {"ground": "Case 4/26.", "review_on": (now + 30 * DAY).date(), "actor": cast.actor("farah"), "at": now}
        place_hold(indus, kind=HoldKind.LEGAL, scope=HoldScope(subject=danish), **told)
        archive = HoldScope(subject=danish, system=make_system(indus, "archive", ["usage_logs"]))
        place_hold(indus, kind=HoldKind.COMPLAINT, scope=archive, **told)
        incident = open_incident(danish, {"usage_logs"}, cause=IncidentCause.COLLECTED, at=now)
    page = browser_of(cast.user("amina")).get(row_url("retention/incident", incident.pk)).content.decode()
    assert "Use of the platform and activity logs; Legal hold, to be reviewed on 2026-10-31: Case 4/26." in page
    assert "Complaint (Archive), to be reviewed on 2026-10-31: Case 4/26." in page
    assert "Close the incident" not in page


def test_data_under_two_holds_waits_for_both(cast, report, hold, now):
    first, second = hold(), hold(None, category="usage_logs")
    report("danish")
    lift_hold_by_two(first, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert (Incident.objects.get().held, ordered()) == (["usage_logs"], [])
    lift_hold_by_two(second, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert ordered() == ["usage_logs"]


def test_a_hold_of_another_person_or_category_keeps_nothing(report, hold):
    hold("junaid")
    hold(category="billing")
    _, incident = report("danish")
    assert (incident.held, ordered()) == ([], ["usage_logs"])


def test_the_contact_of_a_guardian_on_hold_is_kept(cast, hold, settings):
    esra = cast.subject("esra")
    late = esra.changed_at + default_period("guardians_unasked")
    worker, placed = system_actor("tests"), hold("esra")
    assert purge_old_contacts(esra.client_id, actor=worker, at=late) == 0
    assert cast.subject("esra").email is not None
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=late)
    assert purge_old_contacts(esra.client_id, actor=worker, at=late) == 1
