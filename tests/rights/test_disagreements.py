"""A statement of disagreement beside data that was not corrected: rules, copies and disclosures."""

import pytest
from django.utils import timezone

from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.disagreements import NothingRefused, reveal_disagreements, state_disagreement
from rights.rectifications.models import Correction, Disagreement, RecipientNotice
from rights.rectifications.services import Statement, add_correction, refuse_correction
from rights.requests.letters import compose_answer
from rights.requests.services.closing import answer_request, close_request
from tests.access_links.visiting import send, visitor
from tests.api.callers import Caller
from tests.children.browsers import by_contact, child_page
from tests.console.pages import row_url
from tests.rights.cases import AT, approve_recipient, asked_by_guardian, decided, in_indus, own, received, verified
from tests.rights.test_copy_sections import rows_of
from tests.rights.test_public_pages import own_page

WORDS = "I was born in Multan, and the school has seen the proof."
NO = {"refusal_code": "no_match", "reasons": "The papers say otherwise."}


def refused(cast, at=AT):
    """Refuse a request for rectification of two fields, one of which was made."""
    request, farah = received(cast, "rectification", at=at), cast.actor("farah")
    return in_indus(cast, lambda: _refuse(cast, request, farah, at))


def _refuse(cast, request, farah, at):
    add_correction(request, Statement(field="full_name", new_value="Hamza Lodhi Khan"), actor=farah, at=at)
    email = Statement(field="email", new_value="hamza.new@mail.example")
    refuse_correction(add_correction(request, email, actor=farah, at=at), reasons="No.", actor=farah, at=at)
    return decided(cast, request, "partly", at, **NO)


def stated(cast):
    actor = cast.actor("amina")
    return reveal_disagreements(cast.subject("hamza"), actor=actor, reason="review", at=AT)


def test_a_statement_outlives_its_request_and_goes_along_in_the_copy(cast, indus):
    approve_recipient(cast)
    request, farah = refused(cast), cast.actor("farah")
    assert "You may leave a statement beside this data" in compose_answer(request)
    state_disagreement(request, text=f" {WORDS}\n", actor=own(cast), at=AT)
    row = Disagreement.objects.get()
    assert sealer_of(row.subject).open(row.text, column="rectifications_disagreement.text") == WORDS
    assert [(one.categories, one.text) for one in stated(cast)] == [(["contact_details"], WORDS)]
    assert AccessRecord.objects.filter(fields="disagreements").count() == 1
    [copied] = rows_of(cast.subject("hamza"))["disagreements"]
    assert (copied["text"], copied["categories"]) == (WORDS, ["contact_details"])
    [notice] = RecipientNotice.objects.filter(request=None)
    assert notice.outcome == ""
    kinds = set(Entry.objects.filter(kind__startswith="rights_request.disagreement").values_list("kind", flat=True))
    assert kinds == {"rights_request.disagreement_stated"}
    assert farah.client_id == row.client_id


def test_it_is_replaced_and_taken_back_even_after_the_request_was_closed(cast, indus):
    request, farah = received(cast, "rectification"), cast.actor("farah")
    decided(cast, request, "refused", **NO)
    answer_request(request, text="No.", actor=farah, at=AT)
    closed = close_request(request, actor=farah, at=AT)
    state_disagreement(closed, text=WORDS, actor=farah, at=AT)
    state_disagreement(closed, text="Another one.", actor=farah, at=AT)
    assert [(one.categories, one.text) for one in stated(cast)] == [([], "Another one.")]
    assert closed.state == "closed"
    state_disagreement(closed, text="  ", actor=own(cast), at=AT)
    assert (stated(cast), Disagreement.objects.get().text) == ([], None)


