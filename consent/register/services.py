"""Changes of the register, and changes that weaken its safeguards."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from consent.register.compiled import PURPOSE_WORDS, Basis
from consent.register.effects import WeakensSafeguard, check_controller, find_weakening, is_sandbox, shares_more
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval, ServiceAgreement
from consent.register.models.purposes import (
    BalancingTest,
    DataCategory,
    LawfulBasis,
    ListedLaw,
    PeriodRow,
    Purpose,
    PurposeWidening,
    RegisterRow,
    SafeguardKind,
    WideningKind,
)
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, refuse_if
from paktaleem.foundation.accounts.changes import (
    ChangeKind,
    ProposedChange,
    build_changed_row,
    get_transaction_id,
    propose_change,
)
from paktaleem.foundation.accounts.models import Client, Membership
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.canonical import canonical, compute_leaf_hash
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.places import name_country
from paktaleem.foundation.text.typesetting import find_unprintable

_REFERENCES = {"purpose": "purpose_owner", "recipient": "recipient_owner", "notice": "notice_owner"}
_NOT_BACKDATED = gettext_noop("This must not be in the past: choose now or later.")
_WIDENS = gettext_noop(
    "To add data categories, use “Add data categories”: it shows first whose consent must be given again."
)
_ENDED = gettext_noop("It has already ended.")
_STARTED = gettext_noop("It has already started: end it instead.")
_CANCELLED = gettext_noop("It was cancelled: add another one.")
_ENDS_LATER = gettext_noop("The end lies after the start.")
_BOTH_SIGN = gettext_noop("An agreement is signed by both sides: use “Sign agreement” on its page.")
_NOT_EXTENDED = gettext_noop("A signed agreement cannot be extended: both sides sign a new one.")
_THE_CLIENTS = gettext_noop(
    "Both sides have signed this agreement: only an administrator of the client adds to its instructions. If the "
    "client instructs on paper, both sides sign a new agreement."
)
_UNCHANGEABLE = gettext_noop("This cannot change: end this row and add another.")
_SIGNED = gettext_noop("A signed balancing test cannot change: add a new test for a new assessment.")
_ANOTHER_TEST = gettext_noop("Choose a balancing test of this purpose and this client.")
_NAME_IN_USE = gettext_noop(
    "Purposes use this category, and people decided about them under this name: add another category instead."
)
_NOT_LISTED = gettext_noop(
    "Begin with a law that PakTaleem’s privacy officers have listed for %(country)s, then give the section. Listed: "
    "%(laws)s."
)
_NONE_LISTED = gettext_noop("No law is listed for %(country)s yet: ask PakTaleem’s privacy officers to list it.")
_APPROVED_TERMS = gettext_noop(
    "This recipient has been approved with these terms: end its approval, and register it under another code."
)
_NOT_LONGER = gettext_noop("An approval that has started cannot be made longer: add another one.")
_ANNOUNCED = gettext_noop("This approval was announced to the clients and cannot cover more: add another one.")
_FIXED = ("client_id", "code", "purpose_id", "role", "agreement_id", "recipient_id", "starts_at")
_FIXED_ONCE_STARTED = (
    "basis",
    "legal_reference",
    "capacity",
    "balancing_test_id",
    "purposes",
    "categories",
    "recipients",
    "objection_until",
    "is_integral",
)
_INSTRUCTED = ("purposes", "categories", "recipients")
_TERMS = ("kind", "countries", "transfer_ground")


def require_printable(row: models.Model) -> None:
    """Raise ValidationError naming each text of the row with a character that no font of the printed forms has."""
    words = gettext("The printed forms cannot show {characters}. Please write this text without it.")
    texts = [
        field.name for field in row._meta.concrete_fields if isinstance(field, (models.CharField, models.TextField))
    ]
    found = {name: find_unprintable(getattr(row, name) or "") for name in texts}
    errors = {name: [words.format(characters=" ".join(each))] for name, each in found.items() if each}
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def change_register[R: RegisterRow](row: R, *, actor: Actor, reason: Reason | str, at: datetime) -> R:
    """Add or change a row of the register; in effect from the next decision in every process.

    Raises ValidationError naming the field, WeakensSafeguard if a second person is needed, NotAllowed.
    """
    prepare_row(row, actor)
    before = stored_row(row)
    check_register_row(row, before, at=at)
    _require_both_sides(row, before, actor)
    _require_the_client(row, before, actor)
    kind = find_weakening(row, before, at=at, is_set_up=actor.kind is ByKind.SYSTEM)
    if kind is not None:
        raise WeakensSafeguard(kind)
    if isinstance(row, RecipientApproval) and before is None:
        row.approved_at = at  # in a sandbox, which needs no second person: earlier consents do not cover it there, too
    return save_register_row(row, actor=actor, reason=reason, at=at)


def prepare_row(row: RegisterRow, actor: Actor) -> None:
    """Check that the actor may change the row, and set the owners of the rows it refers to.

    Raises TypeError for a kind of row that has services of its own, NotAllowed.
    """
    if row.change_capability is None:
        raise TypeError(f"A {type(row).__name__} is not changed by change_register.")
    require(actor, row.change_capability, row.client_id)
    for reference, owner in _REFERENCES.items():
        if hasattr(row, owner):
            setattr(row, owner, getattr(row, reference).client_id)


def stored_row(row: RegisterRow) -> RegisterRow | None:
    """Lock and return the row as it is stored; None for a new one."""
    if row._state.adding:
        return None
    found: RegisterRow = type(row)._default_manager.select_for_update().get(pk=row.pk)
    return found


def check_register_row(row: RegisterRow, before: RegisterRow | None, *, at: datetime) -> None:
    """Check a new or changed row against the rules of the register. Raises ValidationError naming the field."""
    _refuse_backdating(row, before, at=at)
    if isinstance(before, PeriodRow) and before.is_cancelled and not is_sandbox(row.client_id):
        raise ValidationError(_CANCELLED)
    if before is None and isinstance(row, PeriodRow) and row.is_cancelled:
        raise ValidationError({"ends_at": [_ENDS_LATER]})
    if isinstance(row, Purpose) and isinstance(before, Purpose) and set(row.categories) - set(before.categories):
        raise ValidationError({"categories": [_WIDENS]})
    if isinstance(row, BalancingTest) and (row.signed_at, getattr(before, "signed_at", None)) != (None, None):
        raise ValidationError(_SIGNED)
    if isinstance(row, LawfulBasis) and row.balancing_test is not None:
        test = row.balancing_test
        if (test.client_id, test.purpose_id) != (row.client_id, row.purpose_id):
            raise ValidationError({"balancing_test": [_ANOTHER_TEST]})
    _refuse_other_names(row, before)
    _check_law(row, before)
    _check_recipient(row, before, at=at)
    row.full_clean()
    require_printable(row)
    check_controller(row, before, at=at)


def save_register_row[R: RegisterRow](row: R, *, actor: Actor, reason: Reason | str, at: datetime) -> R:
    """Save a checked row with its history and its ledger entry; for the services of the register.

    A purpose with other words or more categories outdates earlier consents to it (decision 0052).
    """
    kind = "register.added" if row._state.adding else "register.changed"
    if isinstance(row, Purpose) and not row._state.adding:
        _record_widenings(row, actor, at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    values = {field.attname: _to_plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    facts = {"row": row._meta.label_lower, "id": str(row.pk), "hash": compute_leaf_hash(canonical(values)).hex()}
    if isinstance(row, RecipientApproval):
        facts["recipient"] = str(row.recipient_id)
        facts |= {"objection_until": row.objection_until.isoformat()} if row.objection_until else {}
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)
    return row


def _record_widenings(purpose: Purpose, actor: Actor, at: datetime) -> None:
    """Record how a purpose is widened, before it is saved: the database refuses it otherwise."""
    before = Purpose.objects.get(pk=purpose.pk, client_id=purpose.client_id)
    added = {
        WideningKind.CATEGORIES: sorted(set(purpose.categories) - set(before.categories)),
        WideningKind.WORDS: [name for name in PURPOSE_WORDS if getattr(purpose, name) != getattr(before, name)],
    }
    for kind, names in added.items():
        if names:
            record_widening(purpose, kind, names, client_id=purpose.client_id, actor=actor, at=at)


def record_widening(
    purpose: Purpose, kind: WideningKind, added: list[str], *, client_id: UUID, actor: Actor, at: datetime
) -> PurposeWidening:
    """Record that a purpose covers more at a client from now on: earlier consents to it are outdated there."""
    widening = PurposeWidening(
        client_id=client_id,
        purpose=purpose,
        purpose_owner=purpose.client_id,
        kind=kind,
        added=added,
        widened_at=at,
        xact=get_transaction_id(),
    )
    widening.save(force_insert=True)
    facts = {"widening": str(widening.pk), "purpose": purpose.code, "kind": str(widening.kind), "added": added}
    record_entry("purpose.widened", client_id=client_id, facts=facts, actor=actor, at=at)
    return widening


@transaction.atomic
def end_period[R: PeriodRow](row: R, *, actor: Actor, reason: Reason | str, at: datetime) -> R:
    """End a row's period now. Raises ValidationError if it has already ended, WeakensSafeguard, NotAllowed."""
    if row.ends_at is not None and row.ends_at <= at:
        raise ValidationError({"ends_at": [_ENDED]})
    row.ends_at = at
    return change_register(row, actor=actor, reason=reason, at=at)


