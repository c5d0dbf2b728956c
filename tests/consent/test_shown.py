"""Tokens of shown notices: what they permit, and how stale, foreign and forged ones are refused."""

from datetime import timedelta

import pytest
from django.core import signing

from consent.consents.models import Consent, ConsentState, Method
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.notice_tokens import (
    ShownNotice,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenMissing,
    read_notice_token,
    sign_notice_token,
)
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from tests.showing import shown

DAY = timedelta(hours=24)


def give(cast, at, token, **more):
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    values = {"answers": answers, "shown": token, "actor": cast.actor("farah"), "at": at, **more}
    [event] = record_answers(cast.subject("hamza"), **values)
    return event


def test_a_token_states_what_was_signed(now):
    signed = ShownNotice(new_id(), ("newsletter", "survey"), "ur", new_id(), now + timedelta(microseconds=7))
    assert read_notice_token(sign_notice_token(signed), client_id=signed.client_id) == signed


def test_the_event_says_in_which_language_it_was_shown_and_when(cast, indus, now):
    event = give(cast, now + timedelta(minutes=9), shown(indus.id, now, language="ur"))
    assert (event.language, event.shown_at) == ("ur", now)


def test_a_token_holds_for_a_day(cast, indus, now):
    token = shown(indus.id, now)
    with pytest.raises(TokenExpired):
        give(cast, now + DAY + timedelta(microseconds=1), token)
    assert give(cast, now + DAY, token).state == "given"


@pytest.mark.parametrize("method", [Method.LMS, Method.WEB, Method.EMAIL, Method.IN_PERSON])
def test_where_a_screen_of_ours_was_there_its_token_is_needed(cast, indus, now, method):
    for token in (None, ""):
        with pytest.raises(TokenMissing):
            give(cast, now, token, method=method)
    assert give(cast, now, shown(indus.id, now), method=method).state == "given"


def test_another_clients_token_is_foreign(cast, now):
    with in_client(cast.client_id("khyber")):
        token = shown(cast.client_id("khyber"), now)
    with in_client(cast.client_id("indus")), pytest.raises(TokenForeign):
        give(cast, now, token)


@pytest.mark.parametrize("more", [{"notice_version": new_id()}, {"language": "en"}])
def test_a_token_agrees_with_what_is_said_beside_it(cast, indus, now, more):
    with pytest.raises(TokenForeign):
        give(cast, now, shown(indus.id, now, language="ur"), **more)


def test_a_token_of_another_purpose_is_foreign(cast, indus, now):
    with pytest.raises(TokenForeign):
        give(cast, now, shown(indus.id, now, "product_research"))


def test_a_changed_token_is_forged(cast, indus, now):
    token = shown(indus.id, now)
    body, seal = token.rsplit(":", 1)
    with_another_body = (
        f"{sign_notice_token(ShownNotice(new_id(), ('newsletter',), '', indus.id, now)).rsplit(':', 1)[0]}:{seal}"
    )
    other_salt = signing.Signer(salt="elsewhere").sign_object({"v": "0"})
    for forged in (body, f"{body}:", f"{token}x", token[1:], with_another_body, other_salt, "مہر"):
        with pytest.raises(TokenForged):
            give(cast, now, forged)
    assert not Consent.objects.exists()


def test_a_forged_token_proves_no_refusal_either(cast, indus, now):
    with pytest.raises(TokenForged):
        give(cast, now, "forged", answers=[Answer("newsletter", ConsentState.REFUSED)])


def test_tokens_live_on_while_the_key_is_rotated(cast, indus, now, settings):
    token = shown(indus.id, now)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert give(cast, now, token).state == "given"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(TokenForged):
        give(cast, now, token)


def test_no_consent_undoes_a_withdrawal_made_since_it_was_shown(cast, indus, now):
    """A late answer does not undo a withdrawal."""
    give(cast, now, shown(indus.id, now))
    before = shown(indus.id, now + timedelta(minutes=1))
    farah, withdrawn_at = cast.actor("farah"), now + timedelta(minutes=2)
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=withdrawn_at)
    refusal = [Answer("newsletter", ConsentState.REFUSED)]
    for token in (before, shown(indus.id, withdrawn_at)):
        with pytest.raises(TokenExpired):
            give(cast, now + timedelta(minutes=3), token)
        give(cast, now + timedelta(minutes=3), token, answers=refusal)  # nor can another answer be used to bypass it
    assert Consent.objects.get().state == "refused"
    later = now + timedelta(minutes=4)
    assert give(cast, later, shown(indus.id, later)).state == "given"


@pytest.mark.parametrize("hours", [None, 1, 2])
def test_a_paper_signed_before_the_withdrawal_does_not_undo_it(cast, indus, now, hours):
    first = give(cast, now, shown(indus.id, now))
    farah, withdrawn_at = cast.actor("farah"), now + timedelta(hours=2)
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=withdrawn_at)
    paper = {"method": Method.PAPER, "notice_version": first.notice_version_id, "evidence": "Box 3"}
    claimed_at = None if hours is None else now + timedelta(hours=hours)
    with pytest.raises(TokenExpired):
        give(cast, now + timedelta(hours=9), None, claimed_at=claimed_at, **paper)
    assert give(cast, now + timedelta(hours=9), None, claimed_at=now + timedelta(hours=3), **paper).state == "given"


def test_each_answer_may_refer_to_a_notice_of_its_own(cast, indus, now):
    answers = [
        Answer("newsletter", ConsentState.GIVEN),
        Answer("product_research", ConsentState.GIVEN, shown(indus.id, now, "product_research", "ur")),
    ]
    token = shown(indus.id, now, language="en")
    events = record_answers(cast.subject("hamza"), answers=answers, shown=token, actor=cast.actor("farah"), at=now)
    assert [event.purpose.code for event in events] == ["newsletter", "product_research"]
    assert [event.language for event in events] == ["en", "ur"]
    assert events[0].shown_hash != events[1].shown_hash


def test_hosts_whose_clocks_differ_show_nothing_after_the_answer(cast, indus, now):
    event = give(cast, now, shown(indus.id, now + timedelta(milliseconds=300)))
    assert event.shown_at == now
