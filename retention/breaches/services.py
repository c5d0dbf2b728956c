"""Recording a breach, what is done about it (GDPR Art. 33(5)), and letters to the client, authority and people."""

# Each client is a controller with its own 72 hours. The list of people is frozen: an erasure hides no one informed.

import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _, gettext_lazy

from children.guardians.selectors import list_informed_guardians
from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.directory.mail.rendering import GAP, require_complete
from paktaleem.directory.mail.services import SendArguments, declare_message, enqueue_staff_email, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.selectors import EVERYONE, Selection, select_chosen
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, find_waiting, propose_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.law.profiles import PROMISES, promised
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_client, plan_for_many
from paktaleem.foundation.tenancy.rows import PAKTALEEM, UUID7_SQL, clock_bytes, new_id
from retention.breaches.models import (
    Audience,
    Breach,
    BreachAssessment,
    BreachLetter,
    BreachNotice,
    BreachPerson,
    Likelihood,
    Outcome,
    Severity,
)
from retention.breaches.selectors import (
    HELD_DURING,
    count_affected,
    find_assessment,
    find_list_to_write_to,
    held_values,
    list_residences,
    must_write_to_people,
)

FACTS = ("happened_from", "happened_until", "known_at", "reported_by", "reporter", "what", "consequences")
_CODES: dict[str, Any] = {"categories": DataCategory, "systems": System}
NOTIFY_WITHIN = timedelta(hours=promised(promised(PROMISES.breach_authority).hours))  # in real hours, Reg. 1182/71
_HIGH = {
    (Likelihood.LIKELY, Severity.SERIOUS),
    (Likelihood.LIKELY, Severity.SEVERE),
    (Likelihood.POSSIBLE, Severity.SEVERE),
}
CloseGround = Annotated[
    str,
    forms.CharField(
        label="Ground",
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text="Why is nothing more to be done? Do not name people.",
    ),
]


@transaction.atomic
def record_breach(breach: Breach, *, actor: Actor, at: datetime) -> Breach:
    """Record a breach at its client, known since ``known_at`` (GDPR Art. 33). Raises ValidationError, NotAllowed."""
    require(actor, Capability.SUPERVISE, breach.client_id)
    if breach.known_at > at:
        raise ValidationError({"known_at": [_("This time has not come yet.")]})
    if breach.happened_from > breach.known_at:
        raise ValidationError({"happened_from": [_("It cannot have happened after it was known.")]})
    if breach.happened_until is not None and not breach.happened_from <= breach.happened_until <= at:
        raise ValidationError({"happened_until": [_("Choose a time after the start, and not in the future.")]})
    if not breach.what.strip():
        raise ValidationError({"what": [_("Say what happened.")]})
    breach.incident = breach.incident or new_id()
    breach.due_at, breach.recorded_at = _find_due_date(breach), at
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    record_act("breach.recorded", breach, actor, at)
    return breach


def _find_due_date(breach: Breach) -> datetime:
    """Return by when the authority is notified: by the promise, or the strictest law where its people live."""
    client = Client.objects.get(pk=breach.client_id)
    laws = (law.breach_authority for law in client.laws_at(breach.known_at, *list_residences(breach)))
    return breach.known_at + min([NOTIFY_WITHIN, *(timedelta(hours=law.hours) for law in laws if law and law.hours)])


check_open = refuse_if(lambda row: not row.is_open, gettext_lazy("This breach is closed."))


@act(
    "add-clients",
    "Record at more clients",
    Capability.SUPERVISE,
    lead="The same event is recorded at each client you choose, as a breach of its own with the same facts. "
    "Categories and systems are matched by their codes: those that a client does not have are left out there.",
    done="Recorded.",
    check=check_open,
    lock=as_given,
)
def add_clients(breach: Breach, *, clients: Iterable[Client], actor: Actor, at: datetime) -> list[Breach]:
    """Record the event at more clients that lack it, with the categories and systems of the same codes.

    Requires the officers' context. Raises ValidationError that names a client with none of them, Refused, NotAllowed.
    """
    made = (_add_client(client, breach, actor, at) for client in clients)
    return [row for row in made if row is not None]