@transaction.atomic
def cancel_period[R: PeriodRow](row: R, *, actor: Actor, reason: Reason | str, at: datetime) -> R:
    """Cancel a row before it starts: it is never in force, and stays as evidence (decision 0078).

    Raises ValidationError if it has started or is cancelled already, WeakensSafeguard, NotAllowed.
    """
    if row.starts_at <= at:
        raise ValidationError({"starts_at": [_STARTED]})
    row.ends_at = row.starts_at
    return change_register(row, actor=actor, reason=reason, at=at)


def _refuse_backdating(row: RegisterRow, before: RegisterRow | None, *, at: datetime) -> None:
    if before is None:
        if isinstance(row, PeriodRow) and row.starts_at is not None and row.starts_at < at:
            raise ValidationError({"starts_at": [_NOT_BACKDATED]})
        return
    has_started = isinstance(before, PeriodRow) and before.starts_at <= at
    for field in (*_FIXED, *(_FIXED_ONCE_STARTED if has_started else ())):
        if hasattr(row, field) and getattr(before, field) != getattr(row, field):
            raise ValidationError({field.removesuffix("_id"): [_UNCHANGEABLE]})
    for field in ("ends_at", "signed_at"):
        then, now = getattr(before, field, None), getattr(row, field, None)
        if then != now and any(moment is not None and moment < at for moment in (then, now)):
            raise ValidationError({field: [_NOT_BACKDATED]})


