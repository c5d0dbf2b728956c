"""The registry of a person's sealed fields is what models, details, API, console and spreadsheet have."""

from dataclasses import fields as fields_of
from datetime import date

from paktaleem.directory.people.admin.people import LABELS
from paktaleem.directory.people.api import GuardianInput, SubjectInput
from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.fields import PERSONAL, PERSONAL_FIELDS
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.rosters.spreadsheet.person import COLUMNS
from paktaleem.foundation.encryption.sealing import SealedField

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


def test_the_encrypted_columns_match_the_registry():
    assert tuple(one.name for one in Subject._meta.fields if isinstance(one, SealedField)) == PERSONAL


def test_every_registered_field_is_a_detail_of_a_person():
    assert set(PERSONAL) < {one.name for one in fields_of(SubjectDetails)}


def test_the_api_accepts_every_field_and_for_guardians_those_marked():
    assert set(PERSONAL) <= set(SubjectInput().fields)
    assert set(PERSONAL) & set(GuardianInput().fields) == {one.name for one in PERSONAL_FIELDS if one.is_of_guardians}


def test_every_field_has_a_console_label_and_its_spreadsheet_columns():
    assert set(LABELS) == set(PERSONAL)
    assert [one.heading for one in PERSONAL_FIELDS if one.heading] == [
        one.heading for one in COLUMNS if one.name in PERSONAL
    ]


def test_details_are_restored_from_their_encrypted_texts():
    texts = DETAILS.texts()
    assert list(texts) == list(PERSONAL)
    assert texts["attested_age"] == "9@2026-09-01"
    assert texts["birth_date"] == "2017-03-04"
    assert read_back(texts) == DETAILS


def test_empty_details_have_no_texts():
    nobody = SubjectDetails(role="student")
    assert set(nobody.texts().values()) == {None}
    assert read_back(nobody.texts()) == nobody


def test_the_fingerprint_of_registered_details_does_not_change():
    assert (
        SubjectDetails(role="student", full_name="Danish").fingerprint()
        == "85e1cfe566bd6adfdf1d578e451d1e7ced8cf5cd74fa5859920c968db0d42dcd"
    )
    assert DETAILS.fingerprint() == "643b330c1ff22e156a12318fbf605f6ccdfcc9397a49d2f1f6abd3d6e7203a06"
