"""The copy of a person's data: collected, built, complete, inert, and deleted."""

import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from procrastinate.jobs import Job

from consent.consents.models import ConsentEvent, ConsentState
from consent.consents.services.consent_basis import add_evidence_file
from consent.consents.services.recording import Answer, record_answers
from consent.register.assessing import answer_assessment, approve_assessment
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.risk import read_questionnaires
from consent.register.services import change_register
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, propose_waiver
from paktaleem.directory.files.models import FileChunk, PackageKey
from paktaleem.directory.files.services import FilePurged
from paktaleem.directory.people.copies.declarations import Reader, ValueKind
from paktaleem.directory.people.copies.sections import list_files
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from retention.data_map.models import MapLine
from retention.data_map.portal import list_portal_holdings
from retention.data_map.services import declare_line
from retention.holdings.models import Holding
from rights.packages.archive import _TYPES
from rights.packages.models import BuildFailure, PackageDownload
from rights.packages.services import (
    BUILD,
    CodeNeeded,
    PackageNotThere,
    continue_waiting_packages,
    end_due_packages,
    hand_over_package,
    record_failure,
    request_package,
)
from rights.packages.tasks import RETRY, build_one_package
from rights.requests.letters import compose_answer
from rights.requests.models import RequestStep
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import ContactTooNew, receive_request
from tests.consent.making import officer, shown
from tests.console.pages import row_url
from tests.factories import SETTING_UP, SubjectFactory
from tests.laws import law_abroad, move_abroad
from tests.retention.schedule.making import make_rule
from tests.rights.cases import AT, DAY, absent, decided, in_indus, part_of, present, received, refused_to
from tests.rights.packing import (
    DATA,
    PNG,
    answered,
    build,
    built,
    content_of,
    data_in,
    fetched,
    orders_of,
    package_of,
    unpacked,
)
from tests.rights.test_decisions import second_officer

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def answer(cast, request, at=AT):
    return answer_request(request, text=compose_answer(request), actor=cast.actor("farah"), at=at)


def steps_of(request):
    return list(RequestStep.objects.filter(request=request).order_by("pk").values_list("kind", flat=True))


def test_a_granted_access_is_collected_built_named_in_the_answer_and_fetched(cast, indus):
    request = decided(cast, received(cast, "access", "portability"))
    assert sorted(orders_of(request)) == ["billing", "lms"], "one order for each system, for four parts"
    assert package_of(request).state == "collecting"
    with pytest.raises(Refused, match="The copy of the data is not ready yet"):
        answer(cast, request)
    answered(cast, request, PNG)
    assert package_of(request).state == "building"
    with pytest.raises(Refused, match="The copy of the data is not ready yet"):
        answer(cast, request)
    assert build(request) is not None
    with pytest.raises(PackageNotThere):
        fetched(cast, request)
    answer(cast, request)
    package = package_of(request)
    assert (package.state, package.expires_at) == ("ready", AT + 14 * DAY)
    with pytest.raises(Refused, match="The copy has not been fetched yet"):
        close_request(request, actor=cast.actor("farah"), at=AT)
    assert fetched(cast, request) == content_of(package)
    assert steps_of(request)[-1] == "copy_fetched"
    [download] = PackageDownload.objects.filter(package=package)
    assert (download.way, download.actor_id) == ("own_page", cast.subject_id("hamza"))
    assert close_request(request, actor=cast.actor("farah"), at=AT).state == "closed"