def _require_both_sides(row: RegisterRow, before: RegisterRow | None, actor: Actor) -> None:
    """Raise ValidationError if one person, and not the portal, signs an agreement alone, or extends a signed one."""
    if not isinstance(row, ServiceAgreement) or actor.kind is not ByKind.USER or is_sandbox(row.client_id):
        return
    signed_at = before.signed_at if isinstance(before, ServiceAgreement) else None
    if row.signed_at != signed_at:
        raise ValidationError(_BOTH_SIGN)
    if signed_at is not None and isinstance(before, ServiceAgreement) and row.ends_after(before):
        raise ValidationError({"ends_at": [_NOT_EXTENDED]})


def _require_the_client(row: RegisterRow, before: RegisterRow | None, actor: Actor) -> None:
    """Raise ValidationError if an officer adds to a client's instructions under an agreement that both sides signed."""
    if not isinstance(row, Instruction) or actor.kind is not ByKind.USER or actor.client_id == row.client_id:
        return
    if row.client_id == PAKTALEEM or is_sandbox(row.client_id):
        return
    agreement = ServiceAgreement.objects.select_for_update().get(pk=row.agreement_id, client_id=row.client_id)
    is_new = not isinstance(before, Instruction) or row.ends_after(before) or row.document != before.document
    instructs_more = is_new or any(set(getattr(row, name)) - set(getattr(before, name)) for name in _INSTRUCTED)
    if agreement.signed_at is not None and instructs_more:
        raise ValidationError({"agreement": [_THE_CLIENTS]})