@act(
    "measures",
    "Record measures and lessons",
    Capability.SUPERVISE,
    lead="Both texts are kept with the breach. No one is written to.",
    done="Recorded.",
    check=check_open,
)
def record_measures(
    breach: Breach, *, measures: str, lessons: str, reason: Reason | str, actor: Actor, at: datetime
) -> Breach:
    """Record what is done about a breach, and the lessons (GDPR Art. 33(5)). Raises Refused, NotAllowed."""
    breach.measures, breach.lessons = measures.strip(), lessons.strip()
    save_tracked(breach, actor=actor, reason=reason, at=at)
    record_act("breach.measures_recorded", breach, actor, at)
    return breach


def record_act(kind: str, breach: Breach, actor: Actor, at: datetime, **more: object) -> None:
    """Record an act about a breach in the ledger, without its texts."""
    facts = {
        "breach": str(breach.pk),
        "incident": str(breach.incident),
        "known_at": breach.known_at.isoformat(),
        "due_at": breach.due_at.isoformat(),
        "categories": list(breach.categories),
        "outcome": breach.outcome or None,
        **more,
    }
    record_entry(kind, client_id=breach.client_id, facts=facts, actor=actor, at=at)


def _add_client(client: Client, breach: Breach, actor: Actor, at: datetime) -> Breach | None:
    facts: dict[str, object] = {name: getattr(breach, name) for name in FACTS}
    with in_client(client.pk):
        if Breach.objects.filter(client_id=client.pk, incident=breach.incident).exists():
            return None
        for name, model in _CODES.items():
            codes = getattr(breach, name)
            rows = model.objects.filter(client_id__in=[client.pk, PAKTALEEM], code__in=codes)
            facts[name] = sorted(set(rows.values_list("code", flat=True)))
            if codes and not facts[name]:  # an empty list would mean all of them
                words = _("{client} has none of the data categories, or none of the systems: record a breach there.")
                raise ValidationError({"clients": [words.format(client=client.name)]})
        return record_breach(Breach(client=client, incident=breach.incident, **facts), actor=actor, at=at)


_NAMED = 10
_FREEZE = f"""
WITH people AS MATERIALIZED (
    SELECT subject_id, array_remove(array_agg(DISTINCT category ORDER BY category), NULL) AS categories
    FROM (
        SELECT h.subject_id, h.category
        {HELD_DURING}
        UNION ALL
        SELECT s.id, c.category
        FROM people_subject s LEFT JOIN unnest(%(categories)s::text[]) AS c (category) ON true
        WHERE s.client_id = %(client)s AND s.erased_at IS NULL AND (%(everyone)s OR s.id = ANY (%(chosen)s::uuid[]))
    ) concerned
    GROUP BY subject_id
), assessment AS (
    INSERT INTO breaches_breachassessment (id, client_id, breach_id, likelihood, severity, suggested, outcome, reasons,
        people, stated, list_hash, assessed_at, actor_kind, actor_id, actor_role)
    SELECT %(id)s, %(client)s, %(breach)s, %(likelihood)s, %(severity)s, %(suggested)s, %(outcome)s, %(reasons)s,
        count(*), %(stated)s::integer, encode(sha256(convert_to(
            coalesce(string_agg(subject_id::text, ',' ORDER BY subject_id::text COLLATE "C"), ''), 'UTF8')), 'hex'),
        %(at)s, %(kind)s, %(by)s, %(role)s
    FROM people
)
INSERT INTO breaches_breachperson (id, client_id, assessment_id, subject_id, categories)
SELECT {UUID7_SQL}, %(client)s, %(id)s, subject_id, categories FROM people
"""  # noqa: S608 -- constants


def suggest_outcome(likelihood: Likelihood, severity: Severity) -> Outcome:
    """Return who should be informed: no one only if harm is unlikely and minor, people if the risk is high.

    Follows GDPR Art. 33(1), 34(1); EDPB Guidelines 9/2022, section IV: likelihood and severity.
    """
    if (likelihood, severity) in _HIGH:
        return Outcome.PEOPLE
    return Outcome.NONE if (likelihood, severity) == (Likelihood.UNLIKELY, Severity.MINOR) else Outcome.AUTHORITY


