"""Law profiles as pages: in both languages, with sources, and a coming period beside the rules in force."""

import pytest

from tests.laws import law_of_pakistan, period

PUBLIC, CONSOLE = "/privacy/law/", "/admin/law/"


@pytest.mark.parametrize(("language", "words"), [("en", "<summary>30 countries</summary>"), ("ur", "برطانیہ")])
def test_everyone_reads_the_rules_and_their_sources(client, db, language, words):
    response = client.get(f"{PUBLIC}?lang={language}")
    page = response.content.decode()
    assert response.status_code == 200
    for shown in (
        words,
        "Commissioner’s Office",
        "UK GDPR Art. 12(3)",
        "FERPA, 34 CFR 99.10(b)",
        "Datatilsynet",
        "2026-12-02",
    ):
        assert shown in page


def test_staff_see_a_coming_period_and_what_no_law_sets(sign_in, tmp_path):
    coming = law_of_pakistan(
        tmp_path / "law", period("2017-05-30", full_age="years = 18"), period("2099-07-01", answer="days = 15")
    )
    with coming:
        page = sign_in("farah").get(CONSOLE).content.decode()
    before, after = page.split("From 1 July 2099")
    assert "15 days" in after
    assert "Act of a test" in before
    assert "Not set" in before


def test_the_privacy_policy_leads_to_it(client, cast):
    assert f'href="{PUBLIC}' in client.get("/privacy/indus/").text
