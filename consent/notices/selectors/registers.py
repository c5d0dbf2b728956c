"""The compiled register of a client, read once per version and cached in the process."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from operator import itemgetter
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet

from children.guardians.models import ChildMechanism
from consent.notices.effects import list_window_ends
from consent.notices.models import Notice, NoticeDispatch, NoticeResponse, NoticeVersion, ResponseKind
from consent.notices.selectors.notices import (
    POLICY,
    NoticeOutdated,
    client_timelines,
    get_version_in_effect,
    purpose_timeline,
    to_published_version,
)
from consent.register import compiled as rules
from consent.register.bases import combine_bases
from consent.register.compiled import (
    BasisRule,
    ClientDeclarations,
    DeclaredProcedure,
    Gate,
    NoticeRule,
    Period,
    PurposeRule,
    Register,
    TextRule,
    describe_purpose,
)
from consent.register.dpv import DIRECTORY, MARKETING
from consent.register.effects import to_capacity_rules, to_owned_bases
from consent.register.gates import find_transfer_gate, list_gates
from consent.register.models.agreements import (
    AgreementSuspension,
    Instruction,
    Recipient,
    RecipientApproval,
    ServiceAgreement,
)
from consent.register.models.assessments import Assessment
from consent.register.models.purposes import (
    Automated,
    BalancingTest,
    DataCategory,
    LawfulBasis,
    Occasion,
    Purpose,
    PurposeCapacity,
    PurposeWidening,
    WideningKind,
)
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, find_rows

type Version = tuple[int, int]

_COMPILED = (
    AgreementSuspension,
    Assessment,
    BalancingTest,
    ChildMechanism,
    DataCategory,
    Instruction,
    LawfulBasis,
    Notice,
    NoticeDispatch,
    NoticeVersion,
    Purpose,
    PurposeCapacity,
    Recipient,
    RecipientApproval,
    ServiceAgreement,
)
"""The models with a history whose rows, of the client or of PakTaleem, are compiled into a register."""
_CACHE: dict[UUID, rules.Register] = {}
_LOCK = Lock()
_MAX_CLIENTS = 2_000
_MAX_TRIES = 4


class RegisterUnsettled(Exception):
    """The register kept changing while it was read; the decision is then undecidable."""


def cached_register(client_id: UUID, version: Version) -> rules.Register | None:
    """Find the client's compiled register in this process, if it has exactly this version."""
    found = _CACHE.get(client_id)
    return found if found is not None and found.version == version else None


def current_register(client_id: UUID, version: Version | None = None) -> rules.Register:
    """Return the client's current register, cached or read again, in the client's context.

    ``version`` is that of ``consent_register_version()`` if just read. Raises RegisterUnsettled if it kept changing.
    """
    version = version or _read_version()
    for _ in range(_MAX_TRIES):
        cached = cached_register(client_id, version)
        if cached is not None:
            return cached
        found = _compile(client_id, version, None)
        before, version = version, _read_version()
        if before == version:
            if not _is_changed_in_transaction(client_id):
                with _LOCK:
                    if len(_CACHE) >= _MAX_CLIENTS:
                        _CACHE.clear()
                    _CACHE[client_id] = found
            return found
    raise RegisterUnsettled


def _read_version() -> Version:
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_register_version()")
        own, shared = cursor.fetchone()[0]
    return own, shared


def _is_changed_in_transaction(client_id: UUID) -> bool:
    """Return True if this transaction changed the register: after a rollback its version would be reused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM consent_registerchange WHERE client_id IN (%s, %s)"
            " AND xact = pg_current_xact_id_if_assigned()::text::bigint)",
            [client_id, PAKTALEEM],
        )
        return bool(cursor.fetchone()[0])


def register_as_of(client_id: UUID, at: datetime) -> rules.Register:
    """Compile the client's register as of a past time; it is empty if the client did not exist yet."""
    if not Client.history.filter(id=client_id, history_date__lte=at).exists():
        return rules.compile_register(
            client=client_id, version=(0, 0), time_zone="UTC", serves_minors=True, thresholds=Thresholds(0)
        )
    return _compile(client_id, (0, 0), at)


def list_register_changes(client_id: UUID, *, since: datetime) -> list[datetime]:
    """List the times after ``since`` at which the client's register or the shared catalogue changed; one query.

    Between two of them the register is the same, whichever time it is read for.
    """
    owners = {PAKTALEEM, client_id}
    found = Client.history.filter(id=client_id, history_date__gt=since).values_list("history_date")
    others = [
        model.history.filter(client_id__in=owners, history_date__gt=since).values_list("history_date")
        for model in _COMPILED
    ]
    widened = PurposeWidening.objects.filter(client_id__in=owners, widened_at__gt=since).values_list("widened_at")
    objections = _OBJECTIONS.filter(client_id=client_id, recorded_at__gt=since).values_list("recorded_at")
    together = found.order_by().union(*(rows.order_by() for rows in (*others, widened, objections))).order_by()
    return sorted({moment for (moment,) in together})


