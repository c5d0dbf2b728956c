"""A purpose that needs more data outdates earlier consents, everywhere at once; one that needs less changes nothing."""

import json
import random
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection

from consent.consents.models import Consent, ConsentEvent, Method
from consent.consents.selectors.consents import (
    consent_states,
    list_choices,
    list_timeline,
    select_consent_events,
    states_at,
)
from consent.consents.services.recording import withdraw_consent
from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.notice_tokens import TokenExpired
from consent.notices.selectors.notices import ClientCounts, RenewalCounts, preview_effect, preview_widening
from consent.notices.selectors.registers import get_current_notice, register_as_of
from consent.receipts.services import get_record_facts
from consent.register.effects import WeakensSafeguard
from consent.register.models.purposes import LawfulBasis, Purpose, PurposeWidening, SafeguardKind
from consent.register.services import change_register, request_safeguard_change, widen_purpose
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.consent import making
from tests.consent.making import PURPOSE, accept_by_two, consent, decision, execute, refuses, share_purpose, shown
from tests.faults.size import sized

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
WHY = Reason.REVIEW
_WIDER = "UPDATE consent_purpose SET categories = categories || '{device}'::varchar[] WHERE code = 'newsletter'"
MORE = ("usage_logs", "device", "content", "billing", "organisation")


def newsletter(client):
    return Purpose.objects.get(code="newsletter", client_id=client.pk)


def give(cast, client, at, shown_at=None, **how):
    proof = how or {"shown": shown(client.pk, shown_at or at)}
    return making.give(cast.subject("kiran"), at, actor=cast.actor("celia"), **proof)


def widen(cast, client, at, *added, actor="celia"):
    return widen_purpose(newsletter(client), categories=added, actor=cast.actor(actor), reason=WHY, at=at)


def narrow(cast, client, at, *dropped):
    purpose = newsletter(client)
    purpose.categories = [code for code in purpose.categories if code not in dropped]
    return change_register(purpose, actor=cast.actor("celia"), reason=WHY, at=at)


def decided(cast, client, at, now=None):
    answers = decide_all_purposes(cast.actor("celia"), client.pk, "lms-kiran", at=at, now=now or at)
    return answers["newsletter"]


def everywhere(cast, client, at):
    """Return what each place says about the consent now: decision, API, own page, timeline."""
    kiran, celia = cast.subject("kiran"), cast.actor("celia")
    events = list(select_consent_events(kiran, actor=celia, until=at))
    choice = next(one for one in list_choices(kiran, actor=celia, at=at) if one.purpose.code == "newsletter")
    states = [one["state"] for one in consent_states(kiran, actor=celia, at=at)]
    then = states_at(events, register_as_of(client.pk, at), at)
    latest = next((line.state for line in list_timeline(kiran, events=events, until=at) if line.state), None)
    return {
        "decision": str(decided(cast, client, at).reason),
        "api": states[0] if states else None,
        "page": choice.state,
        "then": then["newsletter"].state if then else None,
        "timeline": latest,
    }


def agreeing(state):
    reasons = {"given": "permitted", None: "consent_missing"}
    return {
        "decision": reasons.get(state, f"consent_{state}"),
        "api": state,
        "page": state or "unknown",
        "then": state,
        "timeline": state,
    }


def test_a_consent_does_not_cover_what_was_added_later(cast, khyber, now):
    event = give(cast, khyber, now)
    assert everywhere(cast, khyber, now + DAY - TICK) == agreeing("given")
    widen(cast, khyber, now + DAY, "usage_logs")
    assert everywhere(cast, khyber, now + DAY) == agreeing("outdated")
    [state] = consent_states(event.subject, actor=cast.actor("celia"), at=now + DAY)
    assert state["renewal_due"]


PROFILING = {"name_en": "Profiling for partners", "dpv_term": "dpv:TargetedAdvertising"}


def renamed(client, **words):
    purpose = newsletter(client)
    for name, text in (words or PROFILING).items():
        setattr(purpose, name, text)
    return purpose


