"""Table of permissions: every model with the roles that may view, add and change it.

Lists, forms, rows and acts are tried by this table in tests/project/test_permission_matrix.py.
"""

from typing import Any

import pytest
from django.utils import timezone

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.changes import ProposedChange, find_waiting
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.staff_services import end_membership
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, lift_hold, place_hold
from tests.console.pages import MODELS, admin_of, list_url, row_url, spread
from tests.retention.schedule.making import DAY, lift_hold_by_two

# view · add · change, by role: O privacy officer, A auditor, S support agent, C client administrator
TABLE = spread(
    {
        ("OASC", "O", "O"): "accounts/client",
        ("OA", "O", "O"): "accounts/user",
        ("OAC", "", ""): """
            consent/assessment
            accounts/staffchange staff/accessreview staff/signonlink people/guardianclaim people/agechange
            people/personmerge guardians/verification guardians/providercheck guardians/schoolauthorisation
            guardians/quarantine guardians/serviceauthorisation guardians/guardianchange guardians/guardianconflict
            people/accessrecord accounts/proposedchange consent/noticeversion consent/noticedispatch
            agreements/dutyattestation exits/agreementexit consent/consent consent/consentevent consent/restriction
            consent/objection cookies/cookiechoice paper/paperanswer ageing/comingofage ageing/agenotice
            inventories/inventory inventories/inventoryline reports/usefinding
            data_systems/order data_systems/orderalert data_systems/orderset sharing/disclosure
            sharing/legaldisclosure holdings/collection holdings/flaggedcollection holdings/holding holdings/incident
            desk/authoritycase disposals/batch schools/school schools/schoolclass schools/term
            erasures/erasureproposal webhooks/delivery audit/entry
        """,
        ("OAC", "OC", ""): """
            staff/provider accounts/apikey schools/rosterimport agreements/clientcontact reports/regulatorpack
            paper/formrun invitations/invitation data_systems/systemkey schedule/hold
        """,
        ("OA", "", ""): "security/securityevent",
        ("OAC", "OC", "OC"): """
            accounts/membership consent/datacategory consent/occasion consent/purpose consent/lawfulbasis
            consent/balancingtest consent/notice consent/noticedraft consent/recipient consent/instruction
            cookies/cookie cookies/cookiesite cookies/linkedservice data_systems/system
            data_map/mapline consent/decisionlogsetting
            schedule/retentionrule webhooks/endpoint
        """,
        ("OASC", "OC", ""): "people/subject",
        ("OASC", "", ""): "guardians/guardianship mail/letter requests/rightsrequest mailbox/mailmessage",
        ("OAC", "C", ""): "guardians/childmechanism",
        ("OAC", "O", ""): "people/readmission consent/agreementsuspension breaches/breach",
        ("OAC", "O", "O"): """
            consent/listedlaw consent/purposecapacity consent/recipientapproval consent/serviceagreement
        """,
        ("OC", "", ""): "consent/consentevidence desk/requesttask",
        ("OA", "O", ""): "sharing/businesstransfer security/securityassessment upkeep/portalperiod",
    }
)
STAFF = {"amina": "O", "bilal": "A", "sana": "S", "farah": "C", "celia": "C"}


def test_every_model_of_the_console_is_in_the_table():
    assert sorted(TABLE) == MODELS


@pytest.mark.parametrize("name", ["amina", "bilal", "sana", "farah"])
def test_only_who_may_change_a_row_gets_its_form_through(name, sign_in, cast):
    browser = sign_in(name)
    for model, (_, _, change) in TABLE.items():
        with in_client(cast.client_id("indus")):
            owned = admin_of(model).model._default_manager.all()
            if any(field.name == "client" for field in owned.model._meta.fields):
                owned = owned.filter(client_id=cast.client_id("indus"))
            row_id = owned.values_list("pk", flat=True).first()
        if row_id is None:
            continue
        status = browser.post(row_url(model, row_id)).status_code
        assert status == (200 if STAFF[name] in change else 403), (model, status)


def test_no_row_can_be_deleted(sign_in, cast):
    browser = sign_in("amina")
    assert browser.post(row_url("people/subject", cast.subject_id("danish"), "delete")).status_code == 404
    assert browser.post(list_url("people/subject"), {"action": "delete_selected"}).status_code in {200, 302, 403}
    assert browser.get(row_url("people/subject", cast.subject_id("danish"))).status_code == 200


