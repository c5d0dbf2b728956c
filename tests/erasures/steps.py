"""Steps of an erasure for tests: propose, approve, continue, and let systems answer."""

from datetime import datetime, timedelta
from typing import Any

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, propose_waiver
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.services.erasure import complete_erasure
from paktaleem.foundation.accounts.actors import Actor, system_actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.erasures.models import ErasureProposal
from rights.erasures.services.progress import continue_erasure
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from tests.cast import Cast
from tests.rights.cases import AT

SYSTEM = system_actor("tests.erasures")
HOUR = timedelta(hours=1)
WHY = Reason.SUBJECT_REQUEST
AFTER = AT + 72 * HOUR
"""The end of the cooling-off of an adult whose erasure is approved at AT."""


def second(cast: Cast) -> Actor:
    return user_actor(cast.user_id("bilal"), "privacy_officer", PAKTALEEM)


def proposed(
    cast: Cast, person: str = "hamza", actor: str = "amina", at: datetime = AT, **given: Any
) -> ErasureProposal:
    return propose_erasure(
        cast.subject(person), ground="The person asked for it.", actor=cast.actor(actor), reason=WHY, at=at, **given
    )


def approved(cast: Cast, person: str = "hamza", at: datetime = AT, **given: Any) -> ErasureProposal:
    return decide_erasure(proposed(cast, person, at=at, **given), approve=True, actor=second(cast), at=at)


def go_on(proposal: ErasureProposal, at: datetime) -> ErasureProposal:
    return continue_erasure(proposal, actor=SYSTEM, at=at)


def waive_all(cast: Cast, at: datetime, **about: Any) -> None:
    for order in Order.objects.open().filter(**about):
        propose_waiver(order, ground="Shut down.", actor=cast.actor("amina"), reason=Reason.REVIEW, at=at)
        approve_waiver(order, actor=second(cast), at=at)


def send_all(at: datetime) -> None:
    """Mark every queued message as sent, as the worker does."""
    Letter.objects.filter(state="queued").update(state="sent", sent_at=at, context=None)


def certified(cast: Cast, proposal: ErasureProposal, at: datetime) -> ErasureProposal:
    """Carry an approved erasure through to its certificate, with every order waived."""
    started = go_on(proposal, at)
    assert started.stage == "ordered"
    send_all(at)
    waive_all(cast, at)
    if started.is_whole:
        assert complete_erasure(Erasure.objects.get(subject=started.subject), actor=SYSTEM, at=at)
    return go_on(started, at)
