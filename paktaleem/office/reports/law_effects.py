"""Effects of a coming period of a law profile at a client, counted before it takes effect."""

from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import batched
from zoneinfo import ZoneInfo

from paktaleem.directory.people.ages import is_child
from paktaleem.directory.people.details import SubjectDetails, threshold_reached_at
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealers_of
from paktaleem.directory.people.services.people import open_details
from paktaleem.foundation.accounts.models import Client
from retention.breaches.models import Breach
from rights.requests.models import RightsRequest

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Effect:
    """Numbers at one client: requests and breaches that keep their dates, and people for whom a guardian decides.

    ``new_children`` need a guardian from the day on, ``no_longer_children`` decide for themselves. ``new_consents``:
    people to whom marketing needs consent from the day on.
    """

    requests_kept: int
    breaches_kept: int
    new_children: int
    no_longer_children: int
    new_consents: int


def measure_effect(client: Client, day: date, *, at: datetime) -> Effect:
    """Count what the law of a coming ``day`` changes, by the ages on that day; requires the client's context.

    Every birth date is opened and none is shown. A stored due date stays, so that open requests and breaches keep it.
    """
    start = datetime.combine(day, time.min, ZoneInfo(client.time_zone))
    after, more, fewer, consents = copy(client), 0, 0, 0
    after.law_on = day
    people = Subject.objects.filter(client=client, erased_at=None).order_by("id")
    for batch in batched(people.iterator(_AT_ONCE), _AT_ONCE):
        sealers = sealers_of(client.id, [person.id for person in batch])
        for person in batch:
            details = open_details(person, sealers[person.id])
            before, then = (_counts_as_child(details, rules, start) for rules in (client, after))
            more, fewer = more + (then and not before), fewer + (before and not then)
            did_need = client.contact_law.needs_consent(person.country, is_child=before)
            consents += after.contact_law.needs_consent(person.country, is_child=then) and not did_need
    return Effect(
        requests_kept=RightsRequest.objects.undelivered().filter(client_id=client.pk).count(),
        breaches_kept=Breach.objects.running(at).filter(client_id=client.pk).count(),
        new_children=more,
        no_longer_children=fewer,
        new_consents=consents,
    )


def _counts_as_child(details: SubjectDetails, client: Client, at: datetime) -> bool:
    threshold = client.thresholds.of(details.country)
    moment = threshold_reached_at(details, threshold=threshold, time_zone=client.time_zone, at=at)
    return is_child(details.roles, moment, at=at, serves_minors=client.serves_minors)