def test_the_archive_has_pages_tables_json_with_its_schema_and_a_manifest_with_hashes(cast, indus):
    request = built(cast, "access", "portability", files=(PNG, b'{"log": ["\\u0627"]}'))
    package = package_of(request)
    files = unpacked(content_of(package))
    for folder in ("", "portable/"):
        jsonschema.validate(
            data_in(files, f"{folder}data.json"),
            json.loads(files[f"{folder}schema.json"]),
            format_checker=jsonschema.FormatChecker(),
        )
    manifest = json.loads(files["manifest.json"])
    assert hashlib.sha256(files["manifest.json"]).hexdigest() == package.manifest_hash
    listed = {one["path"]: one["sha256"] for one in manifest["files"]}
    assert listed == {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items() if path != "manifest.json"
    }
    [details] = data_in(files)["sections"]["details"]
    assert (details["full_name"], details["email"]) == ("Hamza Lodhi", "hamza.lodhi@students.example")
    rows = list(csv.DictReader(io.StringIO(files["tables/details.csv"].decode("utf-8-sig"))))
    assert [row["full_name"] for row in rows] == ["Hamza Lodhi"]
    given = {path: content for path, content in files.items() if path.startswith("systems/")}
    assert {path.rsplit("/", 1)[1] for path in given} == {
        "001-usage_logs.png",
        "002-usage_logs.json",
        "003-content.json",
    }
    assert json.loads(next(content for path, content in given.items() if path.endswith("content.json"))) == DATA


def test_the_page_is_in_both_languages_without_script_and_says_what_article_15_asks(cast, indus):
    request = built(cast)
    files = unpacked(content_of(package_of(request)))
    english, urdu = files["index.en.html"].decode(), files["index.ur.html"].decode()
    assert '<html lang="en" dir="ltr">' in english
    assert '<html lang="ur" dir="rtl">' in urdu
    assert [page.count('src: url("data:font/woff2;base64,d09GMg') for page in (english, urdu)] == [0, 1]
    assert '[lang="ur"] body { font-family:' in urdu, "the rule of the body would win otherwise"
    assert ("، نام اور رابطے کی معلومات" in urdu, ", Name and contact details" in english) == (True, True)
    for page in (english, urdu):
        assert "<script" not in page.lower()
        assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
        assert "Hamza Lodhi" in page
    labels = ("Rights request received", "Being carried out", "Rights received")
    assert (absent(english, *labels), present(urdu, *labels)) == ([], []), "labels of codes"
    assert absent(english, "Purposes", "Lawful basis", "Recipients", "How long data is kept") == []
    assert absent(english, "Automated decisions", "makes no decision about you") == []
    assert absent(english, "Supervisory authority", "Contract") == []
    assert "It holds none of these data about anyone" in english, "the reason of the system that gave nothing"
    about = data_in(files)["about"]["en"]
    assert {one["code"]: one["answer"] for one in about["systems"]} == {"billing": "Not applicable", "lms": "Done"}
    assert about["purposes"][0]["lawful_basis"]
    [portal, other] = [{one["code"]: one for one in data_in(files)["about"][code]["portal"]} for code in ("en", "ur")]
    assert portal.keys() == other.keys() == {one.line.kind.code for one in list_portal_holdings()}
    assert absent(english, "What this portal itself holds", *(one["name"] for one in portal.values())) == []
    assert portal["request_texts"]["period"] == "1,095 days"
    assert not other["request_texts"]["name"].isascii()


def test_a_copy_says_for_each_category_what_it_rests_on(cast, indus):
    lms = System.objects.get(client=indus, code="lms")
    about: dict[str, Any] = {"roles": ["student"], "purposes": [], "countries": ["PK"], "found_by": "lms_id"}
    line = MapLine(client=indus, system=lms, category="content", **about)
    declare_line(line, actor=SETTING_UP, reason=Reason.REVIEW, at=AT)
    held: dict[str, Any] = {"system": lms, "system_owner": indus.pk, "category": "usage_logs", "count": 1}
    times = {"first_collected_at": AT, "last_collected_at": AT}
    Holding.objects.create(client=indus, subject=cast.subject("hamza"), **held, **times)
    about = data_in(unpacked(content_of(package_of(built(cast)))))["about"]["en"]
    found = {(one["code"], line["category"]): line["words"] for one in about["systems"] for line in one["data"]}
    confirmed = f"Confirmed by the system on {AT:%Y-%m-%d}"
    assert found["lms", "usage_logs"] == f"Reported · {confirmed}"
    assert found["lms", "content"] == f"Declared · {confirmed}"
    assert found["lms", "contact_details"] == f"Registered · {confirmed}"
    assert found["billing", "billing"] == "Registered · Not confirmed"