def test_a_client_administrator_only_reads_shared_rows(sign_in, cast):
    purpose = admin_of("consent/purpose").model
    shared = cast.get(purpose, code="support")
    browser = sign_in("farah")
    assert browser.get(row_url("consent/purpose", shared.pk)).status_code == 200
    assert browser.post(row_url("consent/purpose", shared.pk), {"name_en": "Mine"}).status_code == 403


def test_an_unknown_filter_is_refused(sign_in):
    browser = sign_in("amina")
    assert browser.get("/admin/accounts/user/?password__startswith=argon2").status_code == 400
    assert browser.get("/admin/accounts/apikey/?client__code__startswith=i").status_code == 400
    assert browser.get("/admin/accounts/user/?is_active__exact=1").status_code == 200


def test_the_console_speaks_one_language(sign_in):
    browser = sign_in("amina")
    for url in ("/admin/", "/admin/people/subject/"):
        page = browser.get(url, headers={"accept-language": "ur"})
        assert '<html lang="en" dir="ltr">' in page.content.decode()


def test_who_holds_no_role_can_still_sign_out(sign_in, cast):
    with in_client(PAKTALEEM):
        membership = Membership.objects.get(user_id=cast.user_id("bilal"))
        end_membership(membership, actor=cast.actor("amina"), reason=Reason.REVIEW, at=timezone.now())
    browser = sign_in("bilal")
    assert "Sign out" in browser.get("/admin/", follow=True).content.decode()
    browser.post("/admin/logout/")
    assert "_auth_user_id" not in browser.session


def test_signing_out_takes_a_post(sign_in):
    browser = sign_in("amina")
    assert browser.get("/admin/logout/").status_code == 405
    browser.post("/admin/logout/")
    assert browser.get("/admin/").status_code == 302


def test_a_support_agent_reads_the_public_pages_and_neither_consents_nor_messages_to_staff(sign_in, cast):
    at, amina = timezone.now(), cast.user("amina")
    by: dict[str, Any] = {
        "actor_kind": "system",
        "actor_id": PAKTALEEM,
        "queued_at": at,
        "due_at": at,
        "language": "en",
        "channel": "mail",
    }
    with in_client(PAKTALEEM):
        Letter(client_id=PAKTALEEM, user=amina, kind="security_alert", **by).save(force_insert=True)
    browser = sign_in("sana")
    client = browser.get(row_url("accounts/client", cast.client_id("indus"))).content.decode()
    assert all(f'href="/{page}/indus/"' in client for page in ("privacy", "cookies", "requests", "concern"))
    person = browser.get(row_url("people/subject", cast.subject_id("danish"))).content.decode()
    assert "Who decides" in person
    assert "Latest answer" not in person
    assert "Consents" not in person
    assert browser.get(list_url("mail/letter")).context["cl"].result_count == 0
    assert sign_in("amina").get(list_url("mail/letter")).context["cl"].result_count == 1


CHANGED = "has changed in the meantime"


def placed(cast, by):
    at = timezone.now()
    about: dict[str, Any] = {"kind": HoldKind.LEGAL, "ground": "Case 12.", "review_on": (at + 30 * DAY).date()}
    with in_client(cast.client_id("indus")):
        scope = HoldScope(subject=cast.subject("hamza"))
        return place_hold(cast.client("indus"), scope=scope, actor=cast.actor(by), at=at, **about)


def test_an_act_that_never_applied_is_not_said_to_have_changed(cast, sign_in):
    hold = placed(cast, "farah")
    with in_client(cast.client_id("indus")):
        lift_hold_by_two(hold, by=cast.actor("farah"), second=cast.actor("amina"), at=timezone.now())
        url = row_url("accounts/proposedchange", ProposedChange.objects.get().pk, "decline")
    browser = sign_in("farah")
    opened = browser.get(url, follow=True)
    assert "“Decline change” is not possible: it does not apply to this row as it is now." in opened.text
    assert CHANGED not in opened.text
    assert CHANGED in browser.post(url, {"reason": "review"}, follow=True).text


def test_the_form_of_an_approval_opens_only_for_another_person(cast, sign_in):
    hold = placed(cast, "farah")
    with in_client(cast.client_id("indus")):
        lift_hold(hold, ground="Settled.", actor=cast.actor("farah"), at=timezone.now())
        url = row_url("accounts/proposedchange", find_waiting(hold).get().pk, "approve")
    opened = sign_in("farah").get(url, follow=True)
    assert [one[1] for one in opened.redirect_chain] == [302]
    assert "“Approve change” is not possible for you: another person, or the other side, must do it." in opened.text
