"""Current consents, recorded answers, and the choices on the pages of people and guardians."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import (
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_noop

from children.invitations.selectors import hash_notice
from consent.consents.models import (
    Consent,
    ConsentEvent,
    ConsentEvidence,
    ConsentState,
    GivenBy,
    Objection,
    PolicyAcknowledgement,
    Restriction,
)
from consent.decisions.facts import ConsentFact, effective_state, outdated_at, renewal_is_due
from consent.notices.models import NoticeVersion
from consent.notices.selectors.notices import NoticeUnknown, get_version_in_effect, policy_timeline
from consent.notices.selectors.registers import current_register, find_purposes, get_current_notice
from consent.register.compiled import Basis, BasisRule, PurposeText, Register, describe_purpose
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import DataCategory, Purpose, PurposeWidening, WideningKind
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import StoredFile
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import age_is_known
from paktaleem.foundation.accounts.actors import Actor, require, require_about
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def consent_events(actor: Actor) -> QuerySet[ConsentEvent]:
    """Select all recorded answers, latest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_CONSENTS)
    return ConsentEvent.objects.select_related("subject", "purpose", "notice_version").order_by("-recorded_at", "-id")


def consent_states(subject: Subject, *, actor: Actor, at: datetime) -> list[dict[str, object]]:
    """Return the effective state of each purpose that a person has answered about. Raises NotAllowed."""
    require(actor, Capability.VIEW_CONSENTS)
    own = Consent.objects.filter(client_id=subject.client_id, subject=subject)
    rows = own.select_related("subject", "purpose").order_by("purpose__code")
    register = current_register(subject.client_id)
    states = [effective_state(register, row.purpose.code, to_consent_fact(row), at) for row in rows]
    return [
        {
            "purpose": row.purpose.code,
            "state": state,
            "recorded_at": row.recorded_at,
            "expires_at": row.expires_at,
            "renewal_due": renewal_is_due(state, expires_at=row.expires_at, renew_days=row.purpose.renew_days, at=at),
            "asked_at": row.asked_at,
            "by": row.given_by,
            "event": row.event_id,
            "without_effect": is_without_effect(row, subject, register),
        }
        for row, state in zip(rows, states, strict=True)
    ]


def current_states(client_id: UUID, rows: Iterable[Consent], *, at: datetime) -> dict[UUID, str]:
    """Map consents of one client, with their purposes, to their effective states; runs in any context that sees it."""
    with in_client(client_id):
        register = current_register(client_id)
    return {row.pk: effective_state(register, row.purpose.code, to_consent_fact(row), at) for row in rows}


@dataclass(frozen=True, slots=True)
class AskedWords:
    """The name of a purpose when a person was asked, and the time since which the purpose has other words."""

    name: str
    changed_at: datetime | None


def annotate_asked_words(events: QuerySet[ConsentEvent]) -> QuerySet[Model, object]:
    """Annotate answers with ``asked_name_en``, ``asked_name_ur`` and ``reworded_at``: the words people answered.

    Who withdraws, or whose consent is ended, was asked when they gave it.
    """
    informed = Coalesce("shown_at", "claimed_at", "recorded_at")
    same = {name: OuterRef(name) for name in ("client_id", "subject_id", "purpose_id")}
    given = ConsentEvent.objects.filter(state=ConsentState.GIVEN, recorded_at__lte=OuterRef("recorded_at"), **same)
    latest = Subquery(given.order_by("-recorded_at", "-id").values(moment=informed)[:1])
    ended = When(
        state__in=[ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.INVALIDATED],
        then=Coalesce(latest, informed),
    )
    then = Purpose.history.filter(id=OuterRef("purpose_id"), history_date__lte=OuterRef("asked"))
    changes = PurposeWidening.objects.filter(
        purpose_id=OuterRef("purpose_id"), kind=WideningKind.WORDS, widened_at__gte=OuterRef("asked")
    )
    words = then.order_by("-history_date", "-history_id")
    return events.annotate(asked=Case(ended, default=informed)).annotate(
        asked_name_en=Coalesce(Subquery(words.values("name_en")[:1]), "purpose__name_en"),
        asked_name_ur=Coalesce(Subquery(words.values("name_ur")[:1]), "purpose__name_ur"),
        reworded_at=Subquery(changes.order_by("widened_at").values("widened_at")[:1]),
    )