def test_a_copy_says_how_profiling_works_in_the_language_of_its_page(cast, indus):
    words = dict.fromkeys(("name_en", "name_ur", "description_en", "description_ur"), "Hints")
    own: dict[str, Any] = {"client_id": indus.pk}
    by: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.REVIEW, "at": AT}
    purpose = change_register(Purpose(code="hints", automated="profiling", **words, **own), **by)
    names = [name for question in read_questionnaires()["automated"].questions for name in question.names]
    answers = {name: f"Answer {name}." for name in names}
    row = answer_assessment(purpose, "automated", answers=answers, review_on=(AT + 900 * DAY).date(), **by)
    approve_assessment(row, actor=officer(), at=AT)

    def said():
        about = data_in(unpacked(content_of(package_of(built(cast)))))["about"]
        return {language: " ".join(about[language]["automated_decisions"]) for language in ("en", "ur")}

    before = said()
    assert "Answer" not in before["en"], "no role of the person has a lawful basis for it"
    change_register(LawfulBasis(purpose=purpose, role="student", basis="consent", starts_at=AT, **own), **by)
    after = said()
    for language, text in after.items():
        assert [name for name in names if answers[name] in text] == [one for one in names if one.endswith(language)]


def test_the_copy_names_the_authority_where_the_person_lives(cast, indus, tmp_path):
    move_abroad(cast.subject("hamza"))
    with law_abroad(tmp_path):
        about = data_in(unpacked(content_of(package_of(built(cast)))))["about"]["en"]
    assert about["authority"] == {"name": "Office of a test", "url": "https://privacy.example"}


def test_the_copy_says_how_long_each_category_is_kept_for_the_persons_role(cast, indus):
    client_id = cast.client_id("indus")
    for role, period in (("student", "P1Y6M"), ("instructor", "P2Y7M")):
        make_rule(client_id, "support", "support_communications", role=role, period=period, at=AT - DAY)
    kept = data_in(unpacked(content_of(package_of(built(cast)))))["about"]["en"]["retention"]
    assert [one for one in kept if "1 year 6 months after “Last collection”; then: Delete." in one]
    assert not [one for one in kept if "2 years 7 months" in one], "of another role"
    assert [one for one in kept if "no period is set yet" in one], "a gap is not hidden"
    assert not [one for one in kept if "ask your institution" in one]


def test_signed_forms_of_own_answers_are_in_the_copy_and_those_of_others_are_not(cast, indus):
    form = b"%PDF-1.7 signed by Hamza"
    hamza = cast.subject("hamza")
    told = {"actor": cast.actor("farah"), "at": AT - DAY}
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    record_answers(hamza, answers=answers, shown=shown(hamza.client_id, AT - DAY), evidence="Folder B", **told)
    event = ConsentEvent.objects.get()
    add_evidence_file(event, io.BytesIO(form), **told)
    request = built(cast)
    files = unpacked(content_of(package_of(request)))
    assert files["files/001-newsletter.pdf"] == form
    assert "files/001-newsletter.pdf" in files["index.ur.html"].decode()
    reader = Reader(hamza, sealer_of(hamza), cast.subject_id("esra"))
    assert list(list_files(reader)) == [], "a guardian gets what the guardian signed"


def test_portability_has_only_what_the_person_provided_on_consent_or_contract(cast, indus):
    files = unpacked(content_of(package_of(built(cast, "portability"))))
    assert set(data_in(files)["sections"]) == {"details", "answers", "paper_answers"}
    assert not any(path.startswith("portable/") for path in files), "the whole copy is portable"
    assert data_in(files, "manifest.json")["about"]["rights"] == ["portability"]