_OBJECTIONS = NoticeResponse.objects.filter(kind__in=[ResponseKind.OBJECTED, ResponseKind.WITHDRAWN])


class _Rows:
    """The rows of the client and of the shared catalogue, now or as of a past time."""

    def __init__(self, client_id: UUID, at: datetime | None) -> None:
        self.client_id, self.at = client_id, at
        self._read: dict[Any, list[Any]] = {}

    def of(self, model: Any) -> list[Any]:
        """List the rows of a model, shared ones first; each model is read once."""
        if model not in self._read:
            source = model.objects.all() if self.at is None else model.history.as_of(self.at)
            rows = source.filter(client_id__in={PAKTALEEM, self.client_id})
            self._read[model] = sorted(rows, key=lambda row: (row.client_id == self.client_id, row.pk))
        return self._read[model]

    def own(self, model: Any) -> list[Any]:
        return [row for row in self.of(model) if row.client_id == self.client_id]

    def widenings(self) -> list[PurposeWidening]:
        """List the widenings recorded by then; they are append-only, and take effect when they are recorded."""
        found = PurposeWidening.objects.filter(client_id__in={PAKTALEEM, self.client_id})
        return list(found if self.at is None else found.filter(widened_at__lte=self.at))

    def objections(self) -> tuple[dict[UUID, datetime], dict[UUID, list[Period]]]:
        """Map versions to the time since when the client objects, and to the periods of its withdrawn objections."""
        found = _OBJECTIONS.filter(client_id=self.client_id).order_by("recorded_at", "id")
        if self.at is not None:
            found = found.filter(recorded_at__lte=self.at)
        standing: dict[UUID, datetime] = {}
        withdrawn: dict[UUID, list[Period]] = defaultdict(list)
        for version, kind, moment in found.values_list("dispatch__version_id", "kind", "recorded_at"):
            if kind != ResponseKind.WITHDRAWN:
                standing.setdefault(version, moment)
            elif version in standing:
                withdrawn[version].append(Period(standing.pop(version), moment))
        return standing, withdrawn

    def client(self) -> Client:
        source = Client.objects.all() if self.at is None else Client.history.as_of(self.at)
        return source.get(id=self.client_id)


def _compile(client_id: UUID, version: Version, at: datetime | None) -> rules.Register:
    rows = _Rows(client_id, at)
    client, purposes = rows.client(), rows.of(Purpose)
    codes = {purpose.pk: purpose.code for purpose in purposes}
    widenings, assessed = _grouped(rows.widenings(), "purpose_id"), rows.of(Assessment)
    return rules.compile_register(
        client=client_id,
        version=version,
        time_zone=client.time_zone,
        serves_minors=client.serves_minors,
        thresholds=client.thresholds,
        purposes=[_to_purpose_rule(row, widenings[row.pk], list_gates(row, client, assessed)) for row in purposes],
        categories=[row.code for row in rows.of(DataCategory)],
        bases=combine_bases(
            to_owned_bases(rows.of(LawfulBasis), rows.of(BalancingTest), codes=codes, client_id=client_id),
            to_capacity_rules(rows.of(PurposeCapacity), codes=codes, client_id=client_id),
        ),
        agreements=_list_agreements(rows),
        instructions=[
            rules.InstructionRule(
                id=row.pk,
                agreement=row.agreement_id,
                period=_to_period(row),
                purposes=frozenset(row.purposes),
                categories=frozenset(row.categories),
                recipients=frozenset(row.recipients),
            )
            for row in rows.own(Instruction)
            if not row.is_cancelled
        ],
        recipients=_list_recipients(rows, client),
        notices=_list_notices(rows, client),
        texts=[
            TextRule(row.pk, row.client_id, row.content_hash, row.effective_at, row.announced_at)
            for row in rows.of(NoticeVersion)
        ],
        declared=_load_declared(rows, client),
        contact_law=client.contact_law,
    )


def _to_purpose_rule(row: Purpose, widenings: Iterable[PurposeWidening], gates: tuple[Gate, ...]) -> rules.PurposeRule:
    return rules.PurposeRule(
        id=row.pk,
        code=row.code,
        active=row.is_active,
        is_sale=row.is_sale,
        categories=frozenset(row.categories),
        owner=row.client_id,
        consent_months=row.consent_months,
        needs_account=row.needs_account,
        widenings=tuple(
            rules.WideningRule(one.pk, one.widened_at, one.kind == WideningKind.WORDS) for one in widenings
        ),
        gates=gates,
        is_marketing=row.dpv_term in MARKETING,
        is_directory=row.code.startswith(DIRECTORY),
    )


