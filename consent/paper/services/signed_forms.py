"""Recording a form that a guardian signed: the guardian, their verification, and their answers.

The signed form verifies the guardian (COPPA, 16 CFR 312.5(b)(2)(i); decision 0058).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from children.guardians.models.authorisations import Decision, Route, ServiceAuthorisation
from children.guardians.models.guardians import Guardianship, Source
from children.guardians.selectors.guardians import GuardianshipUnknown, get_live_guardianship, load_child_facts
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import accept_roster_claim, name_guardian
from children.guardians.services.verifications import verify_guardian
from children.strength import Method, strength_of
from consent.paper.codes import format_code
from consent.paper.models.forms import FormPage
from consent.paper.models.sheets import SheetEntry
from consent.paper.selectors import SheetFacts
from consent.paper.services.details import unseal_details
from consent.paper.verdicts import SERVICE, SHARING, Verdict
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import new_id


@dataclass(frozen=True, slots=True)
class SignedForm:
    """One answered form with the verdict on its row, and the time and the sealed texts (``details``) of the answer."""

    entry: SheetEntry
    page: FormPage
    verdict: Verdict
    signed_at: datetime
    details: Mapping[str, str]
    scan: IO[bytes] | None = None

    @classmethod
    def of(
        cls, entry: SheetEntry, page: FormPage, verdict: Verdict, facts: SheetFacts, scan: IO[bytes] | None = None
    ) -> "SignedForm":
        """Return the form of a row; ``facts`` are those of its page."""
        return cls(entry, page, verdict, facts.signed_at(entry.answered_on, page), unseal_details(entry), scan)

    @property
    def child(self) -> Subject:
        """The child whom the form is about."""
        return self.page.subject

    @property
    def evidence(self) -> str:
        """The evidence text: form, code, sheet, row and note.

        The sheet is named by the time of its upload: its id could be taken for the number of a card.
        """
        entry, note = self.entry, self.details.get("note", "")
        where = f"Form “{self.page.run.name}”, code {format_code(self.page.code)}"
        where = f"{where}; answer sheet of {entry.sheet}, row {entry.number}"
        return f"{where}: {note}" if note else where


def record_signer(form: SignedForm, *, actor: Actor, at: datetime) -> tuple[Subject, ServiceAuthorisation | None]:
    """Name and verify the guardian who signed, and record their answer about the service (policy §8, decision 0058).

    Returns the guardian and the answer, None if the form has none to record. A guardian who is verified as strongly
    already is not verified again. Runs in the caller's transaction. Raises as ``name_guardian``, ``verify_guardian``
    and ``record_service_answer``, and GuardianshipUnknown if the claim has ended meanwhile.
    """
    guardianship = _get_guardianship(form, actor, at)
    if form.entry.method == "paper":
        _verify(guardianship, form, actor, at)
    answer = _record_service(form, guardianship.guardian, actor, at)
    return guardianship.guardian, answer


def record_child_refusal(form: SignedForm, *, actor: Actor, at: datetime) -> ServiceAuthorisation | None:
    """Record the child's own refusal of the service, if the row has one (policy §8).

    A child may refuse, never consent.
    """
    if SERVICE not in form.verdict.record:
        return None
    return _record_service(form, None, actor, at)


def _get_guardianship(form: SignedForm, actor: Actor, at: datetime) -> Guardianship:
    """Return the guardianship of the person who signed; a claimed or new guardian is named first."""
    by: dict[str, Any] = {"actor": actor, "reason": Reason.SUBJECT_REQUEST, "at": at}
    entry = form.entry
    if entry.guardian is None:
        return _name_new_guardian(form, by)
    try:
        return get_live_guardianship(form.child, entry.guardian, at=at)
    except GuardianshipUnknown:
        claims = GuardianClaim.objects.select_related("child__client", "guardian")
        own = {"client_id": entry.client_id, "child": form.child, "guardian": entry.guardian}
        claim = claims.filter(**own, ends_at=None).first()
        if claim is None:  # it ended meanwhile: claims end without the lock of the child
            raise
        return accept_roster_claim(claim, **by)


def _name_new_guardian(form: SignedForm, by: dict[str, Any]) -> Guardianship:
    """Register and name a guardian whom only the form names: they may decide, but not receive data."""
    client = Client.objects.get(pk=form.entry.client_id)
    details = {"role": "guardian", "full_name": form.details["guardian"], "language": form.child.language}
    guardian, _ = register_subject(f"guardian-{new_id()}", client=client, details=details, **by)
    return name_guardian(
        form.child,
        guardian=guardian,
        relationship=form.entry.relationship,
        may_consent=True,
        may_receive_data=False,
        source=Source.SELF,
        **by,
    )


def _verify(guardianship: Guardianship, form: SignedForm, actor: Actor, at: datetime) -> None:
    known = next(one for one in load_child_facts(form.child).guardians if one.id == guardianship.pk)
    if known.strength(at) >= strength_of(Method.SIGNED_FORM):
        return
    verify_guardian(
        guardianship,
        method=Method.SIGNED_FORM,
        evidence=form.evidence,
        file=_rewind(form.scan),
        actor=actor,
        reason=Reason.SUBJECT_REQUEST,
        at=at,
    )


def _record_service(
    form: SignedForm, guardian: Subject | None, actor: Actor, at: datetime
) -> ServiceAuthorisation | None:
    if not {SERVICE, SHARING} & set(form.verdict.record):
        return None
    answers = form.entry.answers
    gives = answers[SERVICE]
    return record_service_answer(
        form.child,
        guardian=guardian,
        decision=Decision.GIVEN if gives else Decision.REFUSED,
        shares=answers.get(SHARING) if gives and SHARING in form.verdict.record else None,
        route=Route.PAPER if form.entry.method == "paper" else Route.PHONE,
        evidence=form.evidence,
        file=_rewind(form.scan),
        shown_hash=form.page.notice_hash,
        language=guardian.language if guardian else form.child.language,
        claimed_at=form.signed_at,
        actor=actor,
        at=at,
    )


def _rewind(scan: IO[bytes] | None) -> IO[bytes] | None:
    if scan is not None:
        scan.seek(0)
    return scan