def _refuse_other_names(row: RegisterRow, before: RegisterRow | None) -> None:
    """Raise ValidationError if a category that purposes use would get another name: people agreed to the old one."""
    if not isinstance(row, DataCategory) or before is None:
        return
    changed = [name for name in ("name_en", "name_ur") if getattr(row, name) != getattr(before, name)]
    if changed and Purpose.objects.filter(categories__contains=[row.code]).exists():
        raise ValidationError({name: [_NAME_IN_USE] for name in changed})


def _check_law(row: RegisterRow, before: RegisterRow | None) -> None:
    if not isinstance(row, LawfulBasis) or row.basis != Basis.LEGAL_OBLIGATION or row.client_id == PAKTALEEM:
        return
    if isinstance(before, LawfulBasis) and (before.basis, before.legal_reference) == (row.basis, row.legal_reference):
        return
    check_citation(row.legal_reference, row.client)


def check_citation(reference: str, client: Client) -> None:
    """Raise ValidationError if a legal reference begins with no law that officers listed for the client's country."""
    listed = ListedLaw.objects.filter(client_id__in=[PAKTALEEM, client.pk], country=client.country)
    laws = listed.values_list("citation", flat=True)
    if not reference.startswith(tuple(laws)):
        words = _NOT_LISTED if laws else _NONE_LISTED
        params = {"country": name_country(client.country), "laws": "; ".join(laws)}
        raise ValidationError({"legal_reference": [ValidationError(words, params=params)]})


def _check_recipient(row: RegisterRow, before: RegisterRow | None, *, at: datetime) -> None:
    if isinstance(row, Recipient) and before is not None:
        changed = next((name for name in _TERMS if getattr(row, name) != getattr(before, name)), None)
        if changed and RecipientApproval.objects.filter(client_id=row.client_id, recipient=row).exists():
            raise ValidationError({changed: [_APPROVED_TERMS]})
    if isinstance(row, RecipientApproval) and isinstance(before, RecipientApproval):
        if before.starts_at <= at and row.ends_after(before):
            raise ValidationError({"ends_at": [_NOT_LONGER]})
        if before.announced_as is not None and shares_more(row, before):
            raise ValidationError(_ANNOUNCED)


def _to_plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_to_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


_WEAKENS_NONE = gettext_noop("This change weakens no safeguard: save it as any other change.")
_NONE_TO_ADD = gettext_noop("Choose data categories that the purpose does not need yet.")


@transaction.atomic
def request_safeguard_change(
    row: RegisterRow, *, kind: str | None = None, ground: str, actor: Actor, at: datetime
) -> ProposedChange:
    """Request a change that weakens a safeguard (decision 0053); it replaces a waiting one of the same row.

    ``kind`` is given for a row of an app above the register. Raises ValidationError naming the field, NotAllowed.
    """
    prepare_row(row, actor)
    before = stored_row(row)
    check_register_row(row, before, at=at)
    kind = kind or find_weakening(row, before, at=at)
    if kind is None:
        raise ValidationError(_WEAKENS_NONE)
    of = row if isinstance(row, Purpose) else getattr(row, "purpose", None)  # a recipient may have several
    purpose, values = of.code if of else "", list_changed_values(row, before)
    return propose_change(row, kind, purpose=purpose, values=values, ground=ground, actor=actor, at=at)


