"""Acts about a guardian in the console: ending one, and recording an answer."""

from datetime import datetime

from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.children.guardians import record_answer, verified_guardian
from tests.console.pages import row_url
from tests.signing_in import browser_of


def test_ending_a_guardian_shows_the_effect_takes_a_reason_and_ends_it(cast: Cast, now: datetime) -> None:
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = verified_guardian(danish, esra, at=now)
        record_answer(danish, esra, "given", at=now)
    farah, url = browser_of(cast.user("farah")), row_url("guardians/guardianship", row.pk, "end")
    shown = farah.get(url).content.decode()
    assert "Now: A guardian has consented. Afterwards: No guardian has answered." in shown
    assert "Guardians whose consent counts afterwards: 0." in shown
    assert farah.post(url, {"reason": ""}).status_code == 200
    assert farah.post(url, {"reason": "correction"}).status_code == 302
    with in_client(cast.client_id("indus")):
        row.refresh_from_db()
    assert row.ends_at is not None


def test_an_answer_from_before_the_notice_is_refused_in_words(cast: Cast, now: datetime) -> None:
    with in_client(cast.client_id("indus")):
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
    given = {"decision": "given", "shares": "", "route": "paper", "evidence": "Form 33 in folder 12"}
    url = row_url("guardians/guardianship", row.pk, "answer")
    page = browser_of(cast.user("farah")).post(url, {**given, "claimed_at_0": "1990-01-01", "claimed_at_1": "10:00"})
    assert "The consent is dated before the first notice" in page.content.decode()
