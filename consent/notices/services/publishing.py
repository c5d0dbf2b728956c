"""Drafting and publishing notices: drafts may change, versions never do."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from consent.notices.effects import earliest_effect
from consent.notices.models import (
    Notice,
    NoticeDispatch,
    NoticeDraft,
    NoticeResponse,
    NoticeText,
    NoticeVersion,
    ResponseCode,
    ResponseKind,
)
from consent.notices.selectors.notices import may_withdraw_objection
from consent.notices.starter_register import CATEGORIES, OCCASIONS, PRIVACY_NOTICE, PURPOSES, ROLES, PurposeText
from consent.register.compiled import PURPOSE_WORDS
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import (
    BalancingTest,
    DataCategory,
    LawfulBasis,
    Occasion,
    Purpose,
    PurposeCapacity,
)
from consent.register.services import change_register, require_printable
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, lock_row, refuse_if
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import require_second_person
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import is_in_sandbox
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import format_time

FOLLOW_ANNOUNCEMENTS = "consent.follow_announcements"
"""The task that notifies clients, enqueued on commit; it also runs every minute."""
_WRITTEN_BY_PORTAL = gettext_noop("The portal writes this text itself.")
_BACKDATED = "This must not be in the past: choose now or later."


def content_hash(text_en: str, text_ur: str, child_text_en: str = "", child_text_ur: str = "") -> str:
    """Return the hex SHA-256 of the texts as canonical JSON, including those for children if any."""
    texts = {"en": text_en, "ur": text_ur}
    if child_text_en or child_text_ur:
        texts |= {"child_en": child_text_en, "child_ur": child_text_ur}
    return hashlib.sha256(canonical(texts)).hexdigest()


def notice_days_for(notice: Notice, *, is_material: bool) -> int:
    """Return the advance notice, in days, that clients get of the next version of a notice; 0: none (policy §12).

    They get it of PakTaleem's later material versions, and of every version that the portal writes.
    """
    is_later = notice.client_id == PAKTALEEM and is_material and NoticeVersion.objects.filter(notice=notice).exists()
    return int(settings.NOTICE_DAYS) if notice.is_by_portal or is_later else 0


_check_open = refuse_if(
    lambda row: row.closed_at is not None, _("The draft has been announced or discarded: its text cannot change.")
)


@transaction.atomic
def save_draft(draft: NoticeDraft, *, actor: Actor, reason: Reason | str, at: datetime) -> NoticeDraft:
    """Add or change a draft. Raises Refused if it is announced or discarded, ValidationError, NotAllowed."""
    require(actor, Capability.MANAGE_REGISTER, draft.notice.client_id)
    before = None if draft._state.adding else lock_row(draft)
    if before is not None:
        _check_open(before, actor, at)
    if before is not None and before.notice_id != draft.notice_id:
        raise ValidationError({"notice": ["The notice of a draft cannot change: create another draft."]})
    if draft.notice.is_by_portal:
        raise ValidationError({"notice": [_WRITTEN_BY_PORTAL]})
    draft.client_id, draft.changed_at = draft.notice.client_id, at
    _normalize_texts(draft)
    draft.full_clean()
    require_printable(draft)
    _check_child_texts(draft.notice, draft)
    return save_tracked(draft, actor=actor, reason=reason, at=at)


@act(
    "discard",
    "Discard",
    Capability.MANAGE_REGISTER,
    lead="The draft is closed without being announced. You can start another one.",
    done="Discarded.",
    check=_check_open,
)
def discard_draft(draft: NoticeDraft, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Close a draft without announcing it. Raises Refused if it is closed, NotAllowed."""
    draft.closed_at = at
    save_tracked(draft, actor=actor, reason=reason, at=at)