def save_changed_row(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> RegisterRow:
    """Save the row of an approved change of the register. Raises ValidationError."""
    row: RegisterRow = build_changed_row(change, at)
    check_register_row(row, stored_row(row), at=at)
    return save_register_row(row, actor=actor, reason=reason, at=at)


def is_by_officer(change: ProposedChange, actor: Actor) -> bool:
    """Return True for an officer, who approves a recipient, also a client's own, and the end of a suspension."""
    return actor.may(Capability.MANAGE_AGREEMENTS, change.client_id)


def _is_by_other_side(change: ProposedChange, actor: Actor) -> bool:
    """Return True for the side that did not request it: the client instructs, an officer accepts (GDPR Art. 28(3))."""
    if change.client_id == PAKTALEEM:
        return True
    members = Membership.objects.filter(client_id=change.client_id, user_id=change.requested_by)
    return is_by_officer(change, actor) == members.exists()


_kind = partial(ChangeKind, apply=save_changed_row, texts=frozenset({"legal_reference", *PURPOSE_WORDS}))
BASIS = _kind(
    code=SafeguardKind.BASIS,
    label=_("A lawful basis other than consent"),
    effect=_("Consent does not decide."),
    may_approve=_is_by_other_side,
)
CAPACITY = _kind(
    code=SafeguardKind.CAPACITY,
    label=_("PakTaleem decides instead of the client"),
    effect=_("PakTaleem decides on the lawful basis instead of the client."),
)
ACCOUNT = _kind(
    code=SafeguardKind.ACCOUNT,
    label=_("Also for people whose account is closed"),
    effect=_("Data of people whose account is closed may be used for this purpose again."),
    columns=PURPOSE_WORDS,
)
WORDS = _kind(
    code=SafeguardKind.WORDS,
    label=_("Other words for a purpose in use"),
    effect=_("The purpose is described in other words."),
    columns=PURPOSE_WORDS,
)
RISK = _kind(
    code=SafeguardKind.RISK,
    label=_("A purpose is declared less risky"),
    effect=_("An impact assessment may no longer be needed."),
    columns=("risks",),
)
SUSPENSION = _kind(
    code=SafeguardKind.SUSPENSION,
    label=_("A suspended agreement is resumed"),
    effect=_("PakTaleem processes data for the client again."),
    columns=("agreement", "starts_at", "ends_at"),
    may_approve=is_by_officer,
)


def list_changed_values(row: RegisterRow, before: RegisterRow | None) -> dict[str, object]:
    """Return the values of the columns of a row that differ from the stored ones, as JSON; all of a new row."""
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in {"id", "client_id"}]
    changed = [name for name in names if before is None or getattr(row, name) != getattr(before, name)]
    return {name: _to_plain(getattr(row, name)) for name in changed}


@act(
    "sign",
    "Sign",
    Capability.SIGN_BALANCING_TEST,
    lead="Once you sign, the purpose may be based on legitimate interest. The text can then no longer change.",
    done="Signed. In effect from the next decision.",
    check=refuse_if(lambda row: row.signed_at is not None, _("It is already signed.")),
)
def sign_balancing_test(
    test: BalancingTest, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> BalancingTest:
    """Sign a balancing test as a privacy officer (GDPR Art. 6(1)(f), recital 47); a new assessment is a new row.

    Raises Refused if it is signed, NotAllowed.
    """
    test.signed_at = at
    test.signed_by_id = actor.id if actor.kind is ByKind.USER else None
    save_tracked(test, actor=actor, reason=reason, at=at)
    record_entry("balancing.signed", client_id=test.client_id, facts={"test": str(test.pk)}, actor=actor, at=at)
    return test


@act(
    "widen",
    "Add data categories",
    Capability.ANNOUNCE_NOTICES,
    lead="Earlier consents do not cover the added data: they are outdated from now on, and everyone is asked again. "
    "Announce a version of the purpose's notice that names the added data, too.",
    done="Data categories added. Earlier consents to this purpose are outdated.",
    danger=True,
)
def widen_purpose(
    purpose: Purpose, *, categories: Iterable[str], actor: Actor, reason: Reason | str, at: datetime
) -> Purpose:
    """Add data categories to a purpose, from now on; earlier consents to it are outdated and must be given again.

    Follows decision 0052. Raises ValidationError if no category is new, NotAllowed.
    """
    added = sorted(set(categories) - set(purpose.categories))
    if not added:
        raise ValidationError({"categories": [_NONE_TO_ADD]})
    purpose.categories = [*purpose.categories, *added]
    purpose.full_clean()
    return save_register_row(purpose, actor=actor, reason=reason, at=at)
