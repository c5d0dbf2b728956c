"""A quarantine does not end by hand while an incident needs it, whichever code calls the service."""

import pytest

from children.guardians.models import Quarantine
from children.guardians.services import QuarantineNeeded, quarantine, release
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Incident
from retention.holdings.services import close_manually


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


def test_another_persons_incident_does_not_matter(cast, report, now):
    amina, hamza = cast.actor("amina"), cast.subject("hamza")
    report("danish")
    quarantine(hamza, cause="report", actor=amina, at=now)
    assert release(hamza, actor=amina, at=now).ends_at == now