@act(
    "announce",
    "Announce",
    Capability.ANNOUNCE_NOTICES,
    lead="Once announced, this text can never change. Check first what it changes.",
    done="Announced. Emails to the clients that need notice are being sent.",
    danger=True,
    check=_check_open,
)
def announce_draft(
    draft: NoticeDraft, *, effective_at: datetime | None = None, actor: Actor, reason: Reason | str, at: datetime
) -> NoticeVersion:
    """Publish the draft as an immutable version, notify clients and close the draft (policy §12).

    ``effective_at`` None: the earliest possible time. The person who wrote a minor change last cannot announce it.
    Raises Refused if it is closed, ValidationError if the advance notice is too short, ApproverIsRequester,
    ApproverNotIndependent, NotAllowed.
    """
    notice = Notice.objects.select_for_update().get(pk=draft.notice_id)
    if not draft.is_material and not is_in_sandbox() and NoticeVersion.objects.filter(notice=notice).exists():
        require_second_person(actor, requested_by=draft.history.first().actor_id, at=to_wall_clock(at))
    if effective_at is None:
        effective_at = earliest_effect(at, notice_days_for(notice, is_material=draft.is_material))
    version = publish_notice_version(
        notice,
        text_en=draft.text_en,
        text_ur=draft.text_ur,
        child_text_en=draft.child_text_en,
        child_text_ur=draft.child_text_ur,
        is_material=draft.is_material,
        effective_at=effective_at,
        actor=actor,
        reason=reason,
        at=at,
    )
    draft.closed_at, draft.version = at, version.pk
    save_tracked(draft, actor=actor, reason=reason, at=at)
    return version


