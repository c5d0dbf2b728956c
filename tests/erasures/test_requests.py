"""Granting the erasure part of a request proposes it; the request is closed once the erasure is certified."""

import pytest

from consent.consents.models import Consent, ConsentState
from consent.consents.services.recording import Answer, record_answers
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import SubjectKey
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.certificates import read_body
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.progress import find_target
from rights.erasures.services.proposals import cancel_erasure, decide_erasure
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from tests.consent.making import shown
from tests.erasures.steps import AFTER, HOUR, approved, certified, go_on, proposed, waive_all
from tests.rights.cases import AT, decided, own, part_of, received


def grant(cast, request, decider, decision="granted", **given):
    actor = cast.actor("farah" if decider == "client" else "amina")
    decide_part(part_of(request, decider), decision=decision, actor=actor, at=AT, **given)


def proposal_of(request):
    return ErasureProposal.objects.get(request=request, stage="proposed")


def test_the_whole_person_only_if_every_controller_granted_all_its_data(cast, indus):
    request = received(cast, "erasure")
    grant(cast, request, "client")
    first = proposal_of(request)
    assert (first.extent, first.requested_by) == ("partial", cast.user_id("farah"))
    assert first.requested_role == "client_admin"
    assert "service_delivery" in first.purposes
    assert "payment_billing" not in first.purposes, "PakTaleem decides about it"
    grant(cast, request, "paktaleem")
    whole = proposal_of(request)
    assert (whole.extent, whole.purposes, whole.requested_by) == ("whole", [], cast.user_id("amina"))
    first.refresh_from_db()
    assert (first.stage, first.state) == ("cancelled", "replaced")
    assert decide_erasure(whole, approve=True, actor=cast.actor("farah"), at=AT).stage == "cooling_off"


def test_if_one_controller_refuses_the_purposes_of_the_other_are_erased(cast, indus):
    request = received(cast, "erasure")
    grant(cast, request, "client")
    grant(cast, request, "paktaleem", "refused", refusal_code="legal_obligation", reasons="The law.")
    row = proposal_of(request)
    assert row.extent == "partial"


def test_partly_granted_leaves_what_a_law_requires(cast, indus):
    request = received(cast, "erasure", purposes=["legal_compliance", "newsletter"])
    grant(cast, request, "paktaleem", "partly", refusal_code="legal_obligation", reasons="The law.")
    assert not ErasureProposal.objects.exists(), "nothing is left to erase"
    grant(cast, request, "client")
    assert proposal_of(request).purposes == ["newsletter"]


