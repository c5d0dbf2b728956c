"""The pages of steps, for a person who comes to them straight from the set-up."""

from typing import Any

from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import Colleague, invite_colleague
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer_user
from tests.cast import Cast
from tests.children.guardians import approve_host
from tests.signing_in import browser_of


def test_who_approves_a_role_reads_whose_it_is_and_where(cast: Cast, now: Any) -> None:
    gul = second_officer_user()
    with in_client(cast.client_id("indus")):
        stamp: dict[str, Any] = {"actor": cast.actor("amina"), "reason": "onboarding", "at": now}
        colleague = Colleague("tariq@indus.example", "Tariq Soomro")
        invite_colleague(colleague, client_id=cast.client_id("indus"), role="client_admin", **stamp)
        change = StaffChange.objects.get(user__email="tariq@indus.example")
    page = browser_of(gul).get(f"/admin/accounts/staffchange/{change.pk}/approve/").content.decode()
    title = page.split('class="lead"')[1].partition("</p>")[0]
    named = ("Give a role", "Client administrator", "Tariq Soomro", "tariq@indus.example", "Indus Schools Network")
    assert [words for words in named if words not in title] == []


def test_the_starting_set_does_not_ask_about_providers_if_there_are_none(cast: Cast) -> None:
    amina = browser_of(cast.user("amina"))
    url = f"/admin/accounts/client/{cast.client_id('indus')}/starting-set/"
    page = amina.get(url).content.decode()
    assert ('name="instructed"' in page, "Providers with whom" in page) == (True, False)
    with in_client(PAKTALEEM):
        approve_host(PAKTALEEM, "service_delivery")
    assert "Providers with whom" in amina.get(url).content.decode()
