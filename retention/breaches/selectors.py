"""Breaches, and whose data they concern by the holdings."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Max, Q

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.first_rows import FirstRows, take_first
from paktaleem.foundation.tenancy.rows import SqlValues
from retention.breaches.models import Breach, BreachAssessment, BreachLetter, BreachNotice, BreachPerson, Outcome
from retention.data_map.models import MapLine

HELD_DURING = """
FROM holdings_holding h
JOIN people_subject s ON s.client_id = h.client_id AND s.id = h.subject_id
LEFT JOIN data_systems_system y ON y.client_id = h.system_owner AND y.id = h.system_id
WHERE h.client_id = %(client)s AND s.erased_at IS NULL
    AND h.first_collected_at <= %(until)s AND (h.ended_at IS NULL OR h.ended_at >= %(since)s)
    AND (cardinality(%(categories)s::text[]) = 0 OR h.category = ANY(%(categories)s::text[]))
    AND (cardinality(%(systems)s::text[]) = 0 OR y.code = ANY(%(systems)s::text[]))
"""
"""Holdings of a client that existed in the time of a breach, of its categories and systems."""
_NAMED = 20
_COUNT = f"""
SELECT y.name, h.category, count(DISTINCT h.subject_id), coalesce(sum(h.count), 0), grouping(h.category)
{HELD_DURING}
GROUP BY GROUPING SETS ((y.name, h.category), ())
ORDER BY 5 DESC, 3 DESC, 1, 2
"""
_RESIDENCES = f"""
SELECT s.country {HELD_DURING} AND s.country <> ''
UNION
SELECT s.country FROM breaches_breachassessment a
JOIN breaches_breachperson p ON p.client_id = a.client_id AND p.assessment_id = a.id
JOIN people_subject s ON s.client_id = p.client_id AND s.id = p.subject_id
WHERE a.client_id = %(client)s AND a.breach_id = %(breach)s AND s.country <> ''
ORDER BY 1
"""  # noqa: S608 -- constants


class AffectedCount(NamedTuple):
    """How many people and records of a category a system held; the total has neither system nor category.

    ``is_reported`` is False if the system declares in the data map that it holds the category, and reported nothing.
    """

    system: str
    category: str
    people: int
    records: int
    is_reported: bool = True


class NoticeCount(NamedTuple):
    """How far a letter to people is: people on its list, those done, those whom no email can reach, the last one."""

    people: int
    done: int
    unreachable: int
    latest: datetime | None


def held_values(breach: Breach) -> SqlValues:
    """Return the values of ``HELD_DURING`` for a breach."""
    return {
        "client": breach.client_id,
        "since": breach.happened_from,
        "until": breach.ended_at,
        "categories": list(breach.categories),
        "systems": list(breach.systems),
    }


def count_affected(breach: Breach, *, actor: Actor) -> list[AffectedCount]:
    """Count people and records by system and category, the total first (each person once), for two queries.

    Categories that a system only declares come last. Raises NotAllowed.
    """
    require(actor, Capability.VIEW_CLIENT_RECORDS, breach.client_id)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, held_values(breach))
        counts = [
            AffectedCount(name or "", code or "", people, int(records)) for name, code, people, records, _ in cursor
        ]
    lines = MapLine.objects.filter(client_id=breach.client_id).exclude(ended_at__lt=breach.happened_from)
    lines = lines.filter(category__in=breach.categories) if breach.categories else lines
    lines = lines.filter(system__code__in=breach.systems) if breach.systems else lines
    declared = set(lines.order_by().values_list("system__name", "category"))
    only_declared = sorted(declared - {(one.system, one.category) for one in counts})
    return [*counts, *(AffectedCount(name, code, 0, 0, is_reported=False) for name, code in only_declared)]


def list_residences(breach: Breach) -> list[str]:
    """List the countries where the people concerned live, by the holdings and the lists of assessments."""
    with connection.cursor() as cursor:
        cursor.execute(_RESIDENCES, {**held_values(breach), "breach": breach.pk})
        return [country for (country,) in cursor]


def find_assessment(breach: Breach) -> BreachAssessment | None:
    """Return the latest assessment of a breach, if any."""
    return BreachAssessment.objects.filter(client_id=breach.client_id, breach=breach).first()


def find_list_to_write_to(breach: Breach) -> BreachAssessment | None:
    """Return the latest assessment if it says that people are informed and no letter was written to its list."""
    latest = find_assessment(breach)
    if latest is None or latest.outcome != Outcome.PEOPLE:
        return None
    written = BreachLetter.objects.filter(client_id=breach.client_id, breach=breach, assessment=latest)
    return None if written.exists() else latest


def must_write_to_people(breach: Breach) -> bool:
    """Return True if people are to be informed and no letter was written to the same people as on the latest list."""
    latest = find_assessment(breach)
    if latest is None or latest.outcome != Outcome.PEOPLE:
        return False
    own = {"client_id": breach.client_id, "breach": breach}
    return not BreachLetter.objects.filter(**own, assessment__list_hash=latest.list_hash).exists()


def count_notices(letter: BreachLetter) -> NoticeCount:
    """Count how many people of its list a letter has reached; two queries in its client's context."""
    own = BreachNotice.objects.filter(client_id=letter.client_id, letter=letter).aggregate(
        done=Count("subject_id", distinct=True), unreachable=Count("pk", filter=Q(recipient=None)), latest=Max("at")
    )
    people = BreachPerson.objects.filter(client_id=letter.client_id, assessment=letter.assessment_id).count()
    return NoticeCount(people, **own)


def list_unreached(letter: BreachLetter) -> FirstRows[Subject]:
    """List the first of the people whom no email could reach, by LMS id; one query in its client's context."""
    own = BreachNotice.objects.filter(client_id=letter.client_id, letter=letter, recipient=None)
    found = own.select_related("subject").order_by("subject__external_id", "subject_id")
    return take_first(found, _NAMED).map(lambda notice: notice.subject)
