"""POST /access/v1/evaluation."""

from tests.api.callers import Caller, question


def test_a_contract_purpose_is_permitted_with_its_reason(khyber):
    answer = khyber.ask("lms-kiran", "service_delivery")
    assert answer["decision"] is True
    assert answer["context"]["reason"] == "permitted"
    assert answer["context"]["lawful_basis"] == "contract"


def test_the_decision_follows_consent_and_withdrawal(khyber):
    assert khyber.reason("lms-kiran", "newsletter") == "consent_missing"
    assert khyber.consent("lms-kiran", "newsletter").status_code == 201
    assert khyber.ask("lms-kiran", "newsletter")["decision"] is True
    assert khyber.post("/api/v1/subjects/lms-kiran/consents/newsletter/withdraw").status_code == 200
    assert khyber.reason("lms-kiran", "newsletter") == "consent_withdrawn"


def test_a_child_is_denied_until_a_guardian_consents(indus):
    assert indus.reason("lms-danish", "service_delivery") == "guardian_consent_required"
    assert indus.reason("lms-iqra", "service_delivery") == "age_unknown"
    assert indus.reason("lms-hamza", "service_delivery") == "permitted"
    assert indus.reason("lms-junaid", "service_delivery") == "permitted"


def test_another_clients_person_is_answered_like_an_unknown_one(indus):
    foreign, made_up = indus.ask("lms-kiran", "support"), indus.ask("nobody", "support")
    for answer in (foreign, made_up):
        del answer["context"]["decision_id"], answer["context"]["valid_until"]
    assert foreign == made_up
    assert foreign["context"]["reason"] == "subject_unknown"


def test_without_a_valid_key_no_decision_is_given(cast):
    response = Caller("ptk_wrong").post("/access/v1/evaluation", question("lms-kiran", "support"))
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_categories_beyond_the_purpose_are_refused(khyber):
    assert khyber.reason("lms-kiran", "newsletter", categories=["billing"]) == "category_not_covered"
    assert khyber.reason("lms-kiran", "newsletter", categories=["horoscope"]) == "category_unknown"