def load_asked_words(events: Iterable[UUID], *, language: str) -> dict[UUID, AskedWords]:
    """Map answers to the words that their people answered. One query."""
    columns = ("pk", "asked_name_ur" if language == "ur" else "asked_name_en", "reworded_at")
    rows = annotate_asked_words(ConsentEvent.objects.filter(pk__in=list(events))).values_list(*columns)
    return {key: AskedWords(name, changed_at) for key, name, changed_at in rows}


def is_without_effect(answer: Consent | ConsentEvent, subject: Subject, rules: Register | Client) -> bool:
    """Return True if a child gave the consent itself, by the age ``rules`` of the client: no decision rests on it."""
    if answer.state != ConsentState.GIVEN or answer.given_by == GivenBy.GUARDIAN:
        return False
    at = answer.recorded_at
    return subject.is_child(at, thresholds=rules.thresholds, serves_minors=rules.serves_minors)


_KEPT: dict[str, None] = {"subject__erased_at": None, "subject__erasure_started_at": None}
"""Filter of consents whose person is neither erased nor being erased."""


def select_due_for_renewal(client_id: UUID, *, at: datetime) -> QuerySet[Consent]:
    """Select consents that expire within their purpose's lead time and were not yet requested again."""
    lead = ExpressionWrapper(
        Value(at) + F("purpose__renew_days") * Value(timedelta(days=1)), output_field=DateTimeField()
    )
    given = Consent.objects.filter(client_id=client_id, state=ConsentState.GIVEN, asked_at=None)
    due = given.filter(expires_at__gt=at, expires_at__lte=lead, **_KEPT)
    return due.select_related("subject", "purpose").order_by("expires_at", "pk")


def select_due_by_age(client: Client, *, at: datetime) -> QuerySet[Consent]:
    """Select consents by a guardian for a person now of age, who was not yet asked: they no longer count."""
    given = Consent.objects.filter(client_id=client.pk, state=ConsentState.GIVEN, given_by=GivenBy.GUARDIAN, **_KEPT)
    known = age_is_known(client, of="subject__")
    unasked = Q(asked_at=None) | Q(asked_at__lt=F("subject__of_age_at"))
    due = given.filter(known, unasked, subject__of_age_at__lte=at)
    return due.select_related("subject", "purpose").order_by("subject__of_age_at", "pk")


def to_consent_fact(row: Consent) -> ConsentFact:
    """Convert a row for `effective_state`."""
    return ConsentFact(
        event_id=row.event_id,
        state=row.state,
        recorded_at=row.recorded_at,
        expires_at=row.expires_at,
        notice_version=row.notice_version,
        by=row.given_by,
        informed_at=row.informed_at,
    )


def get_event(event_id: UUID, *, actor: Actor) -> ConsentEvent:
    """Return one event with its purpose. Raises Http404 if there is none or it is another client's, NotAllowed."""
    found = consent_events(actor)
    own = found if actor.client_id is None else found.filter(client_id=actor.client_id)
    return get_object_or_404(own, pk=event_id)


def find_restrictions(subject: Subject, *, at: datetime) -> QuerySet[Restriction]:
    """Find the restrictions in force for a person, in any of their records: restricted data must be kept."""
    records = Subject.objects.filter(client_id=subject.client_id, same_person=subject.same_person).values("pk")
    own = {"subject": subject} if subject.same_person is None else {"subject__in": records}
    found: QuerySet[Restriction] = Restriction.objects.active(at).filter(client_id=subject.client_id, **own)
    return found


ACKNOWLEDGED = gettext_noop("Policy acknowledged")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of a timeline: ``state`` is the consent state from then on, ``what`` names an entry that changes none.

    ``row`` is the recorded row (None for an end that follows from time, a notice or a purpose), ``basis`` the lawful
    basis in force then, ``notice`` the version shown.
    """

    at: datetime
    purpose: str
    state: str = ""
    what: str = ""
    row: Model | None = None
    basis: str = ""
    notice: NoticeVersion | None = None


def select_consent_events(subject: Subject, *, actor: Actor, until: datetime) -> QuerySet[ConsentEvent]:
    """Select a person's answers up to a time, earliest first. Raises NotAllowed."""
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.pk, client_id=subject.client_id)
    return (
        ConsentEvent.objects.filter(client_id=subject.client_id, subject=subject, recorded_at__lte=until)
        .select_related("purpose", "notice_version__notice", "guardian")
        .order_by("recorded_at", "pk")
    )


