"""The steps of the set-up of a client; test_walk_in_a_browser.py walks them all."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services import change_register
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import Colleague, invite_colleague
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.onboarding.selectors import find_client_facts, list_clients_in_set_up
from paktaleem.office.onboarding.services import STARTING_PURPOSES, add_starting_set
from paktaleem.office.onboarding.steps import list_open_steps
from tests.accounts.officers import second_officer_user
from tests.cast import Cast
from tests.children.guardians import approve_host
from tests.factories import BY, SETTING_UP, ClientFactory, make_agreement
from tests.signing_in import SignIn, browser_of

WHY = {"reason": "onboarding"}
DESCRIBED = {"description_en": "News.", "description_ur": "خبریں۔", "categories": ["contact_details"]}
SUPPORT = {"contact_details", "organisation", "usage_logs", "device", "support_communications"}


def make_client(code: str) -> UUID:
    client_id = new_id()
    with in_client(client_id):
        ClientFactory(id=client_id, code=code)
    return client_id


def open_steps(client_id: UUID) -> list[str]:
    with in_client(client_id):
        facts = find_client_facts(client_id, at=timezone.now())
    assert facts is not None
    return [step.code for step in list_open_steps(facts)]


def submit(browser: Browser, address: str, values: dict[str, Any]) -> str:
    answer = browser.post(address, values)
    assert answer.status_code == 302, answer.content.decode().partition('id="content-main"')[2][:3000]
    return answer["Location"]


def links(browser: Browser, page: str) -> dict[str, str]:
    found = re.findall(r'<a class="button" href="([^"]+)">([^<]+)</a>', browser.get(page).content.decode())
    return {label: address.replace("&amp;", "&") for address, label in found}


def test_an_administrator_is_invited_and_approved_on_the_path_and_makers_are_warned_to_sign(
    sign_in: SignIn, cast: Cast
) -> None:
    client_id = make_client("mehran")
    page = f"/admin/accounts/client/{client_id}/set-up/"
    amina, gul = sign_in("amina"), browser_of(second_officer_user())
    submit(amina, links(amina, page)["Add the draft"], {"client": str(client_id), "reference": "MSA-7", **WHY})
    assert submit(amina, links(amina, page)["Use the starting set"], starting_set()) == page
    with in_client(client_id):
        draft = ServiceAgreement.objects.get(client_id=client_id)
    invite = links(amina, page)["Invite an administrator"]
    given = {"email": "owner@mehran.example", "full_name": "Tariq Soomro", "language": "ur", "role": "client_admin"}
    given["ground"] = "The head of the school named him."
    assert submit(amina, invite, {**given, "client": str(client_id), **WHY}) == page
    assert "Approve the role" not in links(amina, page)
    assert "you proposed or approved the administrator’s role" in amina.get(page).content.decode()
    assert {"Approve the role", "Read and sign"} <= set(links(gul, page))
    assert submit(gul, links(gul, page)["Approve the role"], WHY) == page
    for officer in (amina, gul):
        assert "you proposed or approved the administrator’s role" in officer.get(page).content.decode()
        assert "Read and sign" not in links(officer, page)
        assert "Add the paper that the client signed" in links(officer, page)
    with in_global():
        owner = browser_of(User.objects.get(email="owner@mehran.example"))
    submit(gul, f"/admin/consent/serviceagreement/{draft.pk}/sign/", {**WHY, "ground": "Agreed."})
    assert "The officer who has signed gave you your role" in owner.get(page).content.decode()
    refused = owner.post(f"/admin/consent/serviceagreement/{draft.pk}/sign/", WHY).content.decode()
    assert "Decline to sign, so that another officer can sign first" in refused


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_the_act_that_invites_has_one_name_where_it_begins_and_where_it_is_done(
    sign_in: SignIn, cast: Cast, name: str
) -> None:
    browser, words = sign_in(name), {"amina": "Invite an administrator", "farah": "Invite a colleague"}[name]
    if name == "amina":
        link = links(browser, f"/admin/accounts/client/{make_client('mehran')}/set-up/")[words]
    else:
        found = browser.get("/admin/accounts/membership/").content.decode()
        [link] = re.findall(rf'href="([^"]+)" class="addlink">{words}<', found)
    page = browser.get(link.replace("&amp;", "&")).content.decode()
    assert re.findall(r"<h1>(.*?)</h1>", page) == [words]
    assert f"<title>{words} | PakTaleem privacy</title>" in page
    assert re.findall(r'<input type="submit" value="([^"]+)" class="default" name="_save">', page) == [words]
    assert "Add membership" not in page
    if name == "amina":
        page = browser.get("/admin/accounts/membership/add/").content.decode()
        assert re.findall(r"<h1>(.*?)</h1>", page) == ["Add membership"]


def starting_set(*own: str) -> dict[str, Any]:
    instructed = ["account_management", "service_delivery", "support", "service_communications"]
    return {"instructed": instructed, "own": list(own), "document": "Annex 1", **WHY}


def test_each_side_sees_the_same_steps_and_only_its_own_acts(sign_in: SignIn, cast: Cast) -> None:
    page = f"/admin/accounts/client/{cast.client_id('indus')}/set-up/"
    seen = {name: sign_in(name).get(page).content.decode() for name in ("amina", "farah", "bilal")}
    titles = [re.findall(r"<h2>(.+?) <span", text) for text in seen.values()]
    assert titles[0] == titles[1] == titles[2]
    assert len(titles[0]) == 13
    offered = {name: set(re.findall(r'class="button" href="[^"]+">([^<]+)<', text)) for name, text in seen.items()}
    assert "Invite an administrator" not in offered["farah"]
    assert "Declare how ages are verified" in offered["farah"] - offered["amina"]
    assert "Complete the client’s facts" in offered["amina"] - offered["farah"]
    assert offered["bilal"] == {"Show what has no period"}
    assert 'Next: <a href="#contacts">' in seen["farah"]
    assert 'Next: <a href="#facts">' in seen["amina"]
    assert sign_in("celia").get(page).status_code == 404
    assert sign_in("amina").get(f"/admin/accounts/client/{cast.client_id('paktaleem')}/set-up/").status_code == 404


def test_a_step_is_open_again_when_its_fact_ends(sign_in: SignIn, cast: Cast) -> None:
    client_id = cast.client_id("indus")
    assert not {"purposes", "notices"} & set(open_steps(client_id))
    with in_client(client_id):
        purpose = Purpose(client_id=client_id, code="alumni", name_en="Alumni", name_ur="سابق طلبہ", **DESCRIBED)
        change_register(purpose, **{**BY, "at": timezone.now()})
    assert "purposes" in open_steps(client_id)
    with in_client(client_id):
        at = timezone.now()
        basis = LawfulBasis(client_id=client_id, purpose=purpose, role="student", basis="consent", starts_at=at)
        change_register(basis, **{**BY, "at": at})
    after = open_steps(client_id)
    assert {"purposes", "notices", "retention"} <= set(after)
    page = f"/admin/accounts/client/{client_id}/set-up/"
    assert "Add the missing instruction" in links(sign_in("farah"), page)
    assert "Add the missing instruction" not in links(sign_in("amina"), page)  # both sides have signed the agreement
    with in_client(client_id):
        agreement, at = ServiceAgreement.objects.get(client_id=client_id), timezone.now()
        terms = {"document": "Annex 2", "purposes": ["alumni"], "categories": ["contact_details"], "recipients": []}
        instruction = Instruction(client_id=client_id, agreement=agreement, starts_at=at, **terms)
        change_register(instruction, **{**BY, "at": at})
    after = open_steps(client_id)
    assert "purposes" not in after
    assert {"notices", "retention"} <= set(after)


def test_the_list_of_clients_takes_two_queries_however_many_there_are(cast: Cast) -> None:
    at = timezone.now()

    def count() -> tuple[int, int]:
        with as_officer():
            Client.objects.exists()  # the queries that open the context are not counted
            with CaptureQueriesContext(connection) as sent:
                found = list_clients_in_set_up(at=at)
        return len(found), len(sent)

    clients, queries = count()
    for number in range(3):
        make_client(f"another_{number}")
    assert count() == (clients + 3, 2)
    assert queries == 2


def test_the_starting_set_is_refused_without_an_agreement_and_adds_nothing_twice(cast: Cast) -> None:
    client_id = make_client("chenab")
    amina, now = cast.actor("amina"), timezone.now()
    common: dict[str, Any] = {"instructed": ["support"], "own": ["photographs"], "document": "Annex", "actor": amina}
    with in_client(client_id):
        client = Client.objects.get(pk=client_id)
        with pytest.raises(Refused):
            add_starting_set(client, **common, at=now)
        assert not Purpose.objects.filter(client_id=client_id).exists()
        make_agreement(client, ["support"], ["contact_details"], at=now)
        first = add_starting_set(client, **{**common, "actor": SETTING_UP}, at=timezone.now())
        add_starting_set(client, **{**common, "actor": SETTING_UP}, at=timezone.now())
        assert Purpose.objects.get(client_id=client_id).code == "photographs"
    assert first.purposes == ["support", "photographs"]
    assert set(first.categories) == {*STARTING_PURPOSES["photographs"].categories, *SUPPORT}
    assert not {"purposes", "notices", "retention"} & set(open_steps(client_id))


def test_an_officer_adds_no_starting_set_to_an_agreement_that_both_sides_signed(sign_in: SignIn, cast: Cast) -> None:
    address = f"/admin/accounts/client/{cast.client_id('indus')}/starting-set/"
    refused = sign_in("amina").post(address, starting_set()).content.decode()
    assert "only an administrator of the client adds to its instructions" in refused
    assert sign_in("farah").post(address, starting_set()).status_code == 302


def test_who_approves_a_role_reads_whose_it_is_and_where(cast: Cast, now: Any) -> None:
    gul = second_officer_user()
    colleague, indus = Colleague("tariq@indus.example", "Tariq Soomro"), cast.client_id("indus")
    with in_client(indus):
        stamp: dict[str, Any] = {"actor": cast.actor("amina"), "reason": "onboarding", "at": now}
        invite_colleague(colleague, client_id=indus, role="client_admin", ground="They asked me.", **stamp)
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
