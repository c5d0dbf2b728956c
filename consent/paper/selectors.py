"""Selectors of forms, sheets and the queue, and the facts for verdicts, in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext

from children.invitations.models import ContactProblem, Invitation
from children.invitations.states import State
from consent.consents.models import ConsentEvent, ConsentState
from consent.notices.selectors.public import bases_in_force
from consent.notices.selectors.registers import current_register
from consent.paper.models import OPEN_STATES, AnswerSheet, EntryState, FormPage, FormPurpose, FormRun, SheetEntry
from consent.paper.sheets import find_nearest
from consent.paper.signers import SignerFacts
from consent.paper.verdicts import SERVICE, SHARING, PurposeFacts, RowFacts
from consent.register.compiled import Basis, Register
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import having_left, list_subjects, sealers_of
from paktaleem.directory.people.services.people import was_child
from paktaleem.directory.schools.selections import Selection, select_chosen
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.sealing import Sealer

NAMED_AT_MOST = 10
CODES_COMPARED = 5_000
_ENDED = (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.INVALIDATED)
_ANSWERED = (ConsentState.GIVEN, ConsentState.REFUSED, *_ENDED)


def purposes_to_ask(client_id: UUID, *, at: datetime) -> list[Purpose]:
    """List the active purposes based on consent for any role at a client, which a form can ask about."""
    purpose_ids = {purpose for (purpose, _), basis in bases_in_force(client_id, at=at).items() if _is_consent(basis)}
    return list(Purpose.objects.filter(pk__in=purpose_ids, is_active=True).order_by("code"))


def _is_consent(basis: Any) -> bool:
    return bool(basis.basis == Basis.CONSENT)


def select_people(client: Client, chosen: Selection, *, actor: Actor, at: datetime) -> QuerySet[Subject]:
    """Select the chosen people for a form; those who have left only by id.

    Raises ValidationError naming unknown LMS ids, NotAllowed.
    """
    found = list_subjects(actor).filter(client=client, erased_at=None, erasure_started_at=None)
    known = found.filter(external_id__in=chosen.ids)
    missing = sorted({*chosen.ids} - {*known.values_list("external_id", flat=True)}) if chosen.ids else []
    if missing:
        message = gettext("This client has no people with these LMS ids: {ids}.")
        more = ["…"] if len(missing) > NAMED_AT_MOST else []
        raise ValidationError({"ids": [message.format(ids=", ".join([*missing[:NAMED_AT_MOST], *more]))]})
    found = found if chosen.ids else found.exclude(having_left())
    return select_chosen(found, chosen, client=client, at=at).order_by("external_id")


def select_unreachable(client: Client, chosen: Selection, *, actor: Actor, at: datetime) -> QuerySet[Subject]:
    """Select the chosen children with a guardian who cannot be asked by message, such as for a shared phone.

    Raises NotAllowed.
    """
    pending = Invitation.objects.filter(client_id=client.pk, state=State.CONTACT_PENDING)
    children = pending.exclude(problem__in=["", ContactProblem.TOO_MANY]).values("child_id")
    found = list_subjects(actor).filter(client=client, erased_at=None, erasure_started_at=None, pk__in=children)
    return select_chosen(found, chosen, client=client, at=at).order_by("external_id")


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The number of rows of a sheet per state."""

    by_state: Mapping[str, int]

    @property
    def open(self) -> int:
        return sum(self.by_state.get(state, 0) for state in OPEN_STATES)

    def __getitem__(self, state: str) -> int:
        return self.by_state.get(state, 0)


def count_rows(sheet: AnswerSheet) -> RowCounts:
    """Count a sheet's rows per state."""
    found = SheetEntry.objects.filter(client_id=sheet.client_id, sheet=sheet).order_by().values_list("state")
    return RowCounts(dict(found.annotate(Count("pk"))))


def count_progress(run: FormRun) -> Counter[str]:
    """Count a form's pages by progress: confirmed, waiting, none."""
    entries = SheetEntry.objects.filter(client_id=run.client_id, page__run=run)
    confirmed = set(entries.filter(state=EntryState.CONFIRMED).values_list("page_id", flat=True))
    waiting = set(entries.filter(state__in=OPEN_STATES).values_list("page_id", flat=True)) - confirmed
    none = run.people - len(confirmed) - len(waiting)
    return Counter(confirmed=len(confirmed), waiting=len(waiting), none=none)


def find_similar_codes(client_id: UUID, typed: str) -> list[FormPage]:
    """Find the client's pages with the codes most similar to the typed text, among its newest pages."""
    codes = FormPage.objects.filter(client_id=client_id).order_by("-id").values_list("code", flat=True)
    near = find_nearest(typed, list(codes[:CODES_COMPARED]))
    pages = {
        page.code: page
        for page in FormPage.objects.filter(client_id=client_id, code__in=near).select_related("run", "subject")
    }
    return [pages[code] for code in near if code in pages]


