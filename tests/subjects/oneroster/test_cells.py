from datetime import date

import pytest

from paktaleem.directory.schools.oneroster.columns import VERSIONS, day, full_name, plausible_email, plausible_phone


@pytest.mark.parametrize("text", ["a@b.pk", "amina.k+school@mail.example", "o'neil@sub.mail-host.example"])
def test_a_plausible_email_is_unchanged(text):
    assert plausible_email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "amina",
        "a@b",
        "a@b.pk,c@d.pk",
        "a b@c.pk",
        "<a@b.pk>",
        "a@@b.pk",
        ".a@b.pk",
        "a@-b.pk",
        "a@b.pk\nBcc: c@d.pk",
        "x" * 65 + "@b.pk",
        "a@" + "b." * 130 + "pk",
        "a@b.1",
    ],
)
def test_an_implausible_email_is_none(text):
    assert plausible_email(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+92 300 1234567", "+923001234567"),
        ("(021) 3456-7890", "02134567890"),
        ("", ""),
        ("123456", None),
        ("ask mother", None),
        ("1" * 16, None),
        ("++923001234567", None),
        ("٠٣٠٠١٢٣٤٥٦٧", None),
    ],
)
def test_a_phone_number_is_7_to_15_digits(text, number):
    assert plausible_phone(text) == number


@pytest.mark.parametrize("text", ["2017-3-14", "20170314", "2017-02-29", "2017-W01-1", "٢٠١٧-٠٣-١٤", "2017-03-14 "])
def test_a_date_has_one_format(text):
    assert day(text) is None
    assert day("2012-02-29") == date(2012, 2, 29)


@pytest.mark.parametrize("time", ["T00:00:00", " 00:00", "T00:00:00.000", " 12:00:00 AM"])
def test_a_date_may_have_the_time_midnight(time):
    assert day(f"2012-02-29{time}") == date(2012, 2, 29)
    assert day(f"2012-02-29{time}Z") is None
    assert day(f"2012-02-29{time.replace('00:00', '19:00').replace('AM', 'PM')}") is None


def test_a_middle_name_alone_is_not_a_name():
    assert full_name(" ", "Ali", "") == ""
    assert full_name("", "", "Ali") == "Ali"


@pytest.mark.parametrize(("number", "users", "files"), [("1.1", 18, 13), ("1.2", 22, 21)])
def test_sensitive_columns_are_not_kept(number, users, files):
    version = VERSIONS[number]
    kept = {name for table in version.tables.values() for name in table.kept}
    sensitive = {"password", "sex", "asian", "white", "cityOfBirth", "hispanicOrLatinoEthnicity", "userIds", "pronouns"}
    assert not kept & sensitive
    assert version.tables["demographics.csv"].kept == ("sourcedId", "status", "birthDate")
    assert len(version.tables["demographics.csv"].header) == 16
    assert len(version.tables["users.csv"].header) == users
    assert len(version.files) == files
    assert "userProfiles.csv" not in version.tables