def test_a_waived_system_is_listed_with_its_reason(cast, indus):
    request = decided(cast, received(cast))
    for order in orders_of(request).values():
        propose_waiver(order, ground="Shut down.", actor=cast.actor("amina"), reason=Reason.REVIEW, at=AT)
        approve_waiver(order, actor=second_officer(cast), at=AT)
    assert build(request) is not None
    about = data_in(unpacked(content_of(package_of(request))))["about"]["en"]
    assert {(one["answer"], one["reason"]) for one in about["systems"]} == {("Waived", "Periodic review")}


def test_the_copy_of_a_child_has_no_guardian_and_no_name_of_staff(cast, indus):
    request = built(cast, subject="danish")
    text = b"".join(unpacked(content_of(package_of(request))).values()).decode("utf-8", "replace").lower()
    esra, farah = cast.subject("esra"), cast.user("farah")
    assert present(text, "esra", str(esra.pk), "lms-esra", str(farah.pk), farah.email.lower(), "farah") == []
    assert "danish" in text
    [claim] = data_in(unpacked(content_of(package_of(request))))["sections"]["guardian_claims"]
    assert claim["part"] == "child"


def test_the_copy_of_a_guardian_does_not_name_the_child(cast, indus):
    request = built(cast, subject="esra")
    files = unpacked(content_of(package_of(request)))
    text = b"".join(files.values()).decode("utf-8", "replace").lower()
    assert present(text, "danish", str(cast.subject_id("danish")), "lms-danish") == []
    sections = data_in(files)["sections"]
    assert [claim["part"] for claim in sections["guardian_claims"]] == ["guardian"]
    assert sections["details"][0]["full_name"] == "Esra Qureshi"


def test_hostile_content_stays_inert(cast, indus):
    attack = "=HYPERLINK(1)<script>alert(1)</script>"
    person = SubjectFactory(client=cast.client("indus"), external_id="../../etc/passwd", full_name=attack)
    told: dict[str, Any] = {"channel": "api", "identity": "lms", "language": "en", "actor": SETTING_UP, "at": AT}
    request = decided(cast, receive_request(cast.client("indus"), kinds=["access"], subject=person, **told))
    answered(cast, request, b'[{"a": "</script><script>alert(2)</script>"}]')
    assert build(request) is not None
    files = unpacked(content_of(package_of(request)))
    assert all(".." not in path and not path.startswith("/") for path in files)
    assert b"<script" not in files["index.en.html"]
    cells = list(csv.reader(io.StringIO(files["tables/details.csv"].decode("utf-8-sig"))))[1]
    assert f"'{attack}" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_the_worker_deletes_an_expired_copy_with_the_systems_files_and_staff_build_a_new_one(cast, indus):
    request = answer(cast, built(cast))
    package, amina = package_of(request), cast.actor("amina")
    late = AT + 14 * DAY
    with pytest.raises(PackageNotThere):
        fetched(cast, request, at=late)
    assert end_due_packages(request.client_id, actor=SETTING_UP, at=late - MINUTE) == 0
    assert end_due_packages(request.client_id, actor=SETTING_UP, at=late) == 1
    package.refresh_from_db()
    assert (package.state, package.ended_at) == ("ended", late)
    with pytest.raises(FilePurged):
        content_of(package)
    assert [order.copies_purged_at for order in orders_of(request).values()] == [late, late]
    assert not PackageKey.objects.filter(pk__in=[package.pk, *(one.pk for one in orders_of(request).values())]).exists()
    first = {code: order.pk for code, order in orders_of(request).items()}
    request_package(request, left_out=[], actor=amina, at=late)
    assert all(order.pk != first[code] for code, order in orders_of(request).items()), "ordered anew"
    answered(cast, request, at=late)
    assert build(request, at=late) is not None
    assert package_of(request).expires_at == late + 14 * DAY
    assert fetched(cast, request, at=late)
    assert close_request(request, actor=cast.actor("farah"), at=late).state == "closed"