def map_open_rows(client_id: UUID, pages: Iterable[UUID]) -> dict[UUID, list[SheetEntry]]:
    """Return the rows that wait for a person, by the page of the scan that they are on."""
    found: dict[UUID, list[SheetEntry]] = {}
    for entry in SheetEntry.objects.filter(client_id=client_id, page__in=set(pages), state__in=OPEN_STATES):
        found.setdefault(entry.page_id, []).append(entry)  # type: ignore[arg-type]  # only entries with a page
    return found


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """The facts about the people of several pages, read together."""

    client: Client
    register: Register
    purposes: Mapping[str, Purpose]
    printed: Mapping[tuple[UUID, str], UUID]
    last: Mapping[tuple[UUID, UUID], tuple[str, datetime]]
    ended: Mapping[tuple[UUID, UUID], datetime]
    signers: SignerFacts
    adults: Mapping[UUID, Sealer]
    """The sealers of adults who answer for themselves: an answer given as a child is a child's (``was_child``)."""

    @classmethod
    def of(cls, client: Client, pages: Iterable[FormPage]) -> "SheetFacts":
        """Load the facts for any number of pages with related run and subject, in a fixed number of queries."""
        pages = list(pages)
        form_purposes = FormPurpose.objects.filter(client_id=client.pk, run__in={page.run_id for page in pages})
        printed, purposes = {}, {}
        for one in form_purposes.select_related("purpose"):
            printed[one.run_id, one.purpose.code] = one.notice_version_id
            purposes[one.purpose.code] = one.purpose
        events = ConsentEvent.objects.filter(
            client_id=client.pk,
            subject__in={page.subject_id for page in pages},
            purpose__in=[purpose.pk for purpose in purposes.values()],
        )
        return cls(
            client,
            current_register(client.pk),
            purposes,
            printed,
            _map_last_answers(events),
            _map_endings(events),
            SignerFacts.of(client, pages, [purpose.pk for purpose in purposes.values()]),
            sealers_of(client.pk, {page.subject_id for page in pages if not page.run.for_guardians}),
        )

    def signed_at(self, answered_on: date, page: FormPage) -> datetime:
        """Return the earliest possible time of an answer on that day; later events that day override the paper."""
        start = datetime.combine(answered_on, time.min, ZoneInfo(self.client.time_zone)).astimezone(UTC)
        made_on = page.run.made_at.astimezone(ZoneInfo(self.client.time_zone)).date()
        return page.run.made_at if answered_on == made_on else start

    def case(self, page: FormPage, entry: SheetEntry, *, rows_differ: bool, at: datetime) -> RowFacts:
        """Build the facts for the verdict on one row."""
        subject, client = page.subject, self.client
        by_guardian, signed_at = entry.given_by == "guardian", self.signed_at(entry.answered_on, page)
        gate: dict[str, Any] = {"thresholds": client.thresholds, "serves_minors": client.serves_minors}
        sealer = self.adults.get(subject.pk)
        is_child = subject.is_child(at, **gate) or (
            sealer is not None and was_child(subject, signed_at, time_zone=client.time_zone, sealer=sealer, **gate)
        )
        signer: dict[str, Any] = {}
        if page.run.for_guardians and by_guardian:
            differs = self.signers.relationship_differs(page, entry, at)
            signer = {"signer": self.signers.signer(page, entry, at), "relationship_differs": differs}
        return RowFacts(
            answers=entry.answers,
            by_guardian=by_guardian,
            signed_at=signed_at,
            form_made_at=page.run.made_at,
            purposes=self._facts_of_answers(page, entry, at),
            is_child=is_child,
            is_erased=subject.erased_at is not None or subject.is_being_erased,
            rows_differ=rows_differ,
            for_guardians=page.run.for_guardians,
            by_phone=entry.method == "phone",
            **signer,
        )

    def _facts_of_answers(self, page: FormPage, entry: SheetEntry, at: datetime) -> dict[str, PurposeFacts]:
        found = {code: self._purpose_facts(page, entry, code, at) for code in entry.answers if code in self.purposes}
        if page.run.for_guardians:
            found[SERVICE] = self.signers.service_facts(page, entry, at)
            found[SHARING] = self.signers.sharing_facts(page, entry, at)
        return found

    def _purpose_facts(self, page: FormPage, entry: SheetEntry, code: str, at: datetime) -> PurposeFacts:
        purpose = self.purposes[code]
        basis = self.register.leading_basis(code, page.subject.roles, at)
        rule, notice = self.register.purposes.get(code), self.register.notices.get(code)
        in_effect = notice.in_effect(at) if notice else None
        of_person = (page.subject_id, purpose.pk)
        signed = page.run.for_guardians and entry.given_by == "guardian"
        return PurposeFacts(
            printed=self.printed.get((page.run_id, code)) if code in page.purposes else None,
            in_effect=in_effect.id if in_effect else None,
            rests_on_consent=rule is not None and rule.active and basis is not None and basis.basis == Basis.CONSENT,
            last=self.signers.last(page, entry, purpose.pk) if signed else self.last.get(of_person),
            ended_at=self.ended.get(of_person),
            other_refused=signed and self.signers.is_refused_by_another(page, entry, purpose.pk, at),
            widened_at=rule.last_widened_at(at) if rule is not None else None,
        )


def _map_last_answers(events: QuerySet[ConsentEvent]) -> dict[tuple[UUID, UUID], tuple[str, datetime]]:
    """Map (person, purpose) to the latest answer and its time: as claimed, but as recorded for an ending."""
    found = (
        events.filter(state__in=_ANSWERED)
        .order_by("subject_id", "purpose_id", "-recorded_at", "-id")
        .distinct("subject_id", "purpose_id")
        .values_list("subject_id", "purpose_id", "state", "claimed_at", "recorded_at")
    )
    return {
        (subject, purpose): (state, recorded_at if state in _ENDED else claimed_at or recorded_at)
        for subject, purpose, state, claimed_at, recorded_at in found
    }


def _map_endings(events: QuerySet[ConsentEvent]) -> dict[tuple[UUID, UUID], datetime]:
    found = events.filter(state__in=_ENDED).order_by().values_list("subject_id", "purpose_id")
    return {(subject, purpose): moment for subject, purpose, moment in found.annotate(Max("recorded_at"))}
