"""The facts about the guardians who signed forms, for verdicts, in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from children.guardians.authority import ChildFacts
from children.guardians.authority import Guardian as GuardianFacts
from children.guardians.models.guardians import Decision, Guardianship, ServiceAuthorisation, Source
from children.guardians.selectors import load_facts_of_children
from consent.consents.models import ConsentEvent, ConsentState
from consent.consents.selectors.choices import printed_notice
from consent.paper.models import FormPage, SheetEntry
from consent.paper.verdicts import PurposeFacts, Signer
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.accounts.models import Client

_REFUSALS = frozenset({ConsentState.REFUSED.value, ConsentState.WITHDRAWN.value})
_ANSWERS = (ConsentState.GIVEN, *sorted(_REFUSALS))
type Dated = tuple[str, datetime]
"""An answer, and when it was given: as claimed, but as recorded for a withdrawal."""


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """The guardians of several children with their answers, and the notice about the service in effect.

    ``services`` maps a child and a guardian (None: the child) to their latest answer about the service, ``sharing`` to
    the one about outside recipients, ``withdrawn`` to their latest withdrawal of the service; ``purposes`` maps a
    child, a purpose and a guardian to the latest answer.
    """

    client: Client
    children: Mapping[UUID, ChildFacts] = field(default_factory=dict)
    guardianships: Mapping[tuple[UUID, UUID], list[Guardianship]] = field(default_factory=dict)
    claims: Mapping[tuple[UUID, UUID], GuardianClaim] = field(default_factory=dict)
    services: Mapping[tuple[UUID, UUID | None], Dated] = field(default_factory=dict)
    sharing: Mapping[tuple[UUID, UUID | None], Dated] = field(default_factory=dict)
    withdrawn: Mapping[tuple[UUID, UUID | None], datetime] = field(default_factory=dict)
    purposes: Mapping[tuple[UUID, UUID, UUID | None], Dated] = field(default_factory=dict)
    notices: dict[tuple[str, ...], str] = field(default_factory=dict)

    @classmethod
    def of(cls, client: Client, pages: Iterable[FormPage], purposes: Iterable[UUID]) -> "SignerFacts":
        """Load the facts about the children of forms for guardians; without such a form, runs no query."""
        children = {page.subject_id for page in pages if page.run.for_guardians}
        if not children:
            return cls(client)
        own = {"client_id": client.pk, "child__in": children}
        guardianships: dict[tuple[UUID, UUID], list[Guardianship]] = {}
        for row in Guardianship.objects.filter(**own).select_related("guardian"):
            guardianships.setdefault((row.child_id, row.guardian_id), []).append(row)
        claims = GuardianClaim.objects.filter(**own, ends_at=None).select_related("guardian")
        answers = sorted(ServiceAuthorisation.objects.filter(**own), key=lambda row: (row.recorded_at, row.pk))
        return cls(
            client,
            load_facts_of_children(client.pk, children),
            guardianships,
            {(one.child_id, one.guardian_id): one for one in claims},
            {(one.child_id, one.guardian_id): _date(one.decision, one) for one in answers},
            {(one.child_id, one.guardian_id): _date(_about_sharing(one), one) for one in answers},
            {(one.child_id, one.guardian_id): one.recorded_at for one in answers if one.decision == Decision.WITHDRAWN},
            _map_purpose_answers(client.pk, children, purposes),
        )

    def signer(self, page: FormPage, entry: SheetEntry, at: datetime) -> Signer:
        """Return the standing of the guardian who signed a row's form."""
        if entry.guardian is None:
            return Signer.MISSING if entry.named_by is None else Signer.NEW
        pair = (page.subject_id, entry.guardian.pk)
        named = self.guardianships.get(pair, [])
        live = find_live(named, at)
        is_erased = entry.guardian.erased_at is not None or entry.guardian.is_being_erased
        if is_erased or (live is None and (named or pair not in self.claims)):
            return Signer.UNKNOWN
        if entry.guardian.is_child(at, thresholds=self.client.thresholds, serves_minors=self.client.serves_minors):
            return Signer.MINOR
        if live is None:
            return Signer.CLAIMED
        if self._is_no_longer_named(live, at):
            return Signer.UNKNOWN
        return Signer.NAMED if live.may_consent and not live.court_order else Signer.BARRED

    def _is_no_longer_named(self, row: Guardianship, at: datetime) -> bool:
        """Return True for a guardian of a roster that no longer names them, unless they have verified authority."""
        if row.source != Source.ROSTER or (row.child_id, row.guardian_id) in self.claims:
            return False
        known = self.children.get(row.child_id, ChildFacts()).guardians
        return not any(one.id == row.pk and one.has_authority(at) for one in known)

    def relationship_differs(self, page: FormPage, entry: SheetEntry, at: datetime) -> bool:
        """Return True if the relationship on the form is not the one on file."""
        if entry.guardian is None or not entry.relationship:
            return False
        pair = (page.subject_id, entry.guardian.pk)
        known = find_live(self.guardianships.get(pair, []), at) or self.claims.get(pair)
        return known is not None and known.relationship != entry.relationship

    def sharing_facts(self, page: FormPage, entry: SheetEntry, at: datetime) -> PurposeFacts:
        """Return the facts about outside recipients, which not every form asks about."""
        facts = self.service_facts(page, entry, at)
        printed = facts.printed if page.asks_sharing else None
        return replace(facts, printed=printed, last=_own_answer(self.sharing, page, entry))

    def service_facts(self, page: FormPage, entry: SheetEntry, at: datetime) -> PurposeFacts:
        """Return the facts about the service."""
        child, guardian = page.subject_id, entry.guardian_id
        endings = [self.withdrawn.get((child, guardian)), self._child_refused_at(child)]
        return PurposeFacts(
            printed=page.notice_hash,
            in_effect=self._notice_in_effect(page.subject.roles, at),
            rests_on_consent=True,
            last=_own_answer(self.services, page, entry),
            ended_at=max((one for one in endings if one is not None), default=None),
            other_refused=any(
                one.answer is not None and one.answer.is_no for one in self._others_who_may_forbid(child, guardian, at)
            ),
        )

    def last(self, page: FormPage, entry: SheetEntry, purpose: UUID) -> Dated | None:
        """Return the latest answer to a purpose by the guardian who signed, or by the child."""
        found = [self.purposes.get((page.subject_id, purpose, giver)) for giver in {entry.guardian_id, None}]
        return max((one for one in found if one is not None), key=lambda one: one[1], default=None)

    def is_refused_by_another(self, page: FormPage, entry: SheetEntry, purpose: UUID, at: datetime) -> bool:
        """Return True if another guardian who may forbid has refused a purpose."""
        others = self._others_who_may_forbid(page.subject_id, entry.guardian_id, at)
        answers = (self.purposes.get((page.subject_id, purpose, one.person)) for one in others)
        return any(answer is not None and answer[0] in _REFUSALS for answer in answers)

    def _others_who_may_forbid(self, child: UUID, guardian: UUID | None, at: datetime) -> list[GuardianFacts]:
        known = self.children.get(child, ChildFacts()).guardians
        return [one for one in known if one.person != guardian and one.may_forbid(at)]

    def _child_refused_at(self, child: UUID) -> datetime | None:
        own = self.children.get(child, ChildFacts()).own_no
        return own.recorded_at if own is not None else None

    def _notice_in_effect(self, roles: tuple[str, ...], at: datetime) -> str:
        if roles not in self.notices:
            self.notices[roles] = printed_notice(self.client, roles, at=at).hash
        return self.notices[roles]


