"""Legal demands in the client’s console: those that their instruments do not keep secret."""

import pytest
from django.utils import timezone

from consent.sharing.services import decide_legal_disclosure, request_legal_disclosure
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import Hold
from tests.cast import Cast
from tests.consent.making import officer
from tests.console.pages import list_url, row_url
from tests.factories import make_staff
from tests.sharing.making import demand
from tests.signing_in import SignIn, browser_of


@pytest.mark.parametrize("role", ["client_admin", "client_auditor"])
def test_the_client_sees_a_demand_unless_its_instrument_forbids(cast: Cast, role: str) -> None:
    reader = make_staff("reader@indus.example", (role, cast.client_id("indus")))
    now, farah = timezone.now(), browser_of(reader)
    with in_client(cast.client_id("indus")):
        shown, secret = (
            request_legal_disclosure(
                cast.subject("hamza"),
                demand(now, reference=reference, is_secret=reference == "18/2026"),
                actor=cast.actor("amina"),
                at=now,
            )
            for reference in ("17/2026", "18/2026")
        )
    page = farah.get(row_url("sharing/legaldisclosure", shown.pk))
    assert (page.status_code, "17/2026" in page.content.decode()) == (200, True)
    assert "18/2026" not in farah.get(row_url("sharing/legaldisclosure", secret.pk), follow=True).content.decode()
    assert farah.get(list_url("sharing/legaldisclosure")).content.decode().count("District Court Lahore") == 1


def test_no_page_of_the_client_betrays_a_secret_demand(sign_in: SignIn, cast: Cast) -> None:
    now, farah = timezone.now(), sign_in("farah")
    with in_client(cast.client_id("indus")):
        hamza, amina = cast.subject("hamza"), cast.actor("amina")
        secret = request_legal_disclosure(hamza, demand(now, is_secret=True), actor=amina, at=now)
        decide_legal_disclosure(secret, approve=True, actor=officer(), at=now)
        hold, entry = Hold.objects.get(), Entry.objects.get(kind="legal_disclosure.settled")
    person = row_url("people/subject", hamza.pk)
    pages = [
        "/admin/",
        list_url("audit/entry"),
        row_url("audit/entry", entry.pk),
        row_url("schedule/hold", hold.pk),
        row_url("schedule/hold", hold.pk, "history"),
        *(f"{person}?tab={tab}" for tab in ("", "timeline", "holdings", "disclosures")),
    ]
    for page in pages:
        text = farah.get(page, follow=True).content.decode()
        for word in ("Disclosure to an authority", f"…{str(secret.pk)[-6:]}", "<bdi>legal_disclosure"):
            assert word not in text, (page, word)
    assert (
        "A law requires PakTaleem to keep this data." in farah.get(row_url("schedule/hold", hold.pk)).content.decode()
    )
    assert "Disclosure to an authority" in sign_in("amina").get(list_url("audit/entry")).content.decode()
