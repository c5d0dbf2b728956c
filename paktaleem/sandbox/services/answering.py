"""Forcing what a person answered about a purpose, by answering it."""

from collections.abc import Callable

from consent.consents.models import Consent, ConsentEvent, ConsentState
from consent.consents.services import (
    Answer,
    invalidate_consent,
    record_answers,
    revoke_consent,
    withdraw_consent,
)
from consent.notices.selectors.purposes import current_notice
from consent.notices.shown import Shown, sign_shown
from paktaleem.foundation.audit.by import Reason
from paktaleem.sandbox.services.clocks import move_clock
from paktaleem.sandbox.services.playing import Playing
from paktaleem.sandbox.services.registering import make_purpose_expire, publish_material_change

__all__ = ["ANSWERS"]


def _answer(playing: Playing, state: ConsentState) -> ConsentEvent:
    """Answer as a platform does: the notice in effect was just shown."""
    version = current_notice(playing.purpose.code, client_id=playing.client.pk, at=playing.at)
    shown = Shown(version.pk, tuple(version.notice.purposes), "en", playing.client.pk, playing.at)
    answers = [Answer(playing.purpose.code, state)]
    [event] = record_answers(playing.subject, answers=answers, shown=sign_shown(shown), **playing.told)
    return event


def _consent(playing: Playing) -> Consent | None:
    own = {"client_id": playing.client.pk, "subject": playing.subject, "purpose_id": playing.purpose.pk}
    return Consent.objects.filter(**own).select_related("subject", "purpose").first()


def _given(playing: Playing) -> Consent:
    """Return the consent as one that is given, so that it can end."""
    _answer(playing, ConsentState.GIVEN)
    found = _consent(playing)
    assert found is not None  # noqa: S101 -- it was just recorded
    return found


def _give(playing: Playing) -> None:
    _given(playing)


def _ask(state: ConsentState) -> Callable[[Playing], None]:
    """Ask, or put off: of who had given it, that undoes nothing, so it is withdrawn first."""

    def force(playing: Playing) -> None:
        kept = _consent(playing)
        if kept is not None and kept.state == ConsentState.GIVEN:
            withdraw_consent(playing.subject, **playing.about)
        _answer(playing, state)

    return force


def _refuse(playing: Playing) -> None:
    _answer(playing, ConsentState.REFUSED)


def _withdraw(playing: Playing) -> None:
    _given(playing)
    withdraw_consent(playing.subject, **playing.about)


def _revoke(playing: Playing) -> None:
    revoke_consent(_given(playing), reason=Reason.REVIEW, **playing.told)


def _invalidate(playing: Playing) -> None:
    invalidate_consent(_given(playing), reason=Reason.LAW_CHANGE, **playing.told)


def _let_expire(playing: Playing) -> None:
    """A consent expires by time alone: the clock goes on to that moment, for everyone in the sandbox."""
    make_purpose_expire(playing)
    expires_at = _given(playing).expires_at
    assert expires_at is not None  # noqa: S101 -- made so above
    move_clock(playing.client, to=expires_at, actor=playing.player, at=playing.at)


def _outdate(playing: Playing) -> None:
    _given(playing)
    publish_material_change(playing)


ANSWERS: dict[str, Callable[[Playing], None]] = {
    "consent_requested": _ask(ConsentState.REQUESTED),
    "consent_deferred": _ask(ConsentState.DEFERRED),
    "consent_given": _give,
    "consent_refused": _refuse,
    "consent_withdrawn": _withdraw,
    "consent_revoked": _revoke,
    "consent_invalidated": _invalidate,
    "consent_expired": _let_expire,
    "consent_outdated": _outdate,
}
