"""Registering, signing and resetting sandboxes, and their times."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection

from consent.notices.selectors.registers import get_current_notice
from consent.notices.services.publishing import publish_notice_version
from consent.register.models.agreements import AgreementSuspension, Instruction, RecipientApproval, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, PeriodRow, Purpose, PurposeCapacity, RegisterRow
from consent.register.services import change_register, end_period, widen_purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import (
    Actor,
    Authorship,
    ReasonedAuthorship,
    require,
    sandbox_actor,
    system_actor,
)
from paktaleem.foundation.accounts.acts import act
from paktaleem.foundation.accounts.models import MAX_CLOCK_OFFSET, Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from retention.disposals.services.batches import start_sweep

MOMENT = timedelta(microseconds=1)
"""Shortest duration, since a period cannot end at the time it starts."""


@dataclass(frozen=True, slots=True)
class ForcingContext:
    """The context of forcing one state. ``actor`` is the sandbox itself, ``player`` the user or key that asked."""

    client: Client
    subject: Subject
    purpose: Purpose
    actor: Actor
    player: Actor
    at: datetime

    @property
    def audit(self) -> Authorship:
        return {"actor": self.actor, "at": self.at}


def years_before(at: datetime, years: int) -> date:
    """Return the birth date of a person who is ``years`` and some months old."""
    return at.date() - timedelta(days=years * 365 + 180)


class NotASandbox(PortalError, PermissionError):
    """The client is not a sandbox and cannot become one: its clock and states are not changed."""

    problem = Problem(
        "not-a-sandbox",
        "This client is not a sandbox",
        "Ask PakTaleem for a sandbox: a separate client with test keys that begin with ptk_test_.",
        status=HTTPStatus.FORBIDDEN,
    )
    console_message = "This client is no sandbox."


def lock_sandbox(client: Client) -> Client:
    """Return the stored client, locked until the end of the transaction."""
    return Client.objects.select_for_update().get(pk=client.pk)


def check_sandbox(client: Client, _actor: Actor, _at: datetime) -> None:
    """Raise NotASandbox unless the client is one."""
    if not client.is_sandbox:
        raise NotASandbox


def get_sandbox(client_id: UUID, *, actor: Actor) -> Client:
    """Return the sandbox if the actor may use it. Raises NotASandbox, NotAllowed."""
    require(actor, Capability.USE_SANDBOX, client_id)
    client = Client.objects.get(pk=client_id)
    check_sandbox(client, actor, client.created_at)
    return client


@act(
    "move-clock",
    "Move the clock",
    Capability.USE_SANDBOX,
    lead="The clock of this sandbox jumps to the time you choose: people reach the age of consent, consents expire, "
    "orders get stuck. It can only move forward; starting over resets it.",
    done="The clock has been moved.",
    lock=lock_sandbox,
    check=check_sandbox,
)
def move_clock(client: Client, *, to: datetime, actor: Actor, at: datetime) -> Client:
    """Move a sandbox's clock ahead to a time after ``at``, its current time; it continues from there (decision 0023).

    From the next request on, the sandbox's rules use this clock: ages, periods, expiry, notices, orders. Other clients
    are not affected. Raises ValidationError if it is earlier or too far ahead, NotASandbox, NotAllowed.
    """
    if to < at:
        raise ValidationError({"to": ["The clock only moves forward: choose a later time, or start over."]})
    ahead = client.clock_offset + (to - at)
    if ahead > MAX_CLOCK_OFFSET:
        raise ValidationError({"to": [f"A sandbox's clock can be at most {MAX_CLOCK_OFFSET.days:,} days ahead."]})
    moved = set_offset(client, ahead, kind="sandbox.clock_moved", actor=actor, at=at)
    start_sweep(client.pk, actor=system_actor("sandbox.clock"), at=to)  # the days in between had no nightly sweep
    return moved


def set_offset(client: Client, ahead: timedelta, *, kind: str, actor: Actor, at: datetime) -> Client:
    """Store how far the clock is ahead, with history and ledger entry (decision 0023)."""
    client.clock_offset = ahead
    save_tracked(client, actor=actor, reason=Reason.REVIEW, at=at, only=["clock_offset"])
    facts = {"ahead_seconds": int(ahead.total_seconds())}
    record_entry(kind, client_id=client.pk, facts=facts, actor=actor, at=at)
    return client


_WHY = Reason.AGREEMENT_CHANGE


def restore_agreement(client: Client, *, actor: Actor, at: datetime) -> None:
    """Ensure that the client's agreement is live, not suspended and with instructions, and its purposes active."""
    common: ReasonedAuthorship = {"actor": actor, "reason": _WHY, "at": at}
    for purpose in Purpose.objects.filter(client_id=client.pk, is_active=False):
        purpose.is_active = True
        change_register(purpose, **common)
    for suspension in AgreementSuspension.objects.active(at).filter(client_id=client.pk):
        _end(suspension, **common)
    agreement = _live_agreement(client, at)
    if agreement is None:
        agreement = ServiceAgreement(client_id=client.pk, reference=f"SANDBOX-{at:%Y%m%d%H%M%S%f}")
        agreement.signed_at = agreement.starts_at = at
        agreement = change_register(agreement, **common)
    instructions = Instruction.objects.filter(client_id=client.pk)
    last = instructions.order_by("-starts_at").first()
    if last is not None and not instructions.active(at).filter(agreement=agreement).exists():
        same = {name: getattr(last, name) for name in ("document", "purposes", "categories", "recipients")}
        change_register(Instruction(client_id=client.pk, agreement=agreement, starts_at=at, **same), **common)


