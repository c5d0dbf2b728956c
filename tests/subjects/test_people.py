# ruff: noqa: E501, PT012 -- SQL and tables read better in one line; what comes before the refusal belongs to it
"""Registering, finding and revealing people, their sealed fields and telephone numbers."""

import threading
from dataclasses import fields as fields_of
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import given, strategies as st

from paktaleem.directory.people.admin.people import LABELS
from paktaleem.directory.people.api import GuardianInput, SubjectInput
from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.fields import PERSONAL, PERSONAL_FIELDS
from paktaleem.directory.people.models import AccessRecord, AgeChange, GuardianClaim, Subject, SubjectKey
from paktaleem.directory.people.selectors import SubjectUnknown, get_subject, list_subjects, sealer_of, search_subjects
from paktaleem.directory.people.services.erasure import ErasureInProgress, erase_subject, start_erasure
from paktaleem.directory.people.services.people import claim_guardian, open_details, register_subject, reveal_fields
from paktaleem.directory.schools.rosters.spreadsheet.person import COLUMNS
from paktaleem.foundation.accounts.actors import NotAllowed, key_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, SealedField
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.text.normal_forms import bare_number, normal_number
from tests.cast import refused_to
from tests.console.pages import list_url

ZOE = {
    "role": "student",
    "full_name": "Zoë  Quaintrelle ",
    "email": "zoe@canary.example",
    "phone": "+92 (333) 111-22.23",
    "birth_date": date(2016, 2, 29),
}


def register(cast, client, now, external_id="stu-zoe", *, actor="farah", **details):
    actor = cast.actor(actor) if isinstance(actor, str) else actor
    return register_subject(external_id, client=client, details=details, actor=actor, at=now)


def opened(subject):
    sealer = sealer_of(subject)
    return {
        field: sealer.open(value, column=f"people_subject.{field}") if (value := getattr(subject, field)) else None
        for field in PERSONAL
    }


def traces(subject):
    return subject.history.count(), Entry.objects.filter(subject_id=subject.id).count()


SEALED = {
    "full_name": "Zoë Quaintrelle",
    "email": "zoe@canary.example",
    "phone": "+923331112223",
    "birth_date": "2016-02-29",
    **dict.fromkeys(("attested_age", "declared_age", "age_check")),
}


def test_a_person_is_registered_encrypted_and_history_and_ledger_show_by_whom(cast, indus, now):
    zoe, is_new = register(cast, indus, now, **ZOE)
    kept = Subject.objects.get(id=zoe.id)
    assert is_new
    assert opened(kept) == SEALED
    assert (kept.external_id, kept.registered_at, kept.changed_at, kept.erased_at) == ("stu-zoe", now, now, None)
    assert kept.of_age_at == datetime(2029, 2, 28, 19, 0, tzinfo=UTC)
    [version] = zoe.history.all()
    by = (version.actor_id, version.history_change_reason, version.history_date)
    assert by == (cast.user_id("farah"), "lms_update", now)
    assert isinstance(version.full_name, Sealed)
    assert version.full_name == kept.full_name
    [entry] = Entry.objects.filter(subject_id=zoe.id)
    assert (entry.kind, entry.actor_id, entry.recorded_at) == ("subject.registered", cast.user_id("farah"), now)
    refused_to("bilal sana celia", lambda name: register(cast, indus, now, actor=name, **ZOE))


def test_given_fields_change_and_others_stay(cast, indus, now):
    zoe, _ = register(cast, indus, now, **ZOE)
    same, is_new = register(cast, indus, now, phone="+923339998887")
    assert (same.id, is_new) == (zoe.id, False)
    assert opened(Subject.objects.get(id=zoe.id)) == {**SEALED, "phone": "+923339998887"}
    assert traces(zoe) == (2, 2)


@pytest.mark.parametrize(
    "again", [{}, {"role": "student"}, ZOE, {"full_name": " Zoë Quaintrelle"}, {"phone": "0333 1112223"}]
)
def test_the_same_details_again_record_nothing(cast, indus, now, again):
    zoe, _ = register(cast, indus, now, **ZOE)
    before = Subject.objects.filter(id=zoe.id).values().get()
    register(cast, indus, now, **again)
    assert (Subject.objects.filter(id=zoe.id).values().get(), traces(zoe)) == (before, (1, 1))


@pytest.mark.parametrize("field", ["full_name", "email", "phone"])
def test_a_field_can_be_cleared(cast, indus, now, field):
    zoe, _ = register(cast, indus, now, **ZOE)
    register(cast, indus, now, **{field: None})
    assert getattr(Subject.objects.get(id=zoe.id), field) is None