def select_acknowledgements(subject: Subject, *, actor: Actor, until: datetime) -> QuerySet[PolicyAcknowledgement]:
    """Select a person's acknowledgements of the policy up to a time, earliest first. Raises NotAllowed."""
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.pk, client_id=subject.client_id)
    return (
        PolicyAcknowledgement.objects.filter(client_id=subject.client_id, subject=subject, recorded_at__lte=until)
        .select_related("version__notice")
        .order_by("recorded_at", "pk")
    )


def list_timeline(
    subject: Subject,
    *,
    events: Sequence[ConsentEvent],
    acknowledged: Iterable[PolicyAcknowledgement] = (),
    until: datetime,
) -> list[TimelineEntry]:
    """List the entries of a person's timeline up to a time, latest first, in the client's context.

    Ends that follow from time (expired), or from a notice or a widened purpose (outdated), are included, although
    nothing was recorded then.
    """
    register = current_register(subject.client_id)
    leading = register.leading_basis
    answers = [
        TimelineEntry(
            at=event.recorded_at,
            purpose=event.purpose.code,
            state=event.state,
            row=event,
            basis=basis.basis if (basis := leading(event.purpose.code, subject.roles, event.recorded_at)) else "",
            notice=event.notice_version,
        )
        for event in events
    ]
    shown = [
        TimelineEntry(
            at=event.shown_at,
            purpose=event.purpose.code,
            what=gettext_noop("Notice shown"),
            row=event,
            notice=event.notice_version,
        )
        for event in events
        if event.shown_at is not None
    ]
    derived = [
        line for of_purpose in _group_by_purpose(events) for line in _list_derived_ends(of_purpose, register, until)
    ]
    acknowledgements = [
        TimelineEntry(at=one.recorded_at, purpose="", what=ACKNOWLEDGED, row=one, notice=one.version)
        for one in acknowledged
    ]
    # Of the same time, the later in the list is the later in fact: an answer that was outdated when it was recorded.
    lines = [*_list_limits(subject, until), *acknowledgements, *shown, *answers, *derived]
    return sorted(lines, key=lambda line: line.at)[::-1]


def states_at(events: Iterable[ConsentEvent], register: Register, at: datetime) -> dict[str, TimelineEntry]:
    """Return the state of each purpose at ``at``, from the events up to it."""
    latest: dict[str, TimelineEntry] = {}
    for of_purpose in _group_by_purpose(events):
        event = [one for one in of_purpose if one.becomes_state][-1]
        line = TimelineEntry(at=event.recorded_at, purpose=event.purpose.code, state=event.state, row=event)
        latest[event.purpose.code] = [line, *_list_derived_ends([event], register, at)][-1]
    return dict(sorted(latest.items()))


def _group_by_purpose(events: Iterable[ConsentEvent]) -> list[list[ConsentEvent]]:
    grouped: defaultdict[UUID, list[ConsentEvent]] = defaultdict(list)
    for event in events:
        grouped[event.purpose_id].append(event)
    return list(grouped.values())


def _list_derived_ends(events: Sequence[ConsentEvent], register: Register, until: datetime) -> list[TimelineEntry]:
    lines = []
    events = [event for event in events if event.becomes_state]
    for event, later in zip(events, [*events[1:], None], strict=True):
        if event.state != ConsentState.GIVEN:
            continue
        ends = later.recorded_at if later is not None else until
        ended = [(at, state) for at, state in _possible_ends(event, register) if at <= ends]
        if ended:
            at, state = min(ended)
            lines.append(TimelineEntry(at=at, purpose=event.purpose.code, state=state))
    return lines


def _possible_ends(event: ConsentEvent, register: Register) -> list[tuple[datetime, str]]:
    ended_at = outdated_at(
        register, event.purpose.code, notice_version=event.notice_version_id, informed_at=event.informed_at
    )
    if ended_at is not None:
        ended_at = max(ended_at, event.recorded_at)
    found = [(event.expires_at, ConsentState.EXPIRED.value), (ended_at, ConsentState.OUTDATED.value)]
    return [(at, state) for at, state in found if at is not None]


def _list_limits(subject: Subject, until: datetime) -> list[TimelineEntry]:
    lines = []
    for model, opened, closed in (
        (Restriction, gettext_noop("Processing restricted"), gettext_noop("Restriction lifted")),
        (Objection, gettext_noop("Objected"), gettext_noop("Objection closed")),
    ):
        for row in model._default_manager.filter(client_id=subject.client_id, subject=subject):
            moments = [(row.starts_at, opened), (row.ends_at, closed)]
            lines += [
                TimelineEntry(at=at, purpose=row.purpose_code, what=what, row=row)
                for at, what in moments
                if at is not None and at <= until
            ]
    return lines


