"""A quarantine does not end by hand while an incident needs it, whichever code calls the service."""

import pytest
from django.db import transaction

from children.guardians.models.mechanisms import Quarantine
from children.guardians.services.conflicts import QuarantineNeeded, quarantine, release
from consent.register.services.safeguards import decide_safeguard_change
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Incident
from retention.holdings.services.incidents import close_manually
from retention.holdings.services.releasing import request_release
from tests.consent.approving import officer


def test_a_report_is_not_released_while_an_incident_is_open(cast, report, now):
    amina, danish = cast.actor("amina"), cast.subject("danish")
    quarantine(danish, cause="report", actor=amina, at=now)
    report("danish")
    with pytest.raises(QuarantineNeeded):
        release(danish, actor=amina, at=now)
    assert Quarantine.objects.get().ends_at is None
    assert not Entry.objects.filter(kind="subject.released").exists()


def test_the_incidents_own_quarantine_is_not_released_either(cast, report, now):
    report("danish")
    with pytest.raises(QuarantineNeeded):
        release(cast.subject("danish"), actor=cast.actor("amina"), at=now)
    assert Quarantine.objects.get().ends_at is None


def test_an_incident_that_closes_ends_the_quarantine(cast, report, now):
    amina = cast.actor("amina")
    _, incident = report("danish", category="device")
    close_manually(incident, actor=amina, at=now)
    assert not Incident.objects.get().is_open
    assert Quarantine.objects.get().ends_at == now


def test_a_quarantine_ends_by_two_officers(cast, indus, now):
    amina, danish = cast.actor("amina"), cast.subject("danish")
    held = quarantine(danish, cause="report", actor=amina, at=now)
    change = request_release(held, ground="The report was about another child.", actor=amina, at=now)
    for other, refusal in (("amina", ApproverIsRequester), ("farah", NotAllowed)):
        with pytest.raises(refusal), transaction.atomic():
            decide_safeguard_change(change, approve=True, actor=cast.actor(other), at=now)
    assert Quarantine.objects.get().ends_at is None
    decide_safeguard_change(change, approve=True, actor=officer(), at=now)
    assert Quarantine.objects.get().ends_at == now


def test_an_incident_is_closed_by_two_officers(cast, report, now):
    _, incident = report("danish", category="device")
    change = request_release(incident, ground="No system has it.", actor=cast.actor("amina"), at=now)
    assert Incident.objects.get().is_open
    decide_safeguard_change(change, approve=True, actor=officer(), at=now)
    assert (Incident.objects.get().is_open, Quarantine.objects.get().ends_at) == (False, now)


def test_another_persons_incident_does_not_matter(cast, report, now):
    amina, hamza = cast.actor("amina"), cast.subject("hamza")
    report("danish")
    quarantine(hamza, cause="report", actor=amina, at=now)
    assert release(hamza, actor=amina, at=now).ends_at == now
