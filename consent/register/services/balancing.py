"""Balancing tests, required before legitimate interest may be used (policy §3)."""

from datetime import datetime

from django.db import transaction

from consent.register.models.purposes import BalancingTest
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError


class AlreadySigned(PortalError):
    """The balancing test is already signed; a new assessment is a new row."""

    console_message = "It is already signed."


@transaction.atomic
def sign_balancing_test(
    test: BalancingTest, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> BalancingTest:
    """Sign a balancing test as a privacy officer (GDPR Art. 6(1)(f), recital 47).

    Raises AlreadySigned if it is signed, NotAllowed.
    """
    require(actor, Capability.SIGN_BALANCING_TEST, test.client_id)
    test = BalancingTest.objects.select_for_update().get(pk=test.pk)
    if test.signed_at is not None:
        raise AlreadySigned
    test.signed_at = at
    test.signed_by_id = actor.id if actor.kind is ByKind.USER else None
    save_tracked(test, actor=actor, reason=reason, at=at)
    record_entry("balancing.signed", client_id=test.client_id, facts={"test": str(test.pk)}, actor=actor, at=at)
    return test