@act(
    "assess",
    "Assess the risk",
    Capability.SUPERVISE,
    lead="The list of people concerned is frozen with the assessment: those whose data systems hold by their reports, "
    "and those you choose.",
    done="Assessed. The list of people is frozen.",
    check=check_open,
)
def assess_breach(
    breach: Breach,
    *,
    likelihood: Likelihood | str,
    severity: Severity | str,
    outcome: Outcome | str,
    reasons: str,
    also: Selection | None = None,
    number: int | None = None,
    actor: Actor,
    at: datetime,
) -> BreachAssessment:
    """Assess the risk, decide who is informed, and freeze the list of people concerned (GDPR Art. 33(1), 34(1)).

    ``also`` chooses people beside those whom systems report, ``number`` states how many there are; earlier lists stay.
    Raises ValidationError naming the field, Refused, NotAllowed.
    """
    if not reasons.strip():
        raise ValidationError({"reasons": [_("Give the reasons: they are shown to the authority on request.")]})
    decision: dict[str, Any] = {
        "likelihood": Likelihood(likelihood).value,
        "severity": Severity(severity).value,
        "outcome": Outcome(outcome).value,
        "suggested": suggest_outcome(Likelihood(likelihood), Severity(severity)).value,
        "reasons": reasons.strip(),
        "everyone": also == EVERYONE,
        "chosen": _find_chosen(breach, also, at),
        "stated": number,
    }
    assessment = _freeze(breach, decision, actor, at)
    breach.outcome, breach.due_at = assessment.outcome, min(breach.due_at, _find_due_date(breach))
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    recorded = {name: getattr(assessment, name) for name in ("suggested", "people", "stated", "list_hash")}
    record_act("breach.assessed", breach, actor, at, assessment=str(assessment.pk), **recorded)
    return assessment


def _freeze(breach: Breach, decision: dict[str, Any], actor: Actor, at: datetime) -> BreachAssessment:
    """Create an assessment with its list of people, in one statement. Raises ValidationError if no one is on it."""
    by = {"kind": actor.kind.value, "by": actor.id, "role": actor.role, "at": at, "clock": clock_bytes(at)}
    key = new_id()
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_FREEZE, {**held_values(breach), **decision, **by, "id": key, "breach": breach.pk})
    assessment = BreachAssessment.objects.get(pk=key, client_id=breach.client_id)
    if not assessment.people and assessment.stated is None:
        words = _("No one is concerned by what systems hold. Choose the people, or state their number.")
        raise ValidationError({"number": [words]})
    return assessment


def _find_chosen(breach: Breach, also: Selection | None, at: datetime) -> list[UUID]:
    if also is None or also == EVERYONE:
        return []
    people = Subject.objects.filter(client_id=breach.client_id, erased_at=None)
    if also.ids:
        known = set(people.filter(external_id__in=also.ids).values_list("external_id", flat=True))
        if unknown := [one for one in also.ids if one not in known]:
            words = _("No person has this id: {ids}.").format(ids=", ".join(unknown[:_NAMED]))
            raise ValidationError({"ids": [words]})
    client = Client.objects.get(pk=breach.client_id)
    return list(select_chosen(people, also, client=client, at=at).order_by().values_list("pk", flat=True))


def list_missing(breach: Breach) -> list[str]:
    """List what is missing before a breach can be closed, in words; two queries."""
    needed = {
        _("the assessment of the risk"): not breach.outcome,
        _("the letter to the client"): breach.client_informed_at is None and breach.client_id != PAKTALEEM,
        _("the notification of the authority"): breach.outcome in {Outcome.AUTHORITY, Outcome.PEOPLE}
        and breach.authority_notified_at is None,
        _("the letters to people"): must_write_to_people(breach),
        _("the measures"): not breach.measures,
        _("the lessons"): not breach.lessons,
    }
    return [words for words, is_missing in needed.items() if is_missing]


_check_complete = refuse_if(
    list_missing,
    gettext_lazy("Something is still missing: the page of the breach lists it."),
    first=check_open,
)


@act(
    "close",
    "Request the closing",
    Capability.SUPERVISE,
    lead="The breach stays open until a second person agrees, under Changes by two people.",
    done="Requested.",
    check=_check_complete,
)
def request_closing(breach: Breach, *, ground: CloseGround, actor: Actor, at: datetime) -> ProposedChange:
    """Request the closing, to which a second person must agree. Raises ValidationError, Refused, NotAllowed."""
    if find_waiting(breach).exists():
        raise Refused(_("Closing was requested already: a second person may agree."))
    closing = propose_change(breach, CLOSING.code, ground=ground, actor=actor, at=at)
    record_act("breach.closing_requested", breach, actor, at, closing=str(closing.pk))
    return closing


