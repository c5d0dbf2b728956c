"""Force a person's consent state by recording answers."""

from collections.abc import Callable

from consent.consents.models.consents import Consent, ConsentEvent, ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.revocation import invalidate_consent, revoke_consent
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.purposes import get_current_notice
from paktaleem.foundation.audit.actors import Reason
from paktaleem.sandbox.services.clocks import move_clock
from paktaleem.sandbox.services.context import ForcingContext
from paktaleem.sandbox.services.registering import make_purpose_expire, publish_material_change


def _answer(playing: ForcingContext, state: ConsentState) -> ConsentEvent:
    """Record an answer as a platform does: the current notice was just shown."""
    version = get_current_notice(playing.purpose.code, client_id=playing.client.pk, at=playing.at)
    shown = ShownNotice(version.pk, tuple(version.notice.purposes), "en", playing.client.pk, playing.at)
    answers = [Answer(playing.purpose.code, state)]
    [event] = record_answers(playing.subject, answers=answers, shown=sign_notice_token(shown), **playing.audit)
    return event


def _consent(playing: ForcingContext) -> Consent | None:
    own = {"client_id": playing.client.pk, "subject": playing.subject, "purpose_id": playing.purpose.pk}
    return Consent.objects.filter(**own).select_related("subject", "purpose").first()


def _give_and_get(playing: ForcingContext) -> Consent:
    """Return the consent after recording it as given."""
    _answer(playing, ConsentState.GIVEN)
    found = _consent(playing)
    assert found is not None  # noqa: S101 -- just recorded
    return found


def _give(playing: ForcingContext) -> None:
    _give_and_get(playing)


def _request_or_defer(state: ConsentState) -> Callable[[ForcingContext], None]:
    """Return a function that requests or defers consent, withdrawing a given one first."""

    def force(playing: ForcingContext) -> None:
        consent = _consent(playing)
        if consent is not None and consent.state == ConsentState.GIVEN:
            withdraw_consent(playing.subject, **playing.about)
        _answer(playing, state)

    return force


def _refuse(playing: ForcingContext) -> None:
    _answer(playing, ConsentState.REFUSED)


def _withdraw(playing: ForcingContext) -> None:
    _give_and_get(playing)
    withdraw_consent(playing.subject, **playing.about)


def _revoke(playing: ForcingContext) -> None:
    revoke_consent(_give_and_get(playing), reason=Reason.REVIEW, **playing.audit)


def _invalidate(playing: ForcingContext) -> None:
    invalidate_consent(_give_and_get(playing), reason=Reason.LAW_CHANGE, **playing.audit)


def _let_expire(playing: ForcingContext) -> None:
    """Move the sandbox's clock to the expiry of the consent."""
    make_purpose_expire(playing)
    expires_at = _give_and_get(playing).expires_at
    assert expires_at is not None  # noqa: S101 -- set above
    move_clock(playing.client, to=expires_at, actor=playing.player, at=playing.at)


def _outdate(playing: ForcingContext) -> None:
    _give_and_get(playing)
    publish_material_change(playing)


ANSWERS: dict[str, Callable[[ForcingContext], None]] = {
    "consent_requested": _request_or_defer(ConsentState.REQUESTED),
    "consent_deferred": _request_or_defer(ConsentState.DEFERRED),
    "consent_given": _give,
    "consent_refused": _refuse,
    "consent_withdrawn": _withdraw,
    "consent_revoked": _revoke,
    "consent_invalidated": _invalidate,
    "consent_expired": _let_expire,
    "consent_outdated": _outdate,
}
