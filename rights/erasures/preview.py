"""The preview of an erasure: what goes, which systems are ordered, what stays and why, and what ends with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from children.guardians.models.guardians import Guardianship
from consent.consents.models import ConsentEvent
from consent.notices.selectors.public import find_purposes, map_category_names
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import categories_held, systems_holding
from paktaleem.directory.people.extension_points import Hold, PersonalRows, list_holds, list_personal_rows
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.text.times import isolate
from paktaleem.foundation.text.word_lists import join_words
from retention.holdings.models import Holding
from rights.erasures.facts import read_facts
from rights.erasures.models import ErasureProposal
from rights.erasures.selectors import get_cooling_off, list_legal_purposes, list_unanswered_requests
from rights.requests.models import RightsRequest


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
    """The effects of an erasure at one time; ``facts`` are the hashes of the state that was looked at.

    ``others`` are other records of the same person, which are erased too.
    """

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
    """Return what the erasure of a person, or a partial one of some purposes and categories, would do at ``at``.

    ``serving`` is the rights request that it serves: that one does not forbid it.
    """
    is_whole = not purposes
    wanted = categories_held(subject.client_id, at=at) if is_whole else frozenset(categories)
    return Preview(
        is_whole=is_whole,
        purposes=purposes,
        goes=list_personal_rows(subject) if is_whole else [],
        systems=_systems(subject, wanted, at),
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
    about: dict[str, Any] = {"purposes": row.purposes, "categories": row.categories, "serving": row.request_id}
    return preview_erasure(row.subject, **about, at=at)


def list_remaining(subject: Subject, at: datetime) -> list[Remaining]:
    """List what stays of a person with its ground: pseudonymous evidence, the tombstone, and legal obligations."""
    own: dict[str, Any] = {"client_id": subject.client_id, "subject_id": subject.pk}
    proof = _("Proof that the controller kept to the law (GDPR Art. 5(2), 7(1), 17(3)(e)); it names no one")
    found = [
        Remaining("ledger", _("Ledger entries"), proof, Entry.objects.filter(**own).count()),
        Remaining("consents", _("Events of consents"), proof, ConsentEvent.objects.filter(**own).count()),
        Remaining(
            "requests", _("Rights requests, without their texts"), proof, RightsRequest.objects.filter(**own).count()
        ),
        Remaining(
            "tombstone",
            _("A keyed hash of the LMS id"),
            _("So that no import registers the person again (GDPR Art. 17(3)(e))"),
            1,
        ),
    ]
    return [*found, *_legal_obligations(subject, at)]


def _legal_obligations(subject: Subject, at: datetime) -> list[Remaining]:
    """List the data that a law requires to be kept: its system may answer that the order does not apply."""
    held = set(
        Holding.objects.held().filter(client_id=subject.client_id, subject=subject).values_list("category", flat=True)
    )
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
            _("Legal obligation: {law}").format(law=isolate(law)),
        )
        for code, (categories, law) in legal.items()
    ]


def _systems(subject: Subject, wanted: frozenset[str], at: datetime) -> list[OrderedSystem]:
    found = systems_holding(subject.client_id, wanted, at=at) if wanted else []
    return [OrderedSystem(system.name, sorted(wanted & set(system.categories))) for system in found]


def _endings(subject: Subject, at: datetime) -> list[Ending]:
    own: dict[str, Any] = {"client_id": subject.client_id, "subject": subject}
    guarded = Guardianship.objects.live(at).filter(Q(child=subject) | Q(guardian=subject), client_id=subject.client_id)
    requests = RightsRequest.objects.open().filter(**own)
    found = [
        Ending(_("Open rights requests: they can be closed, but not answered any more"), requests.count()),
        Ending(_("Guardianships: without effect, and a child needs another guardian"), guarded.count()),
        Ending(
            _("Open orders of other cases: systems still carry them out"), Order.objects.open().filter(**own).count()
        ),
    ]
    return [one for one in found if one.rows]