@pytest.mark.parametrize(("born", "stays"), [(date(2016, 2, 29), True), (date(1990, 1, 1), False)])
def test_a_birth_date_is_cleared_at_once_unless_it_makes_the_person_a_child(cast, indus, now, born, stays):
    zoe, _ = register(cast, indus, now, **{**ZOE, "birth_date": born})
    register(cast, indus, now, birth_date=None)
    assert (Subject.objects.get(id=zoe.id).birth_date is not None) == stays
    assert AgeChange.objects.filter(subject=zoe, state="waiting").exists() == stays


WRONG = {
    "no role": ({"role": ""}, "role"),
    "an unknown role": ({"role": "root"}, "role"),
    "no address": ({"email": "zoe"}, "email"),
    "two addresses": ({"email": "zoe@a.example, b@c.example"}, "email"),
    "a phone of letters": ({"phone": "call me"}, "phone"),
    "a short phone": ({"phone": "123"}, "phone"),
    "Arabic digits": ({"phone": "٠٣٠٠١٢٣٤٥٦٧"}, "phone"),
    "a name too long": ({"full_name": "x" * 301}, "full_name"),
    "a name with a control": ({"full_name": "Zoë\x00"}, "full_name"),
    "a name with a line separator": ({"full_name": "a\u2028b\x07"}, "full_name"),
    "an unborn": ({"birth_date": date(2026, 10, 2)}, "birth_date"),
    "too old": ({"birth_date": date(1899, 12, 31)}, "birth_date"),
    "a negative age": ({"attested_age": -1}, "attested_age"),
    "an age too high": ({"attested_age": 121}, "attested_age"),
    "an unknown language": ({"language": "xx"}, "language"),
    "several": ({"role": "x", "email": "x", "phone": "x"}, "role", "email", "phone"),
    **{
        f"the id {text!r}": ({"external_id": text}, "external_id")
        for text in ("", " ", "zoe@canary.example", "x" * 256, "a\x00b", "a\nb", "\ud800")
    },
}


@pytest.mark.parametrize(("wrong", "fields"), [(wrong, fields) for wrong, *fields in WRONG.values()], ids=WRONG)
def test_an_invalid_detail_names_its_field(cast, indus, now, wrong, fields):
    with pytest.raises(ValidationError) as caught:
        register(cast, indus, now, **{**ZOE, **wrong})
    assert set(caught.value.message_dict) == {*fields}
    assert not Subject.objects.filter(external_id="stu-zoe").exists()


def test_a_birth_date_is_checked_in_the_clients_time_zone(cast, indus):
    late = datetime(2026, 10, 1, 20, 0, tzinfo=UTC)  # in Karachi it is 2 October
    assert register(cast, indus, late, role="student", birth_date=date(2026, 10, 2))[1]


def test_a_key_without_the_scope_may_not_register(cast, indus, now):
    reader = key_actor(cast.key_id("indus"), indus.id, ["subjects:read"])
    with pytest.raises(NotAllowed):
        register(cast, indus, now, actor=reader, **ZOE)
    assert register(cast, indus, now, actor=cast.key_actor("indus"), **ZOE)[1]


def test_another_client_does_not_find_the_person_and_may_have_the_same_id(cast, now):
    with in_client(cast.client_id("indus")):
        zoe, _ = register(cast, cast.client("indus"), now, **ZOE)
    celia = cast.actor("celia")
    with in_client(cast.client_id("khyber")):
        with pytest.raises(SubjectUnknown):
            get_subject("stu-zoe", actor=celia)
        assert not list_subjects(celia).filter(id=zoe.id).exists()
        assert not SubjectKey.objects.filter(subject_id=zoe.id).exists()
        assert not search_subjects(list_subjects(celia), "zoe@canary.example").exists()
        other, _ = register(cast, cast.client("khyber"), now, actor="celia", **ZOE)
    assert zoe.id != other.id
    assert zoe.email_index != other.email_index


@pytest.mark.parametrize(
    "text", ["stu-zoe", "ZOE@canary.example", "(+92) 333.111.2223", "۰۳۳۳۱۱۱۲۲۲۳", "zoë quaintrelle"]
)
def test_a_person_is_found_by_exact_values(cast, indus, now, text):
    zoe, _ = register(cast, indus, now, **ZOE)
    assert list(search_subjects(list_subjects(cast.actor("farah")), text)) == [zoe]