def find_live(rows: Iterable[Guardianship], at: datetime) -> Guardianship | None:
    """Return the guardianship in effect at ``at``, or None."""
    return next((one for one in rows if one.starts_at <= at and (one.ends_at is None or at < one.ends_at)), None)


def list_possible_signers(child: Subject, *, at: datetime) -> list[tuple[Subject, str]]:
    """List the guardians on file who may have signed about a child, each with the relationship.

    These are the guardians in effect, and those whom the roster or the learning platform names.
    """
    own = {"client_id": child.client_id, "child": child}
    named = list(Guardianship.objects.filter(**own).select_related("guardian"))
    found = {one.guardian: one.get_relationship_display() for one in named if find_live([one], at) is not None}
    past = {one.guardian_id for one in named}
    for claim in GuardianClaim.objects.filter(**own, ends_at=None).select_related("guardian"):
        if claim.guardian_id not in past:
            found[claim.guardian] = claim.get_relationship_display()
    return sorted(found.items(), key=lambda pair: str(pair[0]))


def _own_answer(answers: Mapping[tuple[UUID, UUID | None], Dated], page: FormPage, entry: SheetEntry) -> Dated | None:
    """Return the latest answer by who answered the row; a guardian whom only the form names has none."""
    return None if entry.names_new_guardian else answers.get((page.subject_id, entry.guardian_id))


def _date(said: str, answer: ServiceAuthorisation | ConsentEvent) -> Dated:
    is_ending = said == Decision.WITHDRAWN
    return said, answer.recorded_at if is_ending else answer.claimed_at or answer.recorded_at


def _about_sharing(answer: ServiceAuthorisation) -> str:
    """Return the answer about outside recipients: refused if the service is, or if it was not asked."""
    if answer.decision != Decision.GIVEN:
        return str(answer.decision)
    return Decision.GIVEN.value if answer.shares else Decision.REFUSED.value


def _map_purpose_answers(
    client_id: UUID, children: Iterable[UUID], purposes: Iterable[UUID]
) -> dict[tuple[UUID, UUID, UUID | None], Dated]:
    events = ConsentEvent.objects.filter(
        client_id=client_id, subject__in=children, purpose__in=purposes, state__in=_ANSWERS
    )
    latest = events.order_by("subject_id", "purpose_id", "guardian_id", "-recorded_at", "-id").distinct(
        "subject_id", "purpose_id", "guardian_id"
    )
    return {(one.subject_id, one.purpose_id, one.guardian_id): _date(one.state, one) for one in latest}
