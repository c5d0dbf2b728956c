"""Selectors of erasures: lists, who is entitled to cancel, what waits, and what a partial erasure is about."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import get_language, gettext as _

from children.guardians.models import Guardianship, Quarantine, Verification
from consent.consents.models import Consent, ConsentEvent, Objection, Restriction
from consent.decisions.models import DecisionLogSetting, LoggedDecision
from consent.notices.selectors.registers import current_register, find_purposes, map_category_names
from consent.register.compiled import Basis
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import categories_held, systems_holding
from paktaleem.directory.people.extension_points import Hold, PersonalRows, list_holds, list_personal_rows
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.text.times import isolate, join_words
from paktaleem.foundation.upkeep.periods.services import get_length
from retention.holdings.models import Holding, Incident
from retention.inventories.services import ERASED_IDS
from rights.erasures.models import Certificate, ErasureProposal
from rights.requests.models import RightKind, RightsRequest
from rights.requests.selectors import list_purposes_meant
from rights.requests.services.decisions import has_authority
from rights.requests.states import State


def find_certificate(proposal: ErasureProposal) -> Certificate | None:
    """Return the certificate of an erasure, or None if it is not issued."""
    return Certificate.objects.filter(client_id=proposal.client_id, proposal=proposal).first()


def is_child(subject: Subject, at: datetime) -> bool:
    """Return True if a guardian decides for the person at ``at``."""
    client = Client.objects.get(pk=subject.client_id)
    return subject.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)


def get_cooling_off(subject: Subject, at: datetime) -> timedelta:
    """Return the cooling-off of a person: for a child never shorter than for an adult."""
    hours = settings.ERASURE_WAIT_HOURS
    return timedelta(hours=max(hours, settings.ERASURE_WAIT_HOURS_CHILD) if is_child(subject, at) else hours)


def list_entitled_guardians(child: Subject, *, at: datetime) -> list[Subject]:
    """List the guardians who may decide for a child: verified, without a court order against it."""
    own = {"client_id": OuterRef("client_id"), "guardianship_id": OuterRef("pk")}
    verified = Verification.objects.filter(**own, ended_at=None)
    found = Guardianship.objects.live(at).filter(Exists(verified), client_id=child.client_id, child=child)
    rows = found.filter(may_consent=True, court_order=False, guardian__erased_at=None).select_related("guardian")
    return [row.guardian for row in rows.order_by("pk")]


def is_entitled(person_id: UUID, proposal: ErasureProposal, *, at: datetime) -> bool:
    """Return True if a person may cancel an erasure: theirs, or of a child for whom they decide (decision 66)."""
    subject = proposal.subject
    if person_id == subject.pk:
        return not is_of_guardian(proposal)
    return is_child(subject, at) and any(one.pk == person_id for one in list_entitled_guardians(subject, at=at))


def is_of_guardian(proposal: ErasureProposal) -> bool:
    """Return True if a guardian requested the erasure."""
    return proposal.request is not None and proposal.request.requester_id is not None


def list_unanswered_requests(subject: Subject) -> list[RightsRequest]:
    """List the person's verified requests without an answer: each is answered before the person is erased."""
    own = RightsRequest.objects.unanswered().filter(client_id=subject.client_id, subject=subject)
    return list(own.filter(identity_verified_at__isnull=False).defer("details", "contact", "answer").order_by("pk"))


def list_legal_purposes(subject: Subject, at: datetime) -> dict[str, tuple[frozenset[str], str]]:
    """Map the purposes based on a legal obligation to their categories (codes) and the law that is cited."""
    register, found = current_register(subject.client_id), {}
    for code, purpose in sorted(register.purposes.items()):
        rules = register.bases_for(code, subject.roles, at)
        rule = next((one for one in rules if one.basis == Basis.LEGAL_OBLIGATION), None)
        if purpose.active and rule is not None:
            found[code] = (purpose.categories, rule.legal_reference)
    return found


def exclusive_categories(subject: Subject, purposes: Sequence[str], at: datetime) -> list[str]:
    """List the categories that only these purposes need: a partial erasure leaves what another purpose needs."""
    register = current_register(subject.client_id)
    meant = list_purposes_meant(subject.client_id, roles=subject.roles, kind=RightKind.ERASURE, at=at)
    others = [register.purposes[code].categories for code in meant if code not in purposes]
    own = [register.purposes[code].categories for code in purposes if code in register.purposes]
    return sorted(frozenset().union(*own) - frozenset().union(*others))


