"""Steps of an erasure for tests: propose, approve, continue, and let systems answer."""

from datetime import timedelta

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, propose_waiver
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.services.erasure import complete_erasure
from paktaleem.foundation.accounts.actors import system_actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.erasures.services.progress import continue_erasure
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from tests.rights.cases import AT

SYSTEM = system_actor("tests.erasures")
HOUR = timedelta(hours=1)
WHY = Reason.SUBJECT_REQUEST
AFTER = AT + 72 * HOUR
"""The end of the cooling-off of an adult whose erasure is approved at AT."""


def second(cast):
    return user_actor(cast.user_id("bilal"), "privacy_officer", PAKTALEEM)


def proposed(cast, person="hamza", actor="amina", at=AT, **given):
    told = {"ground": "The person asked for it.", "reason": WHY, "at": at, **given}
    with in_client(cast.client_id("indus")):
        return propose_erasure(cast.subject(person), actor=cast.actor(actor), **told)


def approved(cast, person="hamza", at=AT, **given):
    with in_client(cast.client_id("indus")):
        return decide_erasure(proposed(cast, person, at=at, **given), approve=True, actor=second(cast), at=at)


def go_on(proposal, at):
    return continue_erasure(proposal, actor=SYSTEM, at=at)


def waive_all(cast, at, **about):
    for order in Order.objects.open().filter(**about):
        propose_waiver(order, ground="Shut down.", actor=cast.actor("amina"), reason=Reason.REVIEW, at=at)
        approve_waiver(order, actor=second(cast), at=at)


def send_all(at):
    Letter.objects.filter(state="queued").update(state="sent", sent_at=at, context=None)


def certified(cast, proposal, at):
    """Carry an approved erasure through to its certificate, with every order waived."""
    started = go_on(proposal, at)
    assert started.stage == "ordered"
    send_all(at)
    waive_all(cast, at)
    if started.is_whole:
        assert complete_erasure(Erasure.objects.get(subject=started.subject), actor=SYSTEM, at=at)
    return go_on(started, at)