def test_a_copy_built_again_uses_what_systems_gave_and_the_earlier_one_is_deleted(cast, indus):
    request = answer(cast, built(cast))
    earlier, amina = package_of(request), cast.actor("amina")
    before = {code: order.pk for code, order in orders_of(request).items()}
    request_package(request, left_out=[], actor=amina, at=AT + DAY)
    assert {code: order.pk for code, order in orders_of(request).items()} == before
    assert package_of(request).state == "building"
    assert build(request, at=AT + DAY) is not None
    with pytest.raises(FilePurged):
        content_of(earlier)
    assert any(path.endswith("usage_logs.png") for path in unpacked(content_of(package_of(request))))


def test_erasing_the_person_destroys_the_copy(cast, indus):
    request = answer(cast, built(cast))
    package = package_of(request)
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    package.refresh_from_db()
    assert package.state == "ended"
    assert not PackageKey.objects.filter(pk=package.pk).exists()
    assert FileChunk.objects.filter(file=package.file).exists(), "only noise"


@pytest.mark.parametrize("age", [10 * MINUTE, DAY, -MINUTE])
def test_only_a_code_entered_in_the_last_ten_minutes_counts(cast, indus, age):
    request = answer(cast, built(cast))
    for code in (None, AT - age):
        with pytest.raises(CodeNeeded):
            fetched(cast, request, code=code)
    assert PackageDownload.objects.count() == 0
    assert fetched(cast, request, code=AT - 9 * MINUTE)


def test_a_contact_changed_in_the_last_three_days_gets_no_copy(cast, indus):
    request = answer(cast, built(cast))
    changed = {"email": "new.hamza@mail.example"}
    register_subject("lms-hamza", client=cast.client("indus"), details=changed, actor=SETTING_UP, at=AT)
    with pytest.raises(ContactTooNew):
        fetched(cast, request, at=AT + timedelta(hours=71))
    assert PackageDownload.objects.count() == 0
    assert fetched(cast, request, at=AT + timedelta(hours=72))


def test_staff_hand_over_only_where_there_is_no_contact_and_it_is_recorded(cast, indus):
    farah = cast.actor("farah")
    by_reason: dict[str, Any] = {"reason": Reason.SUBJECT_REQUEST, "at": AT}
    with pytest.raises(Refused, match="A contact is on file, so the copy is fetched "):
        hand_over_package(answer(cast, built(cast)), actor=farah, **by_reason)
    request = answer(cast, built(cast, subject="danish"))
    refused_to(cast, "bilal sana", hand_over_package, request, **by_reason)
    package, content = hand_over_package(request, actor=farah, **by_reason)
    assert b"".join(content) == content_of(package)
    assert PackageDownload.objects.get(package=package).way == "by_hand"
    assert AccessRecord.objects.filter(subject=request.subject, actor_id=farah.id).count() == 1
    assert close_request(request, actor=farah, at=AT).state == "closed"


def test_what_is_granted_in_part_waits_until_staff_choose_and_leaves_out_what_they_chose(cast, indus):
    partly = {"refusal_code": "third_party_rights", "reasons": "The notes name others."}
    request = decided(cast, received(cast), "partly", **partly)
    answered(cast, request, PNG)
    assert package_of(request).state == "choosing"
    assert build(request) is None
    farah = cast.actor("farah")
    with pytest.raises(ValidationError, match="nonsense"):
        request_package(request, left_out=["nonsense"], actor=farah, at=AT)
    request_package(request, left_out=["messages", "system:lms"], actor=farah, at=AT)
    assert build(request) is not None
    files = unpacked(content_of(package_of(request)))
    assert "messages" not in data_in(files)["sections"]
    assert not any(path.startswith("systems/") for path in files)
    about = data_in(files)["about"]["en"]
    assert about["left_out"] == ["messages", "system:lms"]
    assert "Left out: not granted" in {one["answer"] for one in about["systems"]}