AUTHORITY = "authority"
"""Code of a change: the guardian who requested the erasure lost the authority. Not hashed, since it can lapse."""

_LEFT = [State.WITHDRAWN.value, State.DUPLICATE.value]


def read_facts(subject: Subject) -> dict[str, str]:
    """Return SHA-256 hashes (hex) of the facts that matter for a person's erasure, by section.

    An answer to a request is no change, a new request is. The number of records held rises with every lesson: not
    counted.
    """
    own: dict[str, object] = {"client_id": subject.client_id, "subject": subject}
    guarded = Guardianship.objects.filter(Q(child=subject) | Q(guardian=subject), client_id=subject.client_id)
    requests = RightsRequest.objects.filter(**own).order_by("pk").values_list("pk", "state")
    sections = {
        "person": [[subject.role, subject.country, subject.changed_at.isoformat()]],
        "holdings": _rows(Holding.objects.held().filter(**own), "system_id", "category", "purposes"),
        "consents": _rows(Consent.objects.filter(**own), "purpose_id", "state", "event_id"),
        "limits": [
            *_rows(Restriction.objects.filter(**own), "pk", "ends_at"),
            *_rows(Objection.objects.filter(**own), "pk", "ends_at"),
        ],
        "guardians": _rows(guarded, "pk", "ends_at", "may_consent", "court_order"),
        "requests": [[str(key), state in _LEFT] for key, state in requests],
        "incidents": [
            *_rows(Incident.objects.open().filter(**own), "pk", "categories"),
            *_rows(Quarantine.objects.filter(**own, ends_at=None), "pk"),
        ],
    }
    return {name: hashlib.sha256(canonical(rows)).hexdigest() for name, rows in sections.items()}


def find_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """List the sections that differ between two readings."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def list_changes(proposal: ErasureProposal, subject: Subject, *, at: datetime) -> list[str]:
    """List the sections that changed since a proposal, and ``AUTHORITY`` if its guardian has lost it."""
    request = proposal.request
    is_lost = request is not None and not has_authority(request, RightKind.ERASURE, at=at)
    return sorted([*find_changes(proposal.seen, read_facts(subject)), *([AUTHORITY] if is_lost else [])])


def _rows(found: Any, *columns: str) -> list[list[Any]]:
    rows = found.order_by("pk").values_list(*columns)
    return [[_plain(value) for value in row] for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, str, list)) else str(value)


class OrderedSystem(NamedTuple):
    """A system that gets an order to erase, and the categories (codes) it is about."""

    name: str
    categories: list[str]


class Remaining(NamedTuple):
    """A kind of record that is kept: a stable code, its name, the ground, and how many rows; None: not counted."""

    code: str
    what: str
    ground: str
    rows: int | None = None


class Ending(NamedTuple):
    """A kind of row that ends with the person, and how many."""

    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The effects of an erasure at one time; ``facts`` are hashes, ``others`` are erased too."""

    is_whole: bool
    purposes: Sequence[str]
    goes: Sequence[PersonalRows]
    systems: Sequence[OrderedSystem]
    stays: Sequence[Remaining]
    ends: Sequence[Ending]
    holds: Sequence[Hold]
    to_answer: Sequence[RightsRequest]
    hours: int
    facts: dict[str, str]
    others: Sequence[Subject] = ()


def preview_erasure(
    subject: Subject,
    *,
    purposes: Sequence[str] = (),
    categories: Sequence[str] = (),
    serving: UUID | None = None,
    at: datetime,
) -> Preview:
    """Return what a whole or a partial erasure would do at ``at``; the request ``serving`` does not forbid it."""
    is_whole = not purposes
    wanted = categories_held(subject.client_id, at=at) if is_whole else frozenset(categories)
    systems = systems_holding(subject.client_id, wanted, at=at) if wanted else []
    return Preview(
        is_whole=is_whole,
        purposes=purposes,
        goes=list_personal_rows(subject) if is_whole else [],
        systems=[OrderedSystem(system.name, sorted(wanted & set(system.categories))) for system in systems],
        stays=list_remaining(subject, at),
        ends=_endings(subject, at) if is_whole else [],
        holds=list_holds(subject, at, serving=serving, categories=None if is_whole else wanted),
        to_answer=list_unanswered_requests(subject),
        hours=get_cooling_off(subject, at) // timedelta(hours=1),
        facts=read_facts(subject),
        others=list_same_person(subject),
    )