@transaction.atomic
def publish_notice_version(
    notice: Notice,
    *,
    text_en: str,
    text_ur: str,
    child_text_en: str = "",
    child_text_ur: str = "",
    is_material: bool,
    effective_at: datetime,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> NoticeVersion:
    """Publish the next immutable version of a notice, effective now or later.

    Material changes by PakTaleem take effect NOTICE_DAYS later at the earliest (policy §12). Raises ValidationError
    naming the field, NotAllowed.
    """
    require(actor, Capability.ANNOUNCE_NOTICES, notice.client_id)
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    latest = NoticeVersion.objects.filter(notice=notice).order_by("-number").first()
    days = notice_days_for(notice, is_material=is_material)
    _check_effective_at(effective_at, days=days, latest=latest, at=at)
    version = NoticeVersion(
        client_id=notice.client_id,
        notice=notice,
        notice_owner=notice.client_id,
        number=latest.number + 1 if latest else 1,
        is_material=is_material,
        text_en=text_en,
        text_ur=text_ur,
        child_text_en=child_text_en,
        child_text_ur=child_text_ur,
        notice_days=days,
        effective_at=effective_at,
        announced_at=at,
    )
    _normalize_texts(version)
    version.content_hash = content_hash(version.text_en, version.text_ur, version.child_text_en, version.child_text_ur)
    version.full_clean()
    require_printable(version)
    _check_child_texts(notice, version)
    save_tracked(version, actor=actor, reason=reason, at=at)
    _record_publication(notice, version, actor)
    if version.needs_proof:
        enqueue_job(FOLLOW_ANNOUNCEMENTS)
    return version


def _normalize_texts(text: NoticeText) -> None:
    for field in ("text_en", "text_ur", "child_text_en", "child_text_ur"):
        setattr(text, field, getattr(text, field).replace("\r\n", "\n").strip())


def _check_effective_at(effective_at: datetime, *, days: int, latest: NoticeVersion | None, at: datetime) -> None:
    if effective_at < at:
        raise ValidationError({"effective_at": [_BACKDATED]})
    if latest is not None and effective_at < latest.effective_at:
        raise ValidationError({"effective_at": ["Versions take effect in order: this is before the latest version."]})
    earliest = earliest_effect(at, days)
    if effective_at < earliest:
        words = gettext("Clients get {days} days of notice: {moment} at the earliest.")
        raise ValidationError({"effective_at": [words.format(days=days, moment=format_time(earliest))]})


def _check_child_texts(notice: Notice, text: NoticeText) -> None:
    missing = [field for field in ("child_text_en", "child_text_ur") if not getattr(text, field)]
    if notice.addresses_children and missing:
        raise ValidationError(
            {field: ["This notice addresses children: add a text for children."] for field in missing}
        )
    if len(missing) == 1:
        raise ValidationError({missing[0]: ["A text for children is needed in both languages, or in none."]})


def _record_publication(notice: Notice, version: NoticeVersion, actor: Actor) -> None:
    facts = {
        "notice": notice.code,
        "number": version.number,
        "material": version.is_material,
        "hash": version.content_hash,
        "effective_at": version.effective_at.isoformat(),
    }
    if version.needs_proof:
        facts["notice_days"] = version.notice_days
    kind = "notice.announced" if version.needs_proof else "notice.published"
    record_entry(kind, client_id=notice.client_id, facts=facts, actor=actor, at=version.announced_at)


def count_portal_notice_days() -> int:
    """Return how many days clients are notified before a text of the portal takes effect (policy §12)."""
    return notice_days_for(Notice(client_id=PAKTALEEM, is_by_portal=True), is_material=True)


def publish_portal_text(
    code: str,
    *,
    titles: tuple[str, str],
    texts: tuple[str, str],
    effective_at: datetime | None = None,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> NoticeVersion:
    """Publish a text as the next material version of PakTaleem's notice ``code``; clients are notified (policy §12).

    ``titles`` and ``texts`` are in English and Urdu. It takes effect at ``effective_at``, or after the days of notice,
    and never before an earlier version. Raises ValidationError, NotAllowed.
    """
    notice = Notice.objects.filter(client_id=PAKTALEEM, code=code).select_for_update().first()
    if notice is None:
        notice = Notice(client_id=PAKTALEEM, code=code, is_by_portal=True)
        notice.title_en, notice.title_ur = titles
        change_register(notice, actor=actor, reason=reason, at=at)
    latest = NoticeVersion.objects.filter(notice=notice).order_by("-number").first()
    effective_at = effective_at or earliest_effect(at, count_portal_notice_days())
    return publish_notice_version(
        notice,
        text_en=texts[0],
        text_ur=texts[1],
        is_material=True,
        effective_at=max(effective_at, latest.effective_at) if latest else effective_at,
        actor=actor,
        reason=reason,
        at=at,
    )


OBJECTIONS = (ResponseCode.PEOPLE, ResponseCode.LAW, ResponseCode.AGREEMENT, ResponseCode.UNCLEAR, ResponseCode.OTHER)
ANSWERS = (ResponseCode.EXPLAINED, ResponseCode.CHANGES, ResponseCode.AGREEMENT_FOLLOWS)


def _choose(*codes: ResponseCode) -> forms.ChoiceField:
    offered = [("", _("Choose a reason…")), *((code.value, code.label) for code in codes)]
    return forms.ChoiceField(label=_("Reason"), choices=offered)


Note = Annotated[
    str,
    forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text=_("About the text only; do not name people."),
    ),
]


def _list_kinds(dispatch: NoticeDispatch) -> list[str]:
    found = NoticeResponse.objects.filter(client_id=dispatch.client_id, dispatch=dispatch)
    return list(found.values_list("kind", flat=True))


def has_open_objection(kinds: Collection[str]) -> bool:
    """Return True if one of these responses is an objection that has no answer yet."""
    count = Counter(kinds)
    return count[ResponseKind.OBJECTED] > count[ResponseKind.ANSWERED]


_RECORDED = _("This response has already been recorded.")
_NO_OBJECTION = _("There is no open objection.")


@act(
    "acknowledge",
    "Acknowledge",
    Capability.ANSWER_FOR_CLIENT,
    lead="You confirm that your institution has seen the coming change. This is not an agreement to it.",
    done="Acknowledged.",
    check=refuse_if(lambda row: ResponseKind.ACKNOWLEDGED in _list_kinds(row), _RECORDED),
)
def acknowledge_announcement(dispatch: NoticeDispatch, *, actor: Actor, at: datetime) -> NoticeResponse:
    """Record that the client has seen the announcement. Raises Refused if it is acknowledged, NotAllowed."""
    return _record_response(dispatch, ResponseKind.ACKNOWLEDGED, actor=actor, at=at)


@act(
    "object",
    "Object",
    Capability.ANSWER_FOR_CLIENT,
    lead="A privacy officer of PakTaleem will answer. Your objection does not stop a change of a text. With a "
    "new recipient nothing of your people’s data is shared until you withdraw it.",
    done="Your objection was sent to a privacy officer.",
    check=refuse_if(lambda row: has_open_objection(_list_kinds(row)), _RECORDED),
)
def object_to_announcement(
    dispatch: NoticeDispatch,
    *,
    code: Annotated[str, _choose(*OBJECTIONS)],
    note: Note = "",
    actor: Actor,
    at: datetime,
) -> NoticeResponse:
    """Record the client's objection; it creates a task for an officer (policy §12).

    With a new recipient nothing of the client is shared until the client withdraws it. Raises Refused if there is an
    open objection, ValidationError for an unknown code, NotAllowed.
    """
    return _record_response(dispatch, ResponseKind.OBJECTED, code, note, OBJECTIONS, actor=actor, at=at)


@act(
    "answer",
    "Answer the objection",
    Capability.SUPERVISE,
    lead="The client reads your answer on this page.",
    done="Answered.",
    check=refuse_if(lambda row: not has_open_objection(_list_kinds(row)), _NO_OBJECTION),
)
def answer_objection(
    dispatch: NoticeDispatch, *, code: Annotated[str, _choose(*ANSWERS)], note: Note = "", actor: Actor, at: datetime
) -> NoticeResponse:
    """Answer the client's objection. Raises Refused if there is none, ValidationError for another code, NotAllowed."""
    return _record_response(dispatch, ResponseKind.ANSWERED, code, note, ANSWERS, actor=actor, at=at)


@act(
    "withdraw",
    "Withdraw the objection",
    Capability.ANSWER_FOR_CLIENT,
    lead="From now on, data may be shared with the recipients of this list once your time to object is over.",
    done="Your objection is withdrawn.",
    check=refuse_if(lambda row: not may_withdraw_objection(row), _NO_OBJECTION),
)
def withdraw_objection(dispatch: NoticeDispatch, *, actor: Actor, at: datetime) -> NoticeResponse:
    """Withdraw the client's objection after PakTaleem's answer. Raises Refused if there is none, NotAllowed."""
    return _record_response(dispatch, ResponseKind.WITHDRAWN, actor=actor, at=at)


def _record_response(
    dispatch: NoticeDispatch,
    kind: ResponseKind,
    code: str = "",
    note: str = "",
    codes: Collection[str] = ("",),
    *,
    actor: Actor,
    at: datetime,
) -> NoticeResponse:
    if code not in codes:
        raise ValidationError({"code": ["Choose one of the reasons."]})
    response = NoticeResponse(
        client_id=dispatch.client_id,
        dispatch=dispatch,
        kind=kind,
        code=code,
        note=note.strip(),
        **actor_fields(actor),
        recorded_at=at,
    )
    response.full_clean()
    response.save(force_insert=True)
    facts = {"announcement": str(dispatch.pk), "version": str(dispatch.version_id), "code": code or None}
    record_entry(f"notice.{kind.value}", client_id=dispatch.client_id, facts=facts, actor=actor, at=at)
    return response


_REASON = Reason.ONBOARDING

type StarterPart = Callable[[Actor, datetime], int]

starter_parts: ExtensionPoint[StarterPart] = ExtensionPoint(
    "consent.starter_parts", "Adds an app's missing rows to the starter register; returns the number of rows added."
)


@transaction.atomic
def load_register(*, actor: Actor, at: datetime) -> int:
    """Add the missing rows of the starter register to the shared catalogue; returns the number of rows added.

    Runs in PakTaleem's own context. Existing rows are not changed. Raises NotAllowed.
    """
    added = _load_paktaleem(actor, at)
    added += _load_names(DataCategory, CATEGORIES, actor, at)
    added += _load_names(Occasion, OCCASIONS, actor, at)
    known = {purpose.code: purpose for purpose in Purpose.objects.filter(client_id=PAKTALEEM)}
    for code, text in PURPOSES.items():
        if code not in known:
            added += _load_purpose(code, text, actor, at)
    added += _load_notice(actor, at)
    return added + sum(part(actor, at) for part in starter_parts)


def _load_paktaleem(actor: Actor, at: datetime) -> int:
    if Client.objects.filter(id=PAKTALEEM).exists():
        return 0
    client = Client(
        id=PAKTALEEM, code="paktaleem", name="PakTaleem", country="PK", time_zone="Asia/Karachi", serves_minors=False
    )
    change_client(client, actor=actor, reason=_REASON, at=at)
    own = ServiceAgreement(client_id=PAKTALEEM, reference="own-purposes", signed_at=at, starts_at=at)
    change_register(own, actor=actor, reason=_REASON, at=at)
    return 2


def _load_names(
    model: type[DataCategory | Occasion], names: dict[str, tuple[str, str]], actor: Actor, at: datetime
) -> int:
    known = set(model.objects.filter(client_id=PAKTALEEM).values_list("code", flat=True))
    missing = {code: both for code, both in names.items() if code not in known}
    for code, (name_en, name_ur) in missing.items():
        row = model(client_id=PAKTALEEM, code=code, name_en=name_en, name_ur=name_ur)
        change_register(row, actor=actor, reason=_REASON, at=at)
    return len(missing)


def _load_purpose(code: str, text: PurposeText, actor: Actor, at: datetime) -> int:
    fields = (*PURPOSE_WORDS, "needs_account")
    purpose = Purpose(client_id=PAKTALEEM, code=code, **{name: getattr(text, name) for name in fields})
    purpose.categories = list(text.categories)
    change_register(purpose, actor=actor, reason=_REASON, at=at)
    own = {"client_id": PAKTALEEM, "purpose": purpose, "starts_at": at}
    change_register(PurposeCapacity(**own, capacity=text.capacity), actor=actor, reason=_REASON, at=at)
    test = _balancing_test(purpose, actor, at) if text.basis == "legitimate_interest" else None
    for role in ROLES:
        basis = LawfulBasis(**own, role=role, basis=text.basis, legal_reference=text.legal_reference)
        basis.balancing_test = test
        change_register(basis, actor=actor, reason=_REASON, at=at)
    return 2 + len(ROLES)


def _balancing_test(purpose: Purpose, actor: Actor, at: datetime) -> BalancingTest:
    """Create the unsigned balancing test; legitimate interest may be used once an officer signs it."""
    test = BalancingTest(
        client_id=PAKTALEEM,
        purpose=purpose,
        interest=purpose.description_en,
        necessity="The data named is the least with which the purpose can be met; nothing else serves it as well.",
        balance="People expect it of a platform they rely on; it tells nothing of their private life, is not used "
        "to judge or address them, and they may object at any time. A child's data gets the same or less.",
        safeguards="Short retention, access by need to know, no sharing beyond the hosting provider.",
    )
    return change_register(test, actor=actor, reason=_REASON, at=at)


def _load_notice(actor: Actor, at: datetime) -> int:
    own = {"client_id": PAKTALEEM, "code": "privacy_notice"}
    notice = Notice.objects.filter(**own).first()
    if notice is None:
        notice = Notice(**own, title_en="Privacy notice", title_ur="رازداری کی اطلاع")
        change_register(notice, actor=actor, reason=_REASON, at=at)
    if NoticeVersion.objects.filter(notice=notice).exists():
        return 0
    publish_notice_version(
        notice,
        text_en=PRIVACY_NOTICE["en"],
        text_ur=PRIVACY_NOTICE["ur"],
        is_material=True,
        effective_at=at,
        actor=actor,
        reason=_REASON,
        at=at,
    )
    return 2
