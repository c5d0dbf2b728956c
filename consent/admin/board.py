"""What the register and consents put on the first page."""

from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.urls import reverse

from consent.models import BalancingTest, ConsentEvent, ConsentState, Restriction, ServiceAgreement
from paktaleem.accounts.actors import Actor
from paktaleem.accounts.roles import Capability
from paktaleem.console.site import Card, site
from paktaleem.subjects.models import Subject

__all__ = ["board"]

WEEK = timedelta(days=7)


@site.add_board
def board(actor: Actor, at: datetime) -> list[Card]:
    """Show what waits for someone, and the week's answers; four queries."""
    if not actor.may(Capability.VIEW_CONSENTS):
        return []
    return [*_waiting(), *_week(at)]


def _waiting() -> list[Card]:
    drafts = ServiceAgreement.objects.filter(signed_at=None).count()
    unsigned = BalancingTest.objects.filter(signed_at=None).count()
    restricted = Restriction.objects.filter(ends_at=None).count()
    found = (
        ("Agreements unsigned", drafts, "nothing is processed under a draft", "consent_serviceagreement"),
        ("Balancing tests unsigned", unsigned, "legitimate interest waits for them", "consent_balancingtest"),
        ("Restrictions in force", restricted, "data is kept and not used", "consent_restriction"),
    )
    return [
        Card(title, str(number), note, _list(name), needs_attention=True)
        for title, number, note, name in found
        if number
    ]


def _week(at: datetime) -> list[Card]:
    answers = ConsentEvent.objects.filter(recorded_at__gt=at - WEEK).aggregate(
        given=Count("id", filter=Q(state=ConsentState.GIVEN)),
        withdrawn=Count("id", filter=Q(state=ConsentState.WITHDRAWN)),
        refused=Count("id", filter=Q(state=ConsentState.REFUSED)),
    )
    people = Subject.objects.filter(registered_at__gt=at - WEEK).count()
    events = _list("consent_consentevent")
    return [
        Card("Given", str(answers["given"]), "consents in seven days", f"{events}?state__exact=given"),
        Card("Refused", str(answers["refused"]), "in seven days", f"{events}?state__exact=refused"),
        Card("Withdrawn", str(answers["withdrawn"]), "in seven days", f"{events}?state__exact=withdrawn"),
        Card("Registered", str(people), "people in seven days", _list("subjects_subject")),
    ]


def _list(name: str) -> str:
    return reverse(f"admin:{name}_changelist", current_app=site.name)