def _close(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    breach = Breach.objects.get(pk=change.row, client_id=change.client_id)
    _check_complete(breach, actor, at)
    breach.closed_at = at
    save_tracked(breach, actor=actor, reason=reason, at=at)
    record_act("breach.closed", breach, actor, at, closing=str(change.pk))


def _keep_open(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    del reason  # no row changes
    breach = Breach.objects.get(pk=change.row, client_id=change.client_id)
    record_act("breach.closing_declined", breach, actor, at, closing=str(change.pk))


CLOSING = ChangeKind(
    code="breach",
    label=gettext_lazy("A breach is closed"),
    effect=gettext_lazy("Check the file of the breach first: nothing can be added once it is closed."),
    capability=Capability.SUPERVISE,
    apply=_close,
    decline=_keep_open,
)


LETTER = declare_message("breach_letter", fields=("text",))
"""A letter about a breach to a client's administrators, to a person, or to a child's guardian."""
REMINDER = declare_message("breach_reminder", fields=("school", "hours", "due", "url"))
"""A reminder to staff that the authority is to be notified; ``hours`` is 0 once it is overdue."""
INFORM_PEOPLE = "breaches.inform_people"
_AT_ONCE = 100


@act(
    "write-client",
    "Write to the client",
    Capability.SUPERVISE,
    lead="Sent to the client’s administrators. Check and edit the letter, and preview it.",
    done="The letter is on its way.",
    check=check_open,
)
def write_to_client(
    breach: Breach, *, text: str, language: str, handed_to: str = "", actor: Actor, at: datetime
) -> BreachLetter:
    """Write to the client's administrators (GDPR Art. 33(2): the processor, without undue delay).

    The client counts as informed once the first email is sent. Without an administrator the letter is handed over, and
    ``handed_to`` names the office that got it. Raises ValidationError naming the field, Refused, NotAllowed.
    """
    staff, handed_to = list_staff(breach.client_id, Role.CLIENT_ADMIN, at=at), handed_to.strip()
    if not staff and not handed_to:
        words = _("The client has no administrator: hand the letter over, and say to which office.")
        raise ValidationError({"handed_to": [words]})
    more = {"language": language, "recipient": "" if staff else handed_to}
    letter = _create(breach, Audience.CLIENT, text, actor, at, **more)
    told: SendArguments = {"language": language, "related_id": breach.pk, "actor": actor, "at": at}
    for user in staff:
        send_message(LETTER.code, to=user, client_id=breach.client_id, context={"text": letter.text}, **told)
    if not staff:
        _mark_informed(breach, Audience.CLIENT, actor, at)
    _record(breach, letter, actor, at, emails=len(staff))
    return letter


@act(
    "notify-authority",
    "Notify the authority",
    Capability.SUPERVISE,
    lead="Check and edit the notification. It is recorded here; you hand it over, or enter it in the authority’s form.",
    check=check_open,
)
def notify_authority(
    breach: Breach, *, authority: str, text: str, late_reason: str = "", language: str, actor: Actor, at: datetime
) -> BreachLetter:
    """Record the notification, with reasons for a delay (GDPR Art. 33(1), (4)).

    Raises ValidationError, Refused, NotAllowed.
    """
    if not authority.strip():
        raise ValidationError({"authority": [_("Name the authority.")]})
    is_late = breach.authority_notified_at is None and at > breach.due_at
    if is_late and not late_reason.strip():
        raise ValidationError({"late_reason": [_("The deadline has passed: give the reasons for the delay.")]})
    more = {"language": language, "recipient": authority.strip(), "late_reason": late_reason.strip()}
    letter = _create(breach, Audience.AUTHORITY, text, actor, at, **more)
    _mark_informed(breach, Audience.AUTHORITY, actor, at)
    _record(breach, letter, actor, at, late=is_late)
    return letter


@act(
    "write-people",
    "Write to the people concerned",
    Capability.SUPERVISE,
    lead="Sent to everyone on the frozen list, in their language; for a child, to its guardians. Check and edit both "
    "letters, and preview them.",
    done="The letters are on their way.",
    danger=True,
    check=refuse_if(
        lambda row: find_list_to_write_to(row) is None,
        gettext_lazy("No list waits for a letter: assess the risk, with the outcome that people are informed."),
        first=check_open,
    ),
)
def write_to_people(breach: Breach, *, text: str, text_ur: str, actor: Actor, at: datetime) -> BreachLetter:
    """Inform the people of the latest list by a job (GDPR Art. 34). Raises ValidationError, Refused, NotAllowed."""
    assessment: Any = find_list_to_write_to(breach)
    if not text_ur.strip():
        raise ValidationError({"text_ur": [_("Write the letter in both languages.")]})
    require_complete("text_ur", text_ur)
    more = {"language": "en", "text_ur": text_ur.strip(), "assessment": assessment}
    letter = _create(breach, Audience.PEOPLE, text, actor, at, **more)
    _record(breach, letter, actor, at, people=assessment.people)
    lock = f"{INFORM_PEOPLE}/{letter.pk}"
    enqueue_job(INFORM_PEOPLE, lock=lock, client=str(breach.client_id), letter=str(letter.pk))
    return letter


@transaction.atomic
def inform_batch(letter_id: UUID, *, client_id: UUID, actor: Actor, at: datetime) -> int:
    """Inform the next people on a letter's list, or their guardians (GDPR Art. 34); return how many, up to 100."""
    letter = BreachLetter.objects.get(pk=letter_id, client_id=client_id)
    client = Client.objects.get(pk=client_id)
    people = [row.subject for row in _list_waiting(letter)[:_AT_ONCE]]
    for person in people:
        for recipient in _list_recipients(person, client, at) or [None]:
            notice = BreachNotice(client_id=client_id, letter=letter, subject=person, recipient=recipient, at=at)
            notice.message_id = _send_once(letter, recipient, actor, at) if recipient else None
            notice.save(force_insert=True)
    return len(people)


def _list_recipients(person: Subject, client: Client, at: datetime) -> Sequence[Subject | None]:
    if not person.is_recorded:
        return []
    if person.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors):
        return list_informed_guardians(person, at=at)
    return [person] if person.email is not None else []


def _send_once(letter: BreachLetter, recipient: Subject, actor: Actor, at: datetime) -> UUID:
    """Email a letter unless its reader has it already, as a guardian of two children has; return the message's id."""
    notices = BreachNotice.objects.filter(client_id=letter.client_id, letter=letter, recipient=recipient)
    if sent := notices.values_list("message_id", flat=True).first():
        return UUID(str(sent))
    language = "ur" if recipient.language == "ur" else "en"
    context = {"text": letter.text_ur if language == "ur" else letter.text}
    options: SendArguments = {"language": language, "related_id": letter.pk, "actor": actor, "at": at}
    return send_message(LETTER.code, to=recipient, client_id=letter.client_id, context=context, **options).pk


def _create(breach: Breach, audience: Audience, text: str, actor: Actor, at: datetime, **more: object) -> BreachLetter:
    if not text.strip():
        raise ValidationError({"text": [_("Write the letter.")]})
    require_complete("text", text)
    own = {"id": new_id(), "client_id": breach.client_id, "breach": breach, **actor_fields(actor)}
    letter = BreachLetter(**own, audience=audience, text=text.strip(), sent_at=at, **more)
    letter.save(force_insert=True)
    return letter


def record_letter_outcome(message: Letter, actor: Actor, at: datetime) -> None:
    """Record that a breach's client, or all reachable people of a list, are informed; a ``mail.letter_outcomes``."""
    if message.kind != LETTER.code or message.state != LetterState.SENT or message.related_id is None:
        return
    found = BreachLetter.objects.filter(client_id=message.client_id, pk=message.related_id).first()
    breach_id = message.related_id if found is None else found.breach_id
    breach = Breach.objects.select_for_update(of=("self",)).filter(client_id=message.client_id, pk=breach_id).first()
    if breach is None:
        return
    if found is None:
        _mark_informed(breach, Audience.CLIENT, actor, at)
        return
    own = Letter.objects.filter(client_id=found.client_id, related_id=found.pk, kind=LETTER.code)
    unsent = own.exclude(state=LetterState.SENT).exclude(pk=message.pk)
    if not unsent.exists() and not _list_waiting(found).exists():
        _mark_informed(breach, Audience.PEOPLE, actor, at)


def _list_waiting(letter: BreachLetter) -> QuerySet[BreachPerson]:
    informed = BreachNotice.objects.filter(client_id=letter.client_id, letter=letter, subject_id=OuterRef("subject_id"))
    rows = BreachPerson.objects.filter(~Exists(informed), client_id=letter.client_id, assessment=letter.assessment_id)
    return rows.select_related("subject").order_by("subject_id")


def _mark_informed(breach: Breach, audience: Audience, actor: Actor, at: datetime) -> None:
    mark = "authority_notified_at" if audience == Audience.AUTHORITY else f"{audience}_informed_at"
    if getattr(breach, mark) is None:
        setattr(breach, mark, at)
        save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)