def _to_period(row: Any) -> Period:
    return Period(row.starts_at, row.ends_at)


def _list_agreements(rows: _Rows) -> list[rules.AgreementRule]:
    suspended = _grouped(rows.own(AgreementSuspension), "agreement_id")
    return [
        rules.AgreementRule(
            id=row.pk,
            starts_at=max(row.starts_at, row.signed_at),
            ends_at=row.ends_at,
            suspended=tuple(_to_period(one) for one in suspended[row.pk]),
            exit_until=row.exit_until,
        )
        for row in rows.own(ServiceAgreement)
        if row.signed_at is not None and not row.is_cancelled
    ]


def _load_declared(rows: _Rows, client: Client) -> ClientDeclarations:
    mechanisms = [row for row in rows.own(ChildMechanism) if row.ends_at is None]
    return ClientDeclarations(
        client=client.name,
        address=" ".join(client.address.split()),
        mechanisms=tuple(
            DeclaredProcedure(row.kind, row.description, row.description_ur, row.reference) for row in mechanisms
        ),
    )


def _list_recipients(rows: _Rows, client: Client) -> list[rules.RecipientRule]:
    """List the recipients with their approvals; an announced one counts only once the client's time to object ends."""
    approvals, ends = _grouped(rows.of(RecipientApproval), "recipient_id"), _list_ends(rows, client)
    standing, withdrawn = rows.objections() if ends else ({}, {})
    return [
        replace(
            _to_recipient_rule(row, approvals[row.pk], ends, standing, withdrawn),
            transfer=find_transfer_gate(row, client, rows.of(Assessment)),
        )
        for row in rows.of(Recipient)
    ]


def _to_recipient_rule(
    row: Recipient,
    approvals: Iterable[Any],
    ends: Mapping[UUID, datetime],
    standing: Mapping[UUID, datetime],
    withdrawn: Mapping[UUID, list[Period]],
) -> rules.RecipientRule:
    """Convert a recipient; an objection to one of its approvals is an objection to all, also to later ones."""
    versions = {one.announced_as for one in approvals}
    objected_at = min((standing[one] for one in versions if one in standing), default=None)
    objections = tuple(period for one in versions for period in withdrawn.get(one, ()))
    return rules.RecipientRule(
        id=row.pk,
        code=row.code,
        approvals=tuple(
            replace(_to_approval(one, row, ends.get(one.announced_as)), objected_at=objected_at, objections=objections)
            for one in approvals
            if not one.is_cancelled and (one.announced_as is None or one.announced_as in ends)
        ),
    )


def _list_ends(rows: _Rows, client: Client) -> dict[UUID, datetime]:
    lists = {row.pk for row in rows.of(Notice) if row.lists_recipients}
    if not lists:
        return {}
    versions = [to_published_version(row) for row in rows.of(NoticeVersion) if row.notice_id in lists]
    since = None if client.pk == PAKTALEEM else client.created_at
    return list_window_ends(versions, proven=_list_proven(rows), client_since=since)


def _to_approval(row: RecipientApproval, recipient: Recipient, window_ends: datetime | None) -> rules.Approval:
    """Convert an approval; nothing is shared outside the term of the recipient's agreement."""
    starts_at = max(row.starts_at, recipient.agreement_starts_at or row.starts_at)
    ends = [moment for moment in (row.ends_at, recipient.agreement_ends_at) if moment is not None]
    objection_until = window_ends or row.objection_until
    return rules.Approval(
        period=Period(starts_at, min(ends, default=None)),
        purposes=frozenset(row.purposes),
        categories=frozenset(row.categories),
        objection_until=objection_until,
        is_integral=row.is_integral,
        known_from=None if row.approved_at is None else max(starts_at, row.approved_at, objection_until or starts_at),
    )


def _list_notices(rows: _Rows, client: Client) -> list[NoticeRule]:
    """List for each purpose the versions that have effect at the client; own notices replace shared ones."""
    timelines = client_timelines(
        client, notices=rows.of(Notice), versions=rows.of(NoticeVersion), proven=_list_proven(rows)
    )
    return [
        NoticeRule(purpose, versions)
        for purpose, versions in timelines.items()
        if purpose != POLICY and not purpose.startswith(":")
    ]


def _list_proven(rows: _Rows) -> dict[UUID, datetime]:
    return {row.version_id: row.takes_effect_at for row in rows.own(NoticeDispatch) if row.takes_effect_at is not None}


def _grouped(rows: Iterable[Model], attribute: str) -> defaultdict[UUID, list[Any]]:
    grouped: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[getattr(row, attribute)].append(row)
    return grouped


_WITH_CODES = "r.client_id = ANY (%(owners)s) AND r.code = ANY (%(codes)s)"


