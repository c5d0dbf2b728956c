"""Actions for children in the console, besides those on guardians."""

import children.guardians.tasks
from children.guardians.models import ChildMechanism, ProviderCheck, SchoolAuthorisation, Verification
from children.guardians.services.checks import ASK, BEGIN
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import decision_reason, guardian_of
from tests.children.test_provider_checks import answer_by_file
from tests.console.pages import row_url, shows_effect_only
from tests.working import work


def kept(client):
    return Client.objects.get(pk=client.pk)


def test_in_the_console_staff_state_an_age_by_its_source_and_what_opens_waits(sign_in, cast, now):
    farah, danish = sign_in("farah"), cast.subject_id("danish")
    act = row_url("people/subject", danish, "state-age")
    assert "never a document or its number" in farah.get(act).content.decode().lower()
    assert (
        "This source requires this field."
        in farah.post(act, {"source": "provider", "reason": "review"}).content.decode()
    )
    stated = {"source": "birth_date", "day": "1990-01-01", "reason": "review"}
    assert shows_effect_only(farah.post(act, stated).content.decode())
    assert farah.post(act, {**stated, "ground": "The passport shows it."}).status_code == 302
    with in_client(cast.client_id("indus")):
        waiting = AgeChange.objects.get()
        assert (waiting.route, waiting.state) == ("console", "waiting")
        assert Subject.objects.get(pk=danish).of_age_at > now
    iqra = cast.subject_id("iqra")
    assert (
        farah.post(
            row_url("people/subject", iqra, "state-age"), {"source": "declared", "years": 12, "reason": "review"}
        ).status_code
        == 302
    )
    assert "Declared by the person" in farah.get(row_url("people/subject", iqra)).content.decode()


def test_in_the_console_an_officer_asks_and_an_administrator_of_the_client_approves(sign_in, cast):
    amina, client_id = sign_in("amina"), cast.client_id("indus")
    url = row_url("accounts/client", client_id)
    form = {
        "name": "Indus Schools",
        "country": "PK",
        "address": "",
        "time_zone": "Asia/Karachi",
        "age_threshold": "13",
        "country_thresholds": "DE 16\r\ngb 13",
        "reason": "law_change",
    }
    asked = amina.post(url, form).content.decode()
    assert "A guardian decides now for <strong>1</strong> children" in asked
    assert 'name="ground"' in asked
    assert shows_effect_only(asked)
    page = amina.post(url, {**form, "ground": "The school teaches adults now."}, follow=True).content.decode()
    assert "awaits approval by a second person" in page
    assert "DE 16\nGB 13" in page.replace("\r", "")
    wrong = amina.post(url, {**form, "country_thresholds": "Germany", "ground": "So."}).content.decode()
    assert "enter each country once" in wrong
    assert not shows_effect_only(wrong)
    with in_client(client_id):
        assert kept(cast.client("indus")).serves_minors
        waiting = ProposedChange.objects.get()
        assert waiting.values == {"serves_minors": False}
    farah = sign_in("farah")
    assert "Guardians decide for fewer people" in farah.get("/admin/").content.decode()
    approve = row_url("accounts/proposedchange", waiting.pk, "approve")
    shown = farah.get(approve).text
    assert "A guardian decides now for <strong>1</strong> children" in shown
    assert "<del><bdi>Yes</bdi></del> <ins><bdi>No</bdi></ins>" in shown
    assert "The school teaches adults now." in shown
    refused = sign_in("amina").post(approve, {"reason": "review"}).content.decode()
    assert "A second person must approve" in refused
    assert farah.post(approve, {"reason": "review"}).status_code == 302
    with in_client(client_id):
        assert not kept(cast.client("indus")).serves_minors


def test_a_client_declares_its_mechanisms_and_officers_see_them_beside_who_decides(sign_in, cast, now):
    farah = sign_in("farah")
    add = "/admin/guardians/childmechanism/add/"
    words = {"kind": "age", "description": "Birth certificate at enrolment.", "reference": "Handbook 4.2"}
    assert farah.post(add, {**words, "reason": "client_instruction"}).status_code == 302
    later = {**words, "description": "Registration form, checked twice.", "reason": "client_instruction"}
    assert farah.post(add, later).status_code == 302
    with in_client(cast.client_id("indus")):
        assert ChildMechanism.objects.count() == 2
        assert ChildMechanism.objects.get(ends_at=None).description == "Registration form, checked twice."
    amina = sign_in("amina")
    assert "Handbook 4.2" in amina.get("/admin/guardians/childmechanism/").content.decode()
    assert amina.get(add).status_code == 403
    page = amina.get(row_url("people/subject", cast.subject_id("danish"))).content.decode()
    assert "declared by the client" in page
    assert "Registration form, checked twice." in page


def test_a_schools_own_authorisation_is_shown_as_weaker_and_opens_nothing(sign_in, cast, now):
    farah, danish = sign_in("farah"), cast.subject_id("danish")
    told = {"contract_reference": "C-17", "official": "Head of Indus", "reason": "client_instruction"}
    assert farah.post(row_url("people/subject", danish, "school-authorises"), told).status_code == 302
    row = cast.get(SchoolAuthorisation)
    listed = farah.get("/admin/guardians/schoolauthorisation/").content.decode()
    assert "Weaker than a guardian" in listed
    assert "permits nothing on its own" in farah.get(row_url("people/subject", danish)).content.decode()
    assert "Head of Indus" not in farah.get(row_url("guardians/schoolauthorisation", row.pk)).content.decode()
    assert decision_reason(cast, "lms-danish", now) == "guardian_consent_required"
    end = row_url("guardians/schoolauthorisation", row.pk, "end")
    assert farah.post(end, {"reason": "client_instruction"}).status_code == 302
    assert cast.get(SchoolAuthorisation).ends_at is not None


def test_a_check_requested_on_the_page_of_a_guardian_verifies_them(sign_in, cast, now, settings, tmp_path):
    settings.CHECK_FOLDER, settings.CHECK_KEY = str(tmp_path), new_secret()
    settings.CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"}
    with in_client(cast.client_id("indus")):
        row = guardian_of(cast.subject("danish"), cast.subject("esra"), at=now)
    farah = sign_in("farah")
    start = row_url("guardians/guardianship", row.pk, "check")
    told = {"provider": "folder", "method": "payment_card", "reason": "client_instruction"}
    page = farah.post(start, told, follow=True).content.decode()
    assert "not the evidence that the provider saw" in farah.get("/admin/guardians/providercheck/").content.decode()
    assert "The check has been requested from the provider" in page
    work({BEGIN: children.guardians.tasks.begin})
    check = cast.get(ProviderCheck)
    answer_by_file(check, "passed", settings)
    ask = row_url("guardians/providercheck", check.pk, "ask")
    where = row_url("guardians/providercheck", check.pk, "where")
    assert "gave no address" in farah.post(where, {"reason": "client_instruction"}, follow=True).content.decode()
    assert sign_in("bilal").get(where).status_code == 403
    assert farah.post(ask, {"reason": "client_instruction"}).status_code == 302
    work({ASK: children.guardians.tasks.ask})
    with in_client(cast.client_id("indus")):
        found = Verification.objects.get()
        assert (found.method, found.provider, found.provider_check_id) == (
            "payment_card",
            "folder",
            check.provider_check_id,
        )