@pytest.mark.parametrize("actor", ["celia", "amina"])
def test_one_person_alone_gives_no_other_words_to_what_people_agreed_to(cast, khyber, now, actor):
    give(cast, khyber, now)
    for words in ({"name_ur": "نیا"}, {"description_en": "All."}, {"dpv_term": "dpv:TargetedAdvertising"}):
        with pytest.raises(WeakensSafeguard) as caught:
            change_register(renamed(khyber, **words), actor=cast.actor(actor), reason=WHY, at=now + DAY)
        assert caught.value.kind == SafeguardKind.WORDS
    with pytest.raises(IntegrityError, match="widening"):
        execute("UPDATE consent_purpose SET name_en = 'All' WHERE code = 'newsletter'")
    assert everywhere(cast, khyber, now + DAY) == agreeing("given")


def test_other_words_outdate_consents_once_a_second_person_approves(cast, khyber, now):
    give(cast, khyber, now)
    change = request_safeguard_change(renamed(khyber), ground="More.", actor=cast.actor("celia"), at=now + DAY)
    assert everywhere(cast, khyber, now + 2 * DAY - TICK) == agreeing("given")
    decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=now + 2 * DAY)
    assert newsletter(khyber).name_en == "Profiling for partners"
    assert everywhere(cast, khyber, now + 2 * DAY) == agreeing("outdated")
    assert PurposeWidening.objects.get().added == ["name_en", "dpv_term"]
    assert not Entry.objects.filter(kind__startswith="safeguard.", body__contains="Profiling").exists()


def test_words_that_no_one_agreed_to_are_changed_by_one_person_while_an_answer_is_under_way(cast, khyber, now):
    change_register(renamed(khyber), actor=cast.actor("celia"), reason=WHY, at=now + DAY)
    with pytest.raises(TokenExpired):
        give(cast, khyber, now + 2 * DAY, shown_at=now)


def test_the_words_of_a_purpose_that_needs_no_consent_are_not_changed_by_one_person(cast, khyber, now):
    own = newsletter(khyber)
    law = {"basis": "contract", "role": "learner", "starts_at": now}
    accept_by_two(LawfulBasis(client_id=khyber.pk, purpose=own, **law), requester=cast.actor("celia"), at=now)
    with pytest.raises(WeakensSafeguard):
        change_register(renamed(khyber), actor=cast.actor("celia"), reason=WHY, at=now + DAY)


def test_the_decision_names_the_widening_it_rests_on(cast, khyber, now):
    event = give(cast, khyber, now)
    widen(cast, khyber, now + DAY, "usage_logs")
    found = decided(cast, khyber, now + DAY)
    assert {event.pk, PurposeWidening.objects.get().pk} <= set(found.evidence)


def test_a_past_decision_stays_what_it_was(cast, khyber, now):
    give(cast, khyber, now)
    widen(cast, khyber, now + 2 * DAY, "usage_logs")
    later = now + 5 * DAY
    assert decided(cast, khyber, now + DAY, later).allowed
    assert decided(cast, khyber, now + 2 * DAY - TICK, later).allowed
    assert decided(cast, khyber, now + 2 * DAY, later).reason == "consent_outdated"
    give(cast, khyber, now + 3 * DAY)
    assert decided(cast, khyber, now + 3 * DAY - TICK, later).reason == "consent_outdated"
    assert decided(cast, khyber, now + 3 * DAY, later).allowed
    assert everywhere(cast, khyber, later) == agreeing("given")


def test_a_narrower_purpose_outdates_nothing_and_revives_nothing(cast, khyber, now):
    widen(cast, khyber, now, "usage_logs")
    give(cast, khyber, now + DAY)
    narrow(cast, khyber, now + 2 * DAY, "usage_logs")
    assert everywhere(cast, khyber, now + 3 * DAY) == agreeing("given")
    widen(cast, khyber, now + 4 * DAY, "device")
    narrow(cast, khyber, now + 5 * DAY, "device")
    assert everywhere(cast, khyber, now + 6 * DAY) == agreeing("outdated")