def test_what_is_wholly_granted_cannot_be_left_out(cast, indus):
    request = built(cast)
    with pytest.raises(ValidationError, match="nothing may be left out"):
        request_package(request, left_out=["messages"], actor=cast.actor("farah"), at=AT)
    assert package_of(request).state == "ready"


def test_a_refusal_by_the_other_controller_is_noticed_by_the_worker(cast, indus):
    request = received(cast)
    decide_part(part_of(request), decision="granted", actor=cast.actor("farah"), at=AT)
    answered(cast, request)
    assert package_of(request).state == "collecting", "PakTaleem has not decided"
    refused = {"decision": "refused", "refusal_code": "excessive", "reasons": "Asked every day."}
    decide_part(part_of(request, "paktaleem"), **refused, actor=cast.actor("amina"), at=AT)
    assert continue_waiting_packages(request.client_id) == 1
    assert package_of(request).state == "choosing"


def test_without_a_granted_copy_there_is_no_package(cast, indus):
    request = decided(cast, received(cast), "refused", refusal_code="excessive", reasons="Asked every day.")
    with pytest.raises(Refused, match="Neither access nor portability is granted"):
        request_package(request, left_out=[], actor=cast.actor("amina"), at=AT)
    answer(cast, request)
    assert close_request(request, actor=cast.actor("farah"), at=AT).state == "closed"


def test_a_copy_that_is_too_large_is_reported_to_staff(cast, settings):
    with in_client(cast.client_id("indus")):
        request = decided(cast, received(cast))
        answered(cast, request, PNG)
    settings.PACKAGE_MOST_BYTES = 1_000
    build_one_package(str(request.client_id), str(in_indus(cast, lambda: package_of(request).pk)))
    package = in_indus(cast, lambda: package_of(request))
    assert (package.state, package.failure, package.file_id) == ("failed", "too_large", None)
    assert in_indus(cast, lambda: steps_of(request))[-1] == "copy_failed"


def test_a_build_that_fails_is_shown_to_staff_and_tried_again_until_the_fault_is_mended(cast, monkeypatch):
    request = collected(cast)
    key = in_indus(cast, lambda: package_of(request).pk)
    monkeypatch.setitem(_TYPES, ValueKind.TEXT, object())  # a defect: this is no JSON
    for _ in range(2):
        with pytest.raises(TypeError):
            build_one_package(str(request.client_id), str(key))
        package = in_indus(cast, lambda: package_of(request))
        assert (package.state, package.failure) == ("failed", "defect")
        assert in_indus(cast, lambda: steps_of(request))[-1] == "copy_failed"
    monkeypatch.undo()
    build_one_package(str(request.client_id), str(key))
    package = in_indus(cast, lambda: package_of(request))
    assert (package.state, package.failure) == ("ready", "")


def test_a_build_is_tried_five_times():
    job: dict[str, Any] = {"id": 1, "queue": "default", "lock": None, "queueing_lock": None, "task_name": BUILD}
    tried = [RETRY.get_retry_decision(exception=TypeError(), job=Job(attempts=times, **job)) for times in range(5)]
    assert [one is not None for one in tried] == [True] * 4 + [False]


def test_staff_see_on_the_first_page_and_on_the_request_that_a_copy_failed(cast, sign_in):
    request = collected(cast)
    with in_client(request.client_id):
        by = {"client_id": request.client_id, "actor": SETTING_UP, "at": AT}
        record_failure(package_of(request).pk, failure=BuildFailure.DEFECT, **by)
    for name in ("farah", "amina"):
        browser = sign_in(name)
        first = browser.get(reverse("admin:index", current_app="console")).content.decode()
        assert "Copy that could not be built" in first
        page = browser.get(row_url("requests/rightsrequest", request.pk)).content.decode()
        assert "It is tried again an hour after each attempt, five times." in page


def collected(cast):
    with in_client(cast.client_id("indus")):
        request = decided(cast, received(cast))
        answered(cast, request, PNG)
    return request