@pytest.mark.parametrize("text", ["", "zoe", "Zoë", "zoe@", "%", "stu-", "1112223", "+9233311122"])
def test_a_person_is_not_found_by_part_of_a_value(cast, indus, now, text):
    register(cast, indus, now, **ZOE)
    assert not search_subjects(list_subjects(cast.actor("farah")), text).filter(external_id="stu-zoe").exists()


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE people_subject SET external_id = 'a@b' WHERE external_id = 'lms-danish'",
        "UPDATE people_subject SET external_id = '' WHERE external_id = 'lms-danish'",
        "UPDATE people_subject SET external_id = 'lms-hamza' WHERE external_id = 'lms-danish'",
        "UPDATE people_subject SET erased_at = now() WHERE external_id = 'lms-danish'",
        "UPDATE people_subject SET tombstone = '\\x01' WHERE external_id = 'lms-danish'",
        "UPDATE people_guardianclaim SET guardian_id = child_id",
        "INSERT INTO people_subjectkey (id, epoch, wrapped, client_id, subject_id) SELECT gen_random_uuid(), epoch, wrapped, client_id, subject_id FROM people_subjectkey",
    ],
)
def test_the_database_refuses_an_inconsistent_row(indus, broken):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(broken)


def reveal(cast, subject, now, actor="amina", **values):
    return reveal_fields(
        subject, actor=cast.actor(actor), at=now, **{"reason": Reason.SUPPORT_CASE, "fields": PERSONAL, **values}
    )


def test_revealing_returns_the_fields_and_records_the_access(cast, indus, now):
    refused_to("bilal sana celia", lambda name: reveal(cast, cast.subject("esra"), now, name))
    shown = reveal(cast, cast.subject("esra"), now, fields=["email", "full_name"])
    assert shown == {"full_name": "Esra Qureshi", "email": "esra.qureshi@mail.example"}
    record = AccessRecord.objects.get(looked_at=now)
    assert (record.subject_id, record.actor_id) == (cast.subject_id("esra"), cast.user_id("amina"))
    said = ("privacy_officer", "support_case", "full_name, email")
    assert (record.actor_role, record.reason, record.fields) == said


def test_nothing_is_revealed_if_the_access_cannot_be_recorded(cast, indus, now, monkeypatch):
    monkeypatch.setattr(AccessRecord, "save", lambda *_, **__: (_ for _ in ()).throw(IntegrityError("no")))
    with pytest.raises(IntegrityError):
        reveal(cast, cast.subject("esra"), now)


def test_a_reason_for_access_must_be_a_code(cast, indus, now):
    with pytest.raises(ValueError, match="curious"), transaction.atomic():
        reveal(cast, cast.subject("esra"), now, reason="curious")


def test_the_officers_view_cannot_decrypt(cast, now):
    with as_officer():
        esra = cast.subject("esra")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            reveal(cast, esra, now)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sealer_of(esra)


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE people_subject SET full_name = (SELECT full_name FROM people_subject WHERE external_id = 'lms-hamza')",
        "UPDATE people_subject SET phone = email",
        "UPDATE people_subjectkey SET wrapped = (SELECT wrapped FROM people_subjectkey k JOIN people_subject s ON s.id = k.subject_id WHERE external_id = 'lms-hamza')",
    ],
)
def test_a_ciphertext_moved_to_another_person_or_column_cannot_be_decrypted(cast, indus, moved):
    key = "subject_id" if "key" in moved else "id"
    with connection.cursor() as cursor:
        cursor.execute(f"{moved} WHERE {key} = %s", [cast.subject_id("esra")])
        assert cursor.rowcount == 1
    with pytest.raises(CannotOpen):
        opened(cast.subject("esra"))
    assert opened(cast.subject("hamza"))["full_name"] == "Hamza Lodhi"


def test_a_claim_is_recorded_once(cast, indus, now):
    danish, hamza, esra = (cast.subject(name) for name in ("danish", "hamza", "esra"))
    farah = cast.actor("farah")
    before = traces(danish)
    claim_guardian(danish, guardian=esra, relationship="parent", actor=farah, at=now)
    assert traces(danish) == before
    made = claim_guardian(hamza, guardian=esra, relationship="guardian", actor=farah, at=now)
    assert (made.child_id, made.guardian_id, made.starts_at) == (hamza.id, esra.id, now)
    assert made.history.get().actor_id == farah.id


