"""Legal demands in the client’s console: those that their instruments do not keep secret."""

from django.utils import timezone

from consent.sharing.services import request_legal_disclosure
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.conftest import SignIn
from tests.console.pages import list_url, row_url
from tests.sharing.demands import demand


def test_the_client_sees_a_demand_unless_its_instrument_forbids(sign_in: SignIn, cast: Cast) -> None:
    now, farah = timezone.now(), sign_in("farah")
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