def preview_proposal(row: ErasureProposal, *, at: datetime) -> Preview:
    """Return what a proposed erasure would do at ``at``."""
    purposes, categories, serving = row.purposes, row.categories, row.request_id
    return preview_erasure(row.subject, purposes=purposes, categories=categories, serving=serving, at=at)


def list_remaining(subject: Subject, at: datetime) -> list[Remaining]:
    """List what stays of a person with its ground: pseudonymous evidence, the tombstone, and legal obligations."""
    own: dict[str, object] = {"client_id": subject.client_id, "subject_id": subject.pk}
    proof = _("Proof that the controller kept to the law (GDPR Art. 5(2), 7(1), 17(3)(e)); it names no one")
    requests, again = (
        RightsRequest.objects.filter(**own),
        _("So that no import registers the person again (GDPR Art. 17(3)(e))"),
    )
    sampled = _("A hash of the LMS id, encrypted, for at most {days} days, if it is in the sample of erased people")
    checked = _("To ask systems whether they still hold data (GDPR Art. 5(2))")
    return [
        Remaining("ledger", _("Ledger entries"), proof, Entry.objects.filter(**own).count()),
        Remaining("consents", _("Events of consents"), proof, ConsentEvent.objects.filter(**own).count()),
        Remaining("requests", _("Rights requests, without their texts"), proof, requests.count()),
        Remaining("tombstone", _("A keyed hash of the LMS id"), again, 1),
        Remaining("erased_ids", sampled.format(days=get_length(ERASED_IDS.code)), checked),
        *_logged_decisions(subject.client_id, proof),
        *_legal_obligations(subject, at),
    ]


def _logged_decisions(client_id: UUID, ground: str) -> list[Remaining]:
    """List the single decisions of a client's log: their pseudonyms are not looked up, they end with their days."""
    days = DecisionLogSetting.objects.filter(client_id=client_id).values_list("days_kept", flat=True).first()
    if days is None or not LoggedDecision.objects.filter(client_id=client_id).exists():
        return []
    words = _("Single decisions, under a pseudonym, for at most {days} days")
    return [Remaining("logged_decisions", words.format(days=days), ground)]


def _legal_obligations(subject: Subject, at: datetime) -> list[Remaining]:
    """List the data that a law requires to be kept: its system may answer that the order does not apply."""
    holdings = Holding.objects.held().filter(client_id=subject.client_id, subject=subject)
    held = set(holdings.values_list("category", flat=True))
    words = _("{purpose}: {categories} (categories reported as held: {number})")
    legal = list_legal_purposes(subject, at)
    purposes = find_purposes(subject.client_id, legal)
    names = map_category_names(subject.client_id, language="ur" if get_language() == "ur" else "en")
    return [
        Remaining(
            f"legal:{code}",
            words.format(
                purpose=purposes.get(code, code),
                categories=join_words(sorted(names.get(one, one) for one in categories)),
                number=len(held & categories),
            ),
            _("Legal obligation: {law}. The system may keep this part, and says so in its answer.").format(
                law=isolate(law)
            ),
        )
        for code, (categories, law) in legal.items()
    ]


def _endings(subject: Subject, at: datetime) -> list[Ending]:
    own: dict[str, object] = {"client_id": subject.client_id, "subject": subject}
    guarded = Guardianship.objects.live(at).filter(Q(child=subject) | Q(guardian=subject), client_id=subject.client_id)
    requests, orders = RightsRequest.objects.open().filter(**own), Order.objects.open().filter(**own)
    found = [
        Ending(_("Open rights requests: they can be closed, but not answered any more"), requests.count()),
        Ending(_("Guardianships: without effect, and a child needs another guardian"), guarded.count()),
        Ending(_("Open orders of other cases: systems still carry them out"), orders.count()),
    ]
    return [one for one in found if one.rows]