def test_a_person_being_erased_cannot_be_claimed(cast, indus, now):
    danish, hamza, farah = cast.subject("danish"), cast.subject("hamza"), cast.actor("farah")
    start_erasure(cast.subject("danish"), actor=cast.actor("amina"), reason="subject_request", at=now)
    for child, guardian in ((danish, hamza), (hamza, danish)):
        with pytest.raises(ErasureInProgress):
            claim_guardian(child, guardian=guardian, relationship="parent", actor=farah, at=now)


CLAIMS = [
    ("danish", "danish", "parent"),
    *(("hamza", "esra", relationship) for relationship in ("", "friend", "owner")),
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_one_is_their_own_guardian_and_an_unknown_relationship_is_refused(cast, indus, now, claim):
    child, guardian, relationship = claim
    by = {"actor": cast.actor("farah"), "at": now}
    with pytest.raises(ValidationError):
        claim_guardian(cast.subject(child), guardian=cast.subject(guardian), relationship=relationship, **by)


def test_a_guardian_of_another_client_is_refused(cast, now):
    with in_client(cast.client_id("khyber")):
        kiran = cast.subject("kiran")
    with in_client(cast.client_id("indus")), pytest.raises(ValidationError):
        claim_guardian(cast.subject("hamza"), guardian=kiran, relationship="parent", actor=cast.actor("farah"), at=now)
        raise AssertionError(GuardianClaim.objects.count())


def test_concurrent_registrations_make_one_person(committed, now):
    made, faults = [], []

    def run(number):
        try:
            with in_client(committed.client_id("indus")):
                client = committed.client("indus")
                made.append(register(committed, client, now, "stu-zoe", role="student", phone=f"+92300000{number:04}"))
        except Exception as error:  # noqa: BLE001 -- a thread's fault is the test's
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (faults, len({subject.id for subject, _ in made})) == ([], 1)
    assert sum(is_new for _, is_new in made) == 1
    with in_client(committed.client_id("indus")):
        assert traces(made[0][0]) == (8, 8)


DETAILS = SubjectDetails(
    role="student",
    full_name="Danish",
    email="danish@school.example",
    phone="+923001234567",
    birth_date=date(2017, 3, 4),
    attested_age=9,
    attested_on=date(2026, 9, 1),
    declared_age=10,
    declared_on=date(2026, 9, 2),
    age_check="over 8@2026-10-01 provider/reference",
)


def read_back(texts):
    return SubjectDetails.from_texts(texts, role="student", language="en", is_enabled=True, country="")


def test_columns_details_api_console_and_spreadsheet_have_the_fields_of_the_registry():
    assert tuple(one.name for one in Subject._meta.fields if isinstance(one, SealedField)) == PERSONAL
    assert set(PERSONAL) < {one.name for one in fields_of(SubjectDetails)}
    assert set(PERSONAL) <= set(SubjectInput().fields)
    assert set(PERSONAL) & set(GuardianInput().fields) == {one.name for one in PERSONAL_FIELDS if one.is_of_guardians}
    assert set(LABELS) == set(PERSONAL)
    assert [one.heading for one in PERSONAL_FIELDS if one.heading] == [
        one.heading for one in COLUMNS if one.name in PERSONAL
    ]


def test_details_are_restored_from_their_encrypted_texts():
    texts = DETAILS.texts()
    assert (list(texts), texts["attested_age"]) == (list(PERSONAL), "9@2026-09-01")
    assert (texts["birth_date"], read_back(texts)) == ("2017-03-04", DETAILS)
    nobody = SubjectDetails(role="student")
    assert (set(nobody.texts().values()), read_back(nobody.texts())) == ({None}, nobody)


def test_the_fingerprint_of_registered_details_does_not_change():
    assert (
        SubjectDetails(role="student", full_name="Danish").fingerprint()
        == "85e1cfe566bd6adfdf1d578e451d1e7ced8cf5cd74fa5859920c968db0d42dcd"
    )
    assert DETAILS.fingerprint() == "643b330c1ff22e156a12318fbf605f6ccdfcc9397a49d2f1f6abd3d6e7203a06"


ONE = "+923001234567"


def normal(text, region="PK"):
    return normal_number(bare_number(text), region=region)


WRITTEN = [
    *("03001234567", "0300 1234567", "0300-123-4567", "3001234567", "+923001234567", "+92 300 1234567"),
    *("+92 (0)300 1234567", "92300-1234567", "0092 300 1234567", "\u202a+92\u00a0300\u20111234567\u202c"),
]


@pytest.mark.parametrize("written", WRITTEN)
def test_every_spelling_of_a_number_is_one_number(written):
    assert normal(written) == ONE


@pytest.mark.parametrize(("region", "number"), [("GB", "+442079460958"), ("PK", "+922079460958")])
def test_a_number_is_read_as_dialled_from_the_country(region, number):
    assert (normal("020 7946 0958", region), normal(number, "DE")) == (number, number)


@pytest.mark.parametrize("written", ["12345", "01234567890123456789", "+1555010"])
def test_an_impossible_number_is_returned_unchanged(written):
    assert normal(written) == written
    assert normal_number("stu-3001234567", region="PK") == "stu-3001234567", "an id that ends in digits"


def test_an_unknown_country_changes_nothing():
    assert (normal("03001234567", "XX"), normal("+92 300 1234567", "XX")) == ("03001234567", ONE)


@pytest.mark.parametrize("written", ["call me", "123", "+", "1" * 21, "0300+1234567", "esra@mail.example"])
def test_a_text_that_is_not_a_number_is_refused(written):
    with pytest.raises(ValueError, match="5 to 20 digits"):
        bare_number(written)


@given(st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True), st.sampled_from(["PK", "GB", "US", "SA", "XX"]))
def test_a_normal_number_is_its_own_normal_form(bare, region):
    once = normal_number(bare, region=region)
    assert (normal_number(once, region=region), bare_number(once)) == (once, once)