def test_one_category_for_another_is_more_data(cast, khyber, now):
    give(cast, khyber, now)
    widen(cast, khyber, now + DAY, "device")
    narrow(cast, khyber, now + DAY, "contact_details")
    assert newsletter(khyber).categories == ["device"]
    assert everywhere(cast, khyber, now + 2 * DAY) == agreeing("outdated")


@pytest.mark.parametrize("seed", range(sized(4, 100)))
def test_every_place_agrees_after_any_sequence(cast, khyber, now, seed):
    pick, at, given_at, plain = random.Random(seed), now, None, None  # noqa: S311 -- a seeded choice of steps
    history = []
    for _ in range(8):
        at += DAY
        present = newsletter(khyber).categories
        step = pick.choice(["give", "give", "widen", "widen", "narrow", "withdraw"])
        if step == "give":
            give(cast, khyber, at)
            given_at, plain = at, "given"
        elif step == "widen" and (missing := [one for one in MORE if one not in present]):
            widen(cast, khyber, at, pick.choice(missing))
            plain = "outdated" if plain == "given" else plain
        elif step == "narrow" and len(present) > 1:
            narrow(cast, khyber, at, pick.choice(present[1:]))
        elif step == "withdraw" and given_at is not None and plain in {"given", "outdated"}:
            withdraw_consent(cast.subject("kiran"), purpose="newsletter", actor=cast.actor("celia"), at=at)
            plain = "withdrawn"
        moment = at + timedelta(hours=1)
        assert everywhere(cast, khyber, moment) == agreeing(plain), (seed, step)
        history.append((moment, plain))
    for moment, state in history:
        assert str(decided(cast, khyber, moment, at + DAY).reason) == agreeing(state)["decision"]


# How it is changed


def test_a_purpose_is_not_widened_in_passing(cast, khyber, now):
    purpose = newsletter(khyber)
    purpose.categories = [*purpose.categories, "usage_logs"]
    with refuses("categories"):
        change_register(purpose, actor=cast.actor("celia"), reason=WHY, at=now)
    assert newsletter(khyber).categories == ["contact_details"]


def test_the_database_refuses_a_wider_purpose_without_its_record(cast, now):
    with in_client(cast.client_id("khyber")):
        widen(cast, cast.client("khyber"), now, "device")
    with in_client(cast.client_id("indus")), pytest.raises(IntegrityError, match="recorded as its widening"):
        execute(_WIDER)


def test_an_earlier_record_does_not_cover_another_change(committed, now):
    khyber = committed.client_id("khyber")
    with in_client(khyber):
        widen(committed, committed.client("khyber"), now, "device")
    with in_client(khyber):
        narrow(committed, committed.client("khyber"), now + DAY, "device")
    with (
        pytest.raises(IntegrityError, match="recorded as its widening"),
        in_client(khyber),
        connection.cursor() as cursor,
    ):
        cursor.execute(_WIDER)


def test_the_record_is_evidence_and_append_only(cast, khyber, now):
    with pytest.raises(ValidationError):
        widen(cast, khyber, now, "contact_details")
    assert not PurposeWidening.objects.exists()
    widen(cast, khyber, now, "device", "content", "contact_details")
    for statement in ("UPDATE consent_purposewidening SET widened_at = now()", "DELETE FROM consent_purposewidening"):
        with pytest.raises(ProgrammingError):
            execute(statement)
    entry = Entry.objects.get(kind="purpose.widened")
    facts = json.loads(entry.body)["facts"]
    assert (entry.actor_id, facts["purpose"], facts["kind"]) == (cast.user_id("celia"), "newsletter", "categories")
    assert facts["added"] == ["content", "device"]
    assert newsletter(khyber).categories == ["contact_details", "content", "device"]


