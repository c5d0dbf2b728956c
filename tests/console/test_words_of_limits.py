"""Lists of restrictions and objections name the purpose, and a waiting change says who requested it."""

from typing import Any

from django.utils import timezone

from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.register.models.purposes import Purpose
from consent.register.services.safeguards import request_safeguard_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import list_url, row_url
from tests.signing_in import SignIn


def test_restrictions_and_objections_are_listed_by_the_name_of_the_purpose(sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        hamza, amina, at = cast.subject("hamza"), cast.actor("amina"), timezone.now()
        told: dict[str, Any] = {"actor": amina, "reason": Reason.SUBJECT_REQUEST, "at": at}
        own = restrict_processing(hamza, purpose_code="product_research", **told)
        shared = object_to_purpose(hamza, purpose_code="platform_improvement", **told)
        restrict_processing(hamza, **told)
        own_name = Purpose.objects.get(client_id=cast.client_id("indus"), code="product_research").name_en
    for name in ("amina", "farah"):
        browser = sign_in(name)
        restrictions = browser.get(list_url("consent/restriction")).content.decode()
        assert f">{own_name}<" in restrictions
        assert "Every purpose" in restrictions
        assert own_name in browser.get(row_url("consent/restriction", own.pk)).content.decode()
        objections = browser.get(list_url("consent/objection")).content.decode()
        assert "platform_improvement" not in objections
        with in_client(cast.client_id("indus")):
            named = Purpose.objects.get(code="platform_improvement").name_en
        assert named in objections
        assert named in browser.get(row_url("consent/objection", shared.pk)).content.decode()


def test_a_change_of_a_safeguard_says_who_requested_it(sign_in: SignIn, cast: Cast) -> None:
    changes = []
    with in_client(cast.client_id("indus")):
        for code, who in (("product_research", "farah"), ("newsletter", "amina")):
            purpose = Purpose.objects.get(code=code, client_id=cast.client_id("indus"))
            purpose.needs_account = False
            told: dict[str, Any] = {"ground": "For alumni.", "actor": cast.actor(who), "at": timezone.now()}
            changes.append(request_safeguard_change(purpose, **told))
    for viewer, names in (("amina", ("farah", "amina")), ("farah", ("farah", ""))):
        browser = sign_in(viewer)
        for change, name in zip(changes, names, strict=True):
            page = browser.get(row_url("consent/safeguardchange", change.pk)).content.decode()
            shown = cast.user(name).email if name else "PakTaleem"
            assert shown in page.split("Requested by")[1][:300]
    assert cast.user("amina").email not in sign_in("farah").get(list_url("consent/safeguardchange")).content.decode()


def test_the_filter_by_state_is_called_so(sign_in: SignIn) -> None:
    for model in ("consent/purpose", "accounts/user"):
        page = sign_in("amina").get(list_url(model)).content.decode()
        assert "By is active" not in " ".join(page.split())
        assert "By state" in " ".join(page.split())