URL = list_url("people/subject") + "add/"
GIVEN = {
    "external_id": "new-1",
    "role": "student",
    "language": "ur",
    "country": "",
    "full_name": "Nadia Baloch",
    "email": "nadia@mail.example",
    "phone": "0300 1234567",
    "birth_date": "2015-03-01",
    "reason": "onboarding",
}


def test_an_administrator_adds_a_person_with_sealed_fields_reason_and_evidence(cast, sign_in):
    farah = sign_in("farah")
    form = farah.get(URL).content.decode()
    assert ('name="full_name"' in form, 'name="attested_age"' in form, 'name="client"' in form) == (True, False, False)
    made = farah.post(URL, GIVEN)
    assert made.status_code == 302, made.context["adminform"].form.errors
    with in_client(cast.client_id("indus")):
        subject = Subject.objects.get(external_id="new-1")
        details = open_details(subject, sealer_of(subject))
        assert (details.full_name, details.phone, subject.language) == ("Nadia Baloch", "+923001234567", "ur")
        assert subject.of_age_at is not None
        assert b"Nadia" not in subject.full_name.ciphertext
        version = subject.history.get()
        assert (version.actor_id, version.history_change_reason) == (cast.user_id("farah"), "onboarding")
        assert Entry.objects.filter(kind="subject.registered", subject_id=subject.pk).count() == 1
    assert made["Location"].endswith(f"/{subject.pk}/change/")


def test_an_officer_chooses_the_client(cast, sign_in):
    amina = sign_in("amina")
    assert amina.post(URL, {**GIVEN, "client": str(cast.client_id("khyber"))}).status_code == 302
    with in_client(cast.client_id("khyber")):
        assert Subject.objects.filter(external_id="new-1").count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"external_id": "lms-hamza", "full_name": "Other Name"}, "registered already"),
        ({"external_id": ""}, "required"),
        ({"full_name": ""}, "required"),
        ({"email": "no address"}, "Use one email address"),
        ({"birth_date": "1850-01-01"}, "1900-01-01"),
        ({"country": "Pakistan"}, "valid choice"),
        ({"role": "officer"}, "valid choice"),
        ({"reason": ""}, "required"),
        ({"external_id": "lms-iqra"}, "was erased"),
    ],
)
def test_a_refused_form_says_why_and_changes_no_one(cast, sign_in, changed, said):
    with in_client(cast.client_id("indus")):
        at = datetime(2026, 10, 1, tzinfo=UTC)
        erase_subject(cast.subject("iqra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=at)
        before = Subject.objects.count()
    answer = sign_in("farah").post(URL, {**GIVEN, **changed})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    with in_client(cast.client_id("indus")):
        hamza = cast.subject("hamza")
        assert (Subject.objects.count(), open_details(hamza, sealer_of(hamza)).full_name) == (before, "Hamza Lodhi")


@pytest.mark.parametrize("name", ["farah", "amina"])
def test_all_wrong_fields_are_reported_at_once(sign_in, name):
    wrong = {"external_id": "new@1", "full_name": "", "email": "x", "birth_date": "1850-01-01", "grade": "\x01"}
    answer = sign_in(name).post(URL, {**GIVEN, **wrong, "country": "Pakistan"})
    expected = {*wrong, "country"} | ({"client"} if name == "amina" else set())
    assert set(answer.context["adminform"].form.errors) == expected