def test_only_a_refused_correction_can_be_disputed_and_only_by_the_one_who_asked(cast, indus):
    open_one, access = received(cast, "rectification"), received(cast, "access")
    for request in (open_one, access):
        with pytest.raises(NothingRefused):
            state_disagreement(request, text=WORDS, actor=own(cast), at=AT)
    request = refused(cast)
    for actor in (own(cast, "junaid"), cast.actor("bilal"), cast.actor("celia")):
        with pytest.raises(NotAllowed):
            state_disagreement(request, text=WORDS, actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        reveal_disagreements(cast.subject("hamza"), actor=cast.actor("bilal"), reason="review", at=AT)
    verified(cast)
    of_guardian = asked_by_guardian(cast, "rectification")
    decided(cast, of_guardian, "refused", **NO)
    with pytest.raises(NotAllowed):
        state_disagreement(of_guardian, text=WORDS, actor=own(cast, "danish"), at=AT)
    state_disagreement(of_guardian, text=WORDS, actor=own(cast, "esra", "danish"), at=AT)
    assert Disagreement.objects.get().subject == cast.subject("danish")


def test_a_person_leaves_it_on_their_page_and_the_desk_hands_it_on(sign_in, cast):
    request = refused(cast, timezone.now())
    browser, page = own_page(cast), f"/requests/mine/{request.pk}/disagreement/"
    assert page in browser.get("/requests/mine/").content.decode()
    long = send(browser, page, form_at=page, text="x" * 2_001)
    assert (long.status_code, "2000" in long.content.decode()) == (422, True)
    assert send(browser, page, form_at=page, text=WORDS).status_code == 302
    assert own_page(cast, "lms-junaid").get(page).status_code == 404
    assert visitor().get(page).status_code == 403
    farah, person = sign_in("farah"), ("people/subject", cast.subject_id("hamza"))
    tab = farah.get(f"{row_url(*person)}?tab=disclosures").content.decode()
    assert "The person disagrees with some of this data" in tab
    shown = farah.post(row_url(*person, "show-disagreements"), {"reason": "review"}).content.decode()
    assert (WORDS in shown, "Name and contact details" in shown) == (True, True)
    assert farah.post(row_url("requests/rightsrequest", request.pk, "state-disagreement"), {}).status_code == 302
    gone = farah.get(row_url(*person)).content.decode()
    assert "show-disagreements" not in gone


def test_a_guardian_states_corrections_and_the_disagreement_on_the_page_about_the_child(cast):
    at = timezone.now()
    verified(cast, at)
    request, browser = asked_by_guardian(cast, "rectification", at=at), by_contact()
    data = child_page(cast, more="data/")
    corrections, page = (f"{data}{request.pk}/{form}/" for form in ("corrections", "disagreement"))
    assert corrections in browser.get(data).content.decode()
    assert browser.get(page)["Location"].startswith(data), "nothing is refused yet"
    added = send(browser, corrections, form_at=corrections, field="full_name", new_value="Danish Ali Shah")
    assert added["Location"].startswith(corrections)
    assert "Danish Qureshi" in browser.get(corrections).content.decode(), "whom it is about"
    in_indus(cast, lambda: refuse_correction(Correction.objects.get(), reasons="No.", actor=cast.actor("farah"), at=at))
    decided(cast, request, "refused", at, **NO)
    assert page in browser.get(data).content.decode()
    assert "Danish Qureshi" in browser.get(page).content.decode(), "whom it is about"
    assert send(browser, page, form_at=page, text=WORDS)["Location"].startswith(data)
    with in_client(cast.client_id("indus")):
        row = Disagreement.objects.get()
        assert (row.subject, row.request) == (cast.subject("danish"), request)
        assert [one["text"] for one in rows_of(cast.subject("danish"))["disagreements"]] == [WORDS]
    assert own_page(cast, "lms-danish").get(f"/requests/mine/{request.pk}/disagreement/").status_code == 404
    hers = refused(cast, at)
    for form in ("corrections", "disagreement"):
        assert browser.get(f"{data}{hers.pk}/{form}/").status_code == 404, "a request of somebody else"
        assert visitor().get(f"{data}{request.pk}/{form}/").status_code == 403


def test_the_platform_records_it_and_hands_it_on(cast):
    request, caller = refused(cast, timezone.now()), Caller(cast.key("indus"))
    url = f"/api/v1/rights-requests/{request.pk}/disagreement"
    answer = caller.put(url, {"text": WORDS})
    assert (answer.status_code, answer.json()["categories"]) == (200, ["contact_details"])
    assert WORDS.encode() not in answer.content
    assert caller.put(url, {}).json()["errors"][0]["pointer"] == "#/text"
    assert Caller(cast.key("khyber")).put(url, {"text": WORDS}).status_code == 404
    listed = "/api/v1/subjects/lms-hamza/disagreements"
    [one] = caller.get(f"{listed}?reason=review").json()["disagreements"]
    assert (one["text"], one["categories"]) == (WORDS, ["contact_details"])
    assert caller.get(listed).status_code == 400
    assert Caller(cast.key("khyber")).get(f"{listed}?reason=review").status_code == 404
    other = caller.post("/api/v1/rights-requests", {"subject": "lms-hamza", "kind": "access"}).json()
    assert caller.put(f"/api/v1/rights-requests/{other['id']}/disagreement", {"text": WORDS}).status_code == 409