def list_evidence_files(reader: Reader) -> Iterator[StoredFile]:
    """List the files, such as signed forms, of the answers that the recipient of the copy gave.

    A form that another person signed shows their name and signature, and is left out (GDPR Art. 15(4)).
    """
    own = ConsentEvidence.objects.filter(
        client_id=reader.subject.client_id, subject=reader.subject, event__guardian=reader.guardian_id
    )
    for row in own.exclude(file=None).select_related("file__subject", "event__purpose").order_by("pk"):
        yield StoredFile(ConsentEvidence.copied.code, row.event.purpose.code, row.file)


_ENDED_BY_TIME = frozenset({"expired", "outdated"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One purpose on a person's page, with the effective ``state`` of the answer and the ``event`` it comes from.

    ``current`` is the notice in effect if the basis is consent, ``is_decided_for`` True if a guardian gives consent for
    this person, ``is_widened`` if the purpose was widened since.
    """

    purpose: Purpose
    basis: BasisRule
    state: str
    event: ConsentEvent | None
    current: NoticeVersion | None
    objection: Objection | None
    is_decided_for: bool
    is_widened: bool = False
    is_open_to_objection: bool = False

    @property
    def rests_on_consent(self) -> bool:
        return self.basis.basis == Basis.CONSENT

    @property
    def agreed(self) -> NoticeVersion | None:
        """Return the version that the person consented to, unless the consent was ended by someone."""
        agreed = self.state == "given" or self.state in _ENDED_BY_TIME
        return self.event.notice_version if agreed and self.event else None

    @property
    def may_give(self) -> bool:
        """Return True if consent can be given: not yet given, and not decided by a guardian."""
        return self.rests_on_consent and self.current is not None and self.state != "given" and not self.is_decided_for

    @property
    def may_refuse(self) -> bool:
        return self.rests_on_consent and self.state in {"unknown", "requested", "deferred", *_ENDED_BY_TIME}

    @property
    def may_withdraw(self) -> bool:
        return self.rests_on_consent and self.state == "given"

    @property
    def may_object(self) -> bool:
        """Return True if the person may object, and has not (GDPR Art. 21; FERPA, 34 CFR 99.37)."""
        return self.is_open_to_objection and self.objection is None


def list_choices(subject: Subject, *, actor: Actor, at: datetime) -> list[Choice]:
    """List every purpose for which data of the person's roles is used, those on consent first. Raises NotAllowed."""
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.id, client_id=subject.client_id)
    client_id = subject.client_id
    is_decided_for = actor.id == subject.id and subject.counts_as_child(at)  # a child may refuse, but not consent
    register = current_register(client_id)
    answers = _load_answers(subject, register, at)
    own = Objection.objects.active(at).filter(client_id=client_id, subject=subject)
    objections = {one.purpose_code: one for one in own}
    choices = []
    for purpose, basis in list_purposes_of_roles(client_id, subject.roles, at=at):
        event, state, is_widened = answers.get(purpose.code, (None, ConsentState.UNKNOWN.value, False))
        current, objection = _find_notice(purpose, basis, register, at), objections.get(purpose.code)
        may_object = register.may_object(purpose.code, subject.roles, subject.country, at)
        choices.append(Choice(purpose, basis, state, event, current, objection, is_decided_for, is_widened, may_object))
    return choices


def get_choice(subject: Subject, code: str, *, actor: Actor, at: datetime) -> Choice:
    """Return one purpose of a person's page. Raises Http404 if their data is not used for it, NotAllowed."""
    for choice in list_choices(subject, actor=actor, at=at):
        if choice.purpose.code == code:
            return choice
    raise Http404


def list_purposes_of_roles(client_id: UUID, roles: Iterable[str], *, at: datetime) -> list[tuple[Purpose, BasisRule]]:
    """List the active purposes of a client for a person's roles, those based on consent first.

    Each has the basis in force; of several roles, the one that gives the person the most say.
    """
    register = current_register(client_id)
    codes = Purpose.objects.filter(client_id__in=[client_id, PAKTALEEM]).values_list("code", flat=True)
    known = find_purposes(client_id, codes).values()
    bases = ((one, register.leading_basis(one.code, roles, at)) for one in known if one.is_active)
    found = [(one, basis) for one, basis in bases if basis is not None]
    return sorted(found, key=lambda pair: (pair[1].basis != Basis.CONSENT, pair[1].basis, pair[0].code))


def _load_answers(subject: Subject, register: Register, at: datetime) -> dict[str, tuple[ConsentEvent, str, bool]]:
    """Map each purpose that was answered to the latest event, its state, and whether the purpose was widened since."""
    rows = Consent.objects.filter(client_id=subject.client_id, subject=subject)
    answers = {}
    for row in rows.select_related("purpose", "event__notice_version__notice"):
        code, event = row.purpose.code, row.event
        state = effective_state(register, code, to_consent_fact(row), at)
        rule = register.purposes.get(code) if state == "outdated" else None
        answers[code] = event, state, rule is not None and rule.widened_since(event.informed_at) is not None
    return answers


def _find_notice(purpose: Purpose, basis: BasisRule, register: Register, at: datetime) -> NoticeVersion | None:
    with suppress(NoticeUnknown):
        if basis.basis == Basis.CONSENT:
            return get_current_notice(purpose.code, client_id=register.client, at=at, register=register)
    return None


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose as shown in the notice: text, data, lawful basis and outside recipients."""

    code: str
    text: PurposeText
    basis: str
    data: tuple[str, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceNotice:
    """The complete notice about the service; of ``asked_apart``, based on consent, each is asked separately."""

    uses: tuple[Use, ...]
    asked_apart: tuple[Use, ...]
    policy: str

    @property
    def hash(self) -> str:
        """The hash of the whole notice."""
        uses = [asdict(one) for one in (*self.uses, *self.asked_apart)]
        return hash_notice({"uses": uses, "policy": self.policy})

    @property
    def recipients(self) -> list[str]:
        """The names of all outside recipients, without duplicates."""
        return sorted({name for one in self.uses for name in one.recipients})


@dataclass(frozen=True, slots=True)
class PrintedNotice:
    """The notice about the service in English and Urdu, as printed on a form for guardians."""

    english: ServiceNotice
    urdu: ServiceNotice

    @property
    def hash(self) -> str:
        """The hash of what is printed: the purposes based on consent have notices of their own."""
        uses = [asdict(one) for one in (*self.english.uses, *self.urdu.uses)]
        return hash_notice({"uses": uses, "policy": self.english.policy})

    @property
    def asks_sharing(self) -> bool:
        """Return True if there are outside recipients, about whom the form asks separately."""
        return bool(self.english.recipients)


def printed_notice(client: Client, roles: Sequence[str], *, at: datetime) -> PrintedNotice:
    """Return the notice about the service in both languages, for a client's children in these roles."""
    return PrintedNotice(
        service_notice(client, roles, at=at, language="en"), service_notice(client, roles, at=at, language="ur")
    )


def service_notice(client: Client, roles: Sequence[str], *, at: datetime, language: str) -> ServiceNotice:
    """Return the notice about the service for a client's children in these roles."""
    categories = DataCategory.objects.filter(client_id__in=[PAKTALEEM, client.pk])
    data = dict(categories.values_list("code", f"name_{language}"))
    recipients, policy = recipients_of(client.pk, language, at=at), ""
    with suppress(NoticeUnknown):
        policy = get_version_in_effect(policy_timeline(client), at=at).content_hash
    uses = [
        Use(
            code=purpose.code,
            text=describe_purpose(purpose, language),
            basis=basis.basis,
            data=tuple(data.get(code, code) for code in sorted(purpose.categories)),
            recipients=tuple(recipients.get(purpose.code, ())),
        )
        for purpose, basis in list_purposes_of_roles(client.pk, roles, at=at)
    ]
    asked_apart = tuple(one for one in uses if one.basis == Basis.CONSENT)
    return ServiceNotice(tuple(one for one in uses if one.basis != Basis.CONSENT), asked_apart, policy)


def recipients_of(client_id: UUID, language: str, *, at: datetime) -> dict[str, list[str]]:
    """Map each purpose code to the names and services of the outside recipients that may receive its data at ``at``.

    Leaves out recipients to which the client objects or may still object: no consent covers them yet (decision 0080).
    """
    found: dict[str, set[UUID]] = {}
    for rule in current_register(client_id).recipients.values():
        for approval in rule.approvals:
            for code in approval.purposes if approval.is_in_force(at) else ():
                found.setdefault(code, set()).add(rule.id)
    rows = Recipient.objects.filter(client_id__in=[PAKTALEEM, client_id])
    names = {row.pk: f"{row.name} ({row.describe_service(language)})" for row in rows}
    return {code: sorted(names[pk] for pk in ids) for code, ids in found.items()}