def test_a_partial_erasure_withdraws_consents_and_leaves_what_others_need(cast, indus):
    hamza = cast.subject("hamza")
    answers, by = [Answer("newsletter", ConsentState.GIVEN)], {"actor": cast.actor("farah"), "at": AT - HOUR}
    record_answers(hamza, answers=answers, shown=shown(hamza.client_id, AT), evidence="B", **by)
    request = received(cast, "erasure", purposes=["newsletter", "product_research"])
    grant(cast, request, "client")
    target = find_target(request, AT)
    assert target is not None
    assert target.categories == (), "contact details and usage logs are needed by other purposes"
    row = decide_erasure(proposal_of(request), approve=True, actor=cast.actor("amina"), at=AT)
    answer_request(request, text="Granted.", actor=cast.actor("farah"), at=AT)
    done = go_on(go_on(row, AFTER), AFTER)
    assert done.stage == "certified"
    assert set(Consent.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert not Order.objects.filter(kind="erase").exists()
    assert SubjectKey.objects.filter(subject=hamza).exists()
    body = read_body(Certificate.objects.get(proposal=done))
    assert (body["extent"]["purposes"], body["key_destroyed_at"]) == (["newsletter", "product_research"], None)
    assert body["request"]["number"] == request.number
    assert close_request(request, actor=cast.actor("farah"), at=AFTER).state == "closed"


def test_a_partial_erasure_orders_what_only_its_purposes_need(cast, indus):
    request = received(cast, "erasure", purposes=["service_delivery", "support"])
    grant(cast, request, "client")
    row = proposal_of(request)
    assert row.categories == ["content", "support_communications"], "usage logs are needed for security"
    row = decide_erasure(row, approve=True, actor=cast.actor("amina"), at=AT)
    answer_request(request, text="Granted.", actor=cast.actor("farah"), at=AT)
    started = go_on(row, AFTER)
    orders = Order.objects.filter(parent_kind="rights_request", parent_id=request.pk, kind="erase")
    assert [(order.system.code, order.categories) for order in orders] == [("lms", ["content"])]
    assert started.stage == go_on(started, AFTER).stage == "ordered"
    waive_all(cast, AFTER)
    certificate = Certificate.objects.get(proposal=go_on(started, AFTER))
    assert [one["answer"] for one in read_body(certificate)["systems"]] == ["waived"]
    assert not Erasure.objects.exists()


def test_it_is_closed_once_certified_and_answered_before(cast, indus):
    request = decided(cast, received(cast, "erasure"))
    row = decide_erasure(proposal_of(request), approve=True, actor=cast.actor("farah"), at=AT)
    assert go_on(row, AFTER).stage == "cooling_off", "the person is not answered"
    answer_request(request, text="It will be erased.", actor=cast.actor("farah"), at=AFTER)
    with pytest.raises(Refused, match="Erasure was granted"):
        close_request(request, actor=cast.actor("farah"), at=AFTER)
    assert certified(cast, row, AFTER).stage == "certified"
    closed = close_request(request, actor=cast.actor("farah"), at=AFTER)
    assert (closed.state, closed.answered_at) == ("closed", AFTER)


def test_a_declined_one_is_proposed_again_by_who_granted_it(cast, indus):
    request = decided(cast, received(cast, "erasure"))
    decide_erasure(proposal_of(request), approve=False, actor=cast.actor("farah"), at=AT)
    answer_request(request, text="It will be erased.", actor=cast.actor("farah"), at=AT)
    with pytest.raises(Refused, match="Erasure was granted"):
        close_request(request, actor=cast.actor("farah"), at=AT)
    again = {"target": find_target(request, AT), "request": request}
    with pytest.raises(NotAllowed):
        proposed(cast, actor="sana", **again)
    assert proposed(cast, actor="farah", **again).is_whole


def test_a_person_who_cancels_has_withdrawn_the_request(cast, indus):
    request = decided(cast, received(cast, "erasure"))
    cancel_erasure(proposal_of(request), actor=own(cast), at=AT)
    answer_request(request, text="You cancelled it.", actor=cast.actor("farah"), at=AT)
    assert close_request(request, actor=cast.actor("farah"), at=AT).state == "closed"


def test_a_proposal_of_the_whole_person_serves_a_later_request_too(cast, indus):
    row = proposed(cast)
    request = received(cast, "erasure", purposes=["newsletter"])
    grant(cast, request, "client")
    assert list(ErasureProposal.objects.all()) == [row]
    cancel_erasure(row, actor=cast.actor("amina"), at=AT)
    answer_request(request, text="Granted.", actor=cast.actor("farah"), at=AT)
    with pytest.raises(Refused, match="Erasure was granted"):
        close_request(request, actor=cast.actor("farah"), at=AT)
    assert certified(cast, approved(cast), AFTER).stage == "certified"
    assert close_request(request, actor=cast.actor("farah"), at=AFTER).state == "closed"


def test_two_partial_erasures_of_a_person_follow_one_another(cast, indus):
    first, other = (received(cast, "erasure", purposes=[code]) for code in ("newsletter", "product_research"))
    grant(cast, first, "client")
    with pytest.raises(Refused, match="An erasure of this person is already proposed"):
        grant(cast, other, "client")


def test_a_refused_erasure_needs_no_certificate(cast, indus):
    request = received(cast, "erasure")
    decided(cast, request, "refused", refusal_code="legal_obligation", reasons="The law.")
    answer_request(request, text="No.", actor=cast.actor("farah"), at=AT)
    assert close_request(request, actor=cast.actor("farah"), at=AT).state == "closed"
    assert not ErasureProposal.objects.exists()