def _record(breach: Breach, letter: BreachLetter, actor: Actor, at: datetime, **facts: object) -> None:
    record_act("breach.reported", breach, actor, at, letter=str(letter.pk), audience=str(letter.audience), **facts)


MARKS = (48, 24, 12, 0)
"""Hours left at which staff are reminded; 0 is the deadline itself."""


def find_due_mark(due_at: datetime, at: datetime, *, done: Collection[int]) -> int | None:
    """Return the most urgent mark that was reached by ``at``, unless it or a more urgent one is ``done``."""
    mark = min((mark for mark in MARKS if due_at - at <= timedelta(hours=mark)), default=None)
    return None if mark is None or (done and min(done) <= mark) else mark


@transaction.atomic
def remind_of_breaches(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Remind staff at the latest of ``MARKS`` that was reached (GDPR Art. 33(1)); return how many reminders."""
    running = Breach.objects.running(at).filter(client_id=client_id).order_by("due_at", "pk")
    return sum(_remind(breach, actor, at) for breach in running.select_for_update(of=("self",)))


def _remind(breach: Breach, actor: Actor, at: datetime) -> int:
    reminded = Entry.objects.filter(client_id=breach.client_id, family="breach", kind="breach.reminded")
    bodies = reminded.filter(body__contains=str(breach.pk)).values_list("body", flat=True)
    mark = find_due_mark(breach.due_at, at, done=[json.loads(body)["facts"]["hours_left"] for body in bodies])
    if mark is None:
        return 0
    record_act("breach.reminded", breach, actor, at, hours_left=mark)
    enqueue_staff_email(
        REMINDER,
        client_id=breach.client_id,
        row_id=breach.pk,
        page="breaches_breach_change",
        roles=[Role.CLIENT_ADMIN, Role.PRIVACY_OFFICER],
        hours=str(mark),
        due=f"{breach.due_at:%Y-%m-%d %H:%M} UTC",
    )
    return 1


_URDU_LETTERS = re.compile("[\u0600-\u06ff]")


def compose_breach_letters(breach: Breach, audience: Audience, *, actor: Actor) -> dict[str, str]:
    """Return the draft of a letter in English and in Urdu, in the context of the breach's client.

    A text that is missing, or in the other language, is a gap (``GAP``) that staff fill. Raises NotAllowed.
    """
    total, *lines = count_affected(breach, actor=actor)
    assessment: Any = find_assessment(breach)
    held = breach.categories or {line.category for line in lines}
    rows = DataCategory.objects.filter(client_id__in={breach.client_id, PAKTALEEM}, code__in=held)
    categories = {one.code: one for one in sorted(rows, key=lambda one: one.client_id == breach.client_id)}
    client = Client.objects.get(pk=breach.client_id)
    people = assessment.concerned if assessment else total.people
    values: dict[str, object] = {"client": client.name, "support": settings.SUPPORT_ADDRESS, "zone": client.time_zone}
    values |= {"people": f"{people:,}", "records": f"{total.records:,}"}
    for name in ("happened_from", "happened_until", "known_at", "due_at"):
        moment = getattr(breach, name)
        values[name] = f"{moment.astimezone(ZoneInfo(client.time_zone)):%Y-%m-%d %H:%M}" if moment else ""
    # people are listed about whom no system reported any data
    is_partial = not breach.categories and assessment is not None and assessment.people > total.people
    drafts = {}
    for language, separator in (("en", ", "), ("ur", "، ")):
        for name in ("what", "consequences", "measures"):
            text = getattr(breach, name)
            is_urdu = bool(_URDU_LETTERS.search(text))
            values[name] = _mark_gap(text, is_gap=is_urdu != (language == "ur"))
        names = separator.join(getattr(categories[code], f"name_{language}") for code in sorted(categories))
        values["categories"] = _mark_gap(names, is_gap=is_partial)
        drafts[language] = render_to_string(f"breaches/{audience.value}.{language}.txt", values).strip()
    return drafts


def _mark_gap(text: str, *, is_gap: bool) -> str:
    if not text:
        return f"{GAP}]"
    return f"{GAP} {text}]" if is_gap else text