def purposes(actor: Actor) -> QuerySet[Purpose]:
    """Select the client's purposes and the shared ones. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    found: QuerySet[Purpose] = Purpose.objects.order_by("code")
    return found if actor.client_id is None else found.filter(client_id__in=[actor.client_id, PAKTALEEM])


def find_purposes(client_id: UUID, codes: Iterable[str]) -> dict[str, Purpose]:
    """Map codes to the client's purposes, including inactive ones; own purposes replace shared ones."""
    found = find_rows(Purpose, _WITH_CODES, {"owners": [client_id, PAKTALEEM], "codes": list(codes)})
    return {purpose.code: purpose for purpose in sorted(found, key=lambda one: one.client_id == client_id)}


def to_purpose(rule: PurposeRule) -> Purpose:
    """Return a purpose with the fields that the register holds; the others are deferred."""
    known = ["id", "client_id", "code", "is_active", "consent_months"]  # in the model's order
    return Purpose.from_db(DEFAULT_DB_ALIAS, known, [rule.id, rule.owner, rule.code, rule.active, rule.consent_months])


def bases_in_force(client_id: UUID, *, at: datetime) -> dict[tuple[UUID, str], BasisRule]:
    """Map (purpose, role) to the lawful basis in force, as in a decision. Runs in any context that sees the client."""
    with in_client(client_id):
        register = current_register(client_id)
    found = {
        (register.purposes[code].id, role): register.basis_in_force(code, role, at)
        for code, role in register.bases
        if code in register.purposes
    }
    return {use: basis for use, basis in found.items() if basis is not None}


def get_current_notice(
    purpose_code: str, *, client_id: UUID, at: datetime, register: Register | None = None
) -> NoticeVersion:
    """Return the version in effect about a purpose at a client; own notices replace shared ones.

    Raises NoticeUnknown, NoticeOutdated if the purpose got other words after the version was announced.
    """
    version = get_version_in_effect(purpose_timeline(Client.objects.get(pk=client_id), purpose_code), at=at)
    if register is None:
        with in_client(client_id):
            register = current_register(client_id)
    purpose = register.purposes.get(purpose_code)
    if purpose is not None and not purpose.is_described_by(version.announced_at, at):
        raise NoticeOutdated(purpose_code)
    return version


def consent_notices(client: Client, *, at: datetime, language: str) -> list[tuple[str, str]]:
    """List codes and titles of the notices in effect about a client's purposes, by title; own ones replace shared."""
    rules = current_register(client.pk).notices.values()
    versions = {rule.id for one in rules if (rule := one.in_effect(at)) is not None}
    found = Notice.objects.filter(pk__in=NoticeVersion.objects.filter(pk__in=versions).values("notice_id"))
    names = ((one.code, one.title_ur if language == "ur" else one.title_en) for one in found)
    return sorted(names, key=itemgetter(1))


def list_public_purposes(client: Client, *, at: datetime, language: str) -> list[dict[str, Any]]:
    """List the active purposes of processing at a client (policy §2), by name; own ones replace shared ones.

    ``since`` is the start of its first lawful basis, ``widened_at`` when a change of it last outdated consents.
    """
    register = current_register(client.pk)
    rules = register.purposes
    names = map_category_names(client.pk, language=language)
    found = find_purposes(client.pk, [rule.code for rule in rules.values() if rule.active]).values()
    starts: dict[str, datetime] = {}
    for rule in chain.from_iterable(register.bases.values()):
        starts_at = rule.since or rule.period.starts_at
        starts[rule.purpose] = min(starts_at, starts.get(rule.purpose, starts_at))
    purposes = [
        {
            "text": describe_purpose(one, language),
            "categories": sorted(names[code] for code in one.categories if code in names),
            "automated": "" if one.automated == Automated.NONE else one.get_automated_display(),
            "since": starts.get(one.code),
            "widened_at": rules[one.code].last_widened_at(at),
        }
        for one in found
        if one.is_active
    ]
    return sorted(purposes, key=lambda one: str(one["text"].name))


def map_category_names(
    client_id: UUID, *, language: str, model: type[DataCategory | Occasion] = DataCategory
) -> dict[str, str]:
    """Map the codes of a client's data categories, or occasions, to their names; own ones replace shared ones."""
    rows = model._default_manager.filter(client_id__in=[client_id, PAKTALEEM])
    own_last = sorted(rows, key=lambda one: one.client_id == client_id)
    return {one.code: getattr(one, f"name_{language}") for one in own_last}


def list_category_names(client_id: UUID, codes: Iterable[str], *, language: str) -> list[str]:
    """List the names of some data categories, by name; own ones replace shared ones."""
    names = map_category_names(client_id, language=language)
    return sorted(names.get(code, code) for code in codes)