def test_a_shared_purpose_is_widened_for_every_client_and_an_own_one_for_its_client(cast, now):
    share_purpose(cast)
    for code in ("indus", "khyber"):
        consent(cast, code, now)
        assert decision(cast, code, now + DAY - TICK).allowed
    with in_client(PAKTALEEM):
        row = Purpose.objects.get(code=PURPOSE)
        widen_purpose(row, categories=["device"], actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    reasons = {decision(cast, code, now + DAY).reason for code in ("indus", "khyber")}
    # The clients have not instructed PakTaleem for the new category.
    assert reasons == {"not_instructed"}
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            person = Consent.objects.select_related("subject").get(purpose__code=PURPOSE).subject
            [state] = consent_states(person, actor=cast.key_actor(code), at=now + DAY)
            assert state["state"] == "outdated"


# What may be recorded after it


def test_a_notice_shown_before_does_not_suffice_after(cast, khyber, now):
    widen(cast, khyber, now + DAY, "device")
    for shown_at in (now + DAY - TICK, now + DAY):
        with pytest.raises(TokenExpired):
            give(cast, khyber, now + DAY + timedelta(minutes=1), shown_at)
    give(cast, khyber, now + DAY + timedelta(minutes=1), now + DAY + TICK)
    assert everywhere(cast, khyber, now + 2 * DAY) == agreeing("given")


@pytest.mark.parametrize("claimed", [None, -DAY])
def test_a_form_collected_before_does_not_suffice_after(cast, khyber, now, claimed):
    paper = {"method": Method.PAPER, "evidence": "Box 3"}
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now).pk
    widen(cast, khyber, now, "device")
    with pytest.raises(TokenExpired):
        give(cast, khyber, now + DAY, notice_version=version, claimed_at=claimed and now + claimed, **paper)
    give(cast, khyber, now + DAY, notice_version=version, claimed_at=now + TICK, **paper)
    assert everywhere(cast, khyber, now + 2 * DAY) == agreeing("given")


def test_what_counts_is_when_the_person_was_informed_not_when_it_was_recorded(cast, khyber, now):
    """An answer that was under way while the purpose was widened is outdated, not a consent to more data."""
    event = give(cast, khyber, now + timedelta(minutes=2), now)
    widen(cast, khyber, now + timedelta(minutes=1), "device")
    assert Consent.objects.get(event=event).informed_at == now
    assert everywhere(cast, khyber, now + 2 * DAY) == agreeing("outdated")


def test_a_receipt_keeps_the_data_that_was_consented_to(cast, khyber, now):
    event = give(cast, khyber, now)
    widen(cast, khyber, now + DAY, "usage_logs")
    again = give(cast, khyber, now + 2 * DAY)
    for one, codes in ((event, ["contact_details"]), (again, ["contact_details", "usage_logs"])):
        facts = get_record_facts(ConsentEvent.objects.get(pk=one.pk), language="en", base="https://portal.example")
        assert [item.code for item in facts.categories] == codes


# The preview


def test_the_preview_counts_who_must_be_asked_again_by_client(cast, khyber, now):
    give(cast, khyber, now)
    effect = preview_widening(newsletter(khyber), actor=cast.actor("celia"), at=now + DAY)
    assert effect.total == RenewalCounts("", 1, 1, 1, 0)
    assert effect.by_client == (ClientCounts("Khyber Institute", 1),)
    widen(cast, khyber, now + DAY, "device")
    again = preview_widening(newsletter(khyber), actor=cast.actor("celia"), at=now + 2 * DAY)
    assert (again.total, again.by_client) == (RenewalCounts("", 0, 0, 0, 0), ())


def test_a_shared_purpose_is_previewed_at_every_client(cast, now):
    share_purpose(cast)
    for code in ("indus", "khyber"):
        consent(cast, code, now)
    with as_officer():
        row = Purpose.objects.get(code=PURPOSE)
        effect = preview_widening(row, actor=cast.actor("amina"), at=now + DAY)
    assert (effect.total.people, effect.total.clients) == (2, 2)
    assert effect.by_client == (ClientCounts("Indus Schools Network", 1), ClientCounts("Khyber Institute", 1))


def test_a_notices_preview_does_not_count_what_is_outdated_already(cast, khyber, now):
    give(cast, khyber, now)
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now)
    widen(cast, khyber, now + DAY, "device")
    effect = preview_effect(version.notice, is_material=True, actor=cast.actor("celia"), at=now + 2 * DAY)
    assert effect.total == RenewalCounts("", 0, 0, 0, 0)