def _live_agreement(client: Client, at: datetime) -> ServiceAgreement | None:
    live = ServiceAgreement.objects.active(at).filter(client_id=client.pk, signed_at__lte=at)
    found: ServiceAgreement | None = live.order_by("-starts_at").first()
    return found


def _end(row: PeriodRow, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    end_period(row, actor=actor, reason=reason, at=max(at, row.starts_at + MOMENT))


def suspend(playing: ForcingContext) -> None:
    """Suspend the agreement. Raises ValidationError if there is none."""
    agreement = _live_agreement(playing.client, playing.at)
    if agreement is None:
        raise ValidationError({"state": ["The sandbox has no agreement: ask PakTaleem to register one."]})
    suspension = AgreementSuspension(client_id=playing.client.pk, agreement=agreement, starts_at=playing.at)
    change_register(suspension, reason=_WHY, **playing.audit)


def end_all(model: type[PeriodRow]) -> Callable[[ForcingContext], None]:
    """Return the step that ends the rows in force of a model: agreements or instructions."""

    def end(playing: ForcingContext) -> None:
        for row in model.objects.active(playing.at).filter(client_id=playing.client.pk):
            _end(row, reason=_WHY, **playing.audit)

    return end


def switch_off(playing: ForcingContext) -> None:
    """Make the purpose inactive. Raises ValidationError if it is PakTaleem's."""
    _refuse_shared(playing)
    playing.purpose.is_active = False
    change_register(playing.purpose, reason=_WHY, **playing.audit)


def make_purpose_expire(playing: ForcingContext) -> None:
    """Let consents to the purpose expire after 12 months. Raises ValidationError if the purpose is PakTaleem's."""
    if playing.purpose.consent_months is None:
        _refuse_shared(playing)
        playing.purpose.consent_months = 12
        change_register(playing.purpose, reason=_WHY, **playing.audit)


def publish_material_change(playing: ForcingContext) -> None:
    """Publish a material change of the purpose's notice. Raises ValidationError if the notice is PakTaleem's."""
    current = get_current_notice(playing.purpose.code, client_id=playing.client.pk, at=playing.at)
    if current.notice.client_id != playing.client.pk:
        raise ValidationError({"purpose": ["Its notice is PakTaleem’s: choose a purpose of the sandbox’s own."]})
    note = f"(Sandbox, {playing.at:%Y-%m-%d %H:%M}: a material change.)"
    publish_notice_version(
        current.notice,
        text_en=f"{current.text_en.partition('(Sandbox, ')[0].rstrip()}\n\n{note}",
        text_ur=f"{current.text_ur.partition('(Sandbox, ')[0].rstrip()}\n\n{note}",
        child_text_en=current.child_text_en,
        child_text_ur=current.child_text_ur,
        is_material=True,
        effective_at=playing.at + MOMENT,
        actor=playing.actor,
        reason=Reason.REVIEW,
        at=playing.at + MOMENT,
    )


def _refuse_shared(playing: ForcingContext) -> None:
    if playing.purpose.client_id != playing.client.pk:
        raise ValidationError({"purpose": ["It is PakTaleem’s: choose a purpose of the sandbox’s own."]})


_PERIODS: tuple[type[RegisterRow], ...] = (
    ServiceAgreement,
    Instruction,
    PurposeCapacity,
    LawfulBasis,
    RecipientApproval,
)
"""Models whose rows may have changed while the clock was ahead, and are restored; and purposes."""


@act(
    "start-over",
    "Start over",
    Capability.USE_SANDBOX,
    lead="All people of this sandbox and their records are deleted, and its clock is reset to real time. The register, "
    "keys, systems and webhooks are kept.",
    done="The sandbox is empty, and its clock shows real time.",
    danger=True,
    lock=lock_sandbox,
    check=check_sandbox,
)
def reset_sandbox(client: Client, *, actor: Actor, at: datetime) -> tuple[Client, int]:
    """Reset a sandbox: delete its people and their records, and set its clock to real time (decision 0023).

    The register, keys, systems and endpoints are kept; register changes made while the clock was ahead are undone, and
    the agreement is live again. No other client is affected: one statement deletes, and row-level security limits it to
    one client's rows. The ledger keeps its entries, which name no one. Returns the sandbox and its former number of
    people. Raises NotASandbox, NotAllowed.
    """
    people, now = Subject.objects.filter(client_id=client.pk).count(), at - client.clock_offset
    changed = list(_changed_ahead(client, now))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sandbox_forget(%s)", [now])
        [rows] = cursor.fetchone()
    client = set_offset(client, timedelta(), kind="sandbox.clock_moved", actor=actor, at=now)
    sandbox = sandbox_actor(client.pk)
    for row in changed:
        restored_at = _restore_categories(row, actor=sandbox, at=now) if isinstance(row, Purpose) else now
        change_register(row, actor=sandbox, reason=Reason.CORRECTION, at=restored_at)
    restore_agreement(client, actor=sandbox, at=now)
    facts = {"people": people, "rows": rows}
    record_entry("sandbox.started_over", client_id=client.pk, facts=facts, actor=actor, at=now)
    return client, people


def _restore_categories(purpose: Purpose, *, actor: Actor, at: datetime) -> datetime:
    """Give a purpose back the categories that it lost while the clock was ahead; return the time of the next change."""
    if not set(purpose.categories) - set(Purpose.objects.get(pk=purpose.pk).categories):
        return at
    widen_purpose(purpose, categories=purpose.categories, actor=actor, reason=Reason.CORRECTION, at=at)
    return at + MOMENT


def _changed_ahead(client: Client, now: datetime) -> Iterator[RegisterRow]:
    for model in (*_PERIODS, Purpose):
        history: Any = model.history.filter(client_id=client.pk)  # type: ignore[attr-defined]
        later = set(history.filter(history_date__gt=now).values_list("id", flat=True))
        versions = history.filter(id__in=later, history_date__lte=now).order_by("id", "-history_date", "-history_id")
        for version in versions.distinct("id"):
            row = version.instance
            row._state.adding = False
            yield row
