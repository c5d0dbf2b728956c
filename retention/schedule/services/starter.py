"""Loading PakTaleem's starter rules into the shared catalogue."""

from datetime import datetime

from consent.register.models.purposes import Purpose
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.models.rules import Disposal, RetentionRule
from retention.schedule.services.rules import save_rule
from retention.schedule.starter_rules import STARTER_RULES, StarterRule


def load_starter_rules(actor: Actor, at: datetime) -> int:
    """Add the starter rules of purposes that have none for the category; returns the number of rules added (policy §4).

    A rule that was ended is not added again. Connected to ``starter_parts``; runs in PakTaleem's own context. Raises
    NotAllowed.
    """
    own = RetentionRule.objects.filter(client_id=PAKTALEEM)
    known = set(own.values_list("purpose__code", "category"))
    purposes = {purpose.code: purpose for purpose in Purpose.objects.filter(client_id=PAKTALEEM, is_active=True)}
    missing = [
        (starter, purposes[starter.purpose], category)
        for starter in STARTER_RULES
        for category in starter.categories
        if starter.purpose in purposes
        and category in purposes[starter.purpose].categories
        and (starter.purpose, category) not in known
    ]
    for starter, purpose, category in missing:
        save_rule(_build_rule(starter, purpose, category, at), actor=actor, reason=Reason.ONBOARDING, at=at)
    return len(missing)


def _build_rule(starter: StarterRule, purpose: Purpose, category: str, at: datetime) -> RetentionRule:
    return RetentionRule(
        client_id=PAKTALEEM,
        category=category,
        purpose=purpose,
        trigger=starter.trigger,
        period=starter.period,
        action=Disposal.ANONYMISE if starter.method else Disposal.DELETE,
        method=starter.method,
        ground_en=starter.ground_en,
        ground_ur=starter.ground_ur,
        minimum=starter.minimum,
        maximum=starter.maximum,
        starts_at=at,
    )
