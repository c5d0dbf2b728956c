"""How far the emails to the people of a breach are, for the list of work in progress."""

from datetime import datetime, timedelta

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from retention.breaches.models import Audience, BreachLetter, BreachNotice, BreachPerson
from retention.breaches.services.letters import INFORM_PEOPLE

_LOOKED_BACK = timedelta(days=30)


def measure_letter(row: BreachLetter) -> Progress:
    """Return how many people on the letter's list are informed, or could not be; two queries."""
    total = BreachPerson.objects.filter(client_id=row.client_id, assessment=row.assessment_id).count()
    notices = BreachNotice.objects.filter(client_id=row.client_id, letter=row)
    found = notices.aggregate(people=Count("subject_id", distinct=True), latest=Max("at"))
    ended = (found["latest"] or row.sent_at) if found["people"] >= total else None
    return Progress(found["people"], total, row.sent_at, ended, started_by=row.actor_id)


def _list_rows(since: datetime) -> QuerySet[BreachLetter]:
    rows = BreachLetter.objects.filter(audience=Audience.PEOPLE, sent_at__gte=since - _LOOKED_BACK)
    return rows.defer("text", "text_ur").order_by("-sent_at", "-pk")


long_acts.connect(
    LongAct(
        "breaches.breachletter",
        _("Emails about a breach"),
        frozenset({INFORM_PEOPLE}),
        Capability.VIEW_BREACHES,
        _list_rows,
        measure_letter,
        lambda row: reverse("admin:breaches_breach_change", args=[row.breach_id]),
    )
)
