from datetime import date

import pytest

from paktaleem.directory.schools.oneroster import problems
from paktaleem.directory.schools.oneroster.columns import VERSIONS, day, full_name, plausible_email, plausible_phone
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.oneroster.users import GuardianRelation, Person
from tests.rosters import clean_network, odd_network, open_roster, people_of, school
from tests.subjects.oneroster.conftest import places


@pytest.fixture
def opened(tmp_path):
    return lambda package: open_roster(package.write(tmp_path / "roster.zip"))


def test_a_clean_package_has_people_and_no_oddities(opened):
    with opened(clean_network()) as roster:
        people = people_of(roster)
        assert roster.oddity_sample == ()
    assert people == [
        Person("celia", "administrator", "Celia Farooqi", "celia@school.example", "", None, enabled=True),
        Person("farhan", "instructor", "Farhan Iqbal", "farhan@school.example", "", None, enabled=True),
        Person("esra", "guardian", "Esra Khan", "esra@mail.example", "+923001234567", None, enabled=True),
        Person("danish", "student", "Danish Khan", "", "", date(2017, 3, 14), enabled=True),
    ]


def test_relations_are_read_in_both_directions_and_once(opened):
    of_iman = [GuardianRelation(child, "iman", "relative") for child in ("hina", "kamal", "laiba")]
    with opened(odd_network()) as roster:
        first = [GuardianRelation("danish", "esra", "parent"), GuardianRelation("hina", "ghalib", "guardian")]
        assert list(roster.relations()) == [*first, *of_iman]
        assert people_of(roster) == people_of(roster), "streams can be read again"
        pairs = zip(roster.placed_people(), roster.placed_people(), strict=True)
        assert all(one == other for one, other in pairs), "and at the same time"


def test_every_oddity_is_reported_with_its_place(opened):
    package = odd_network()
    line = {row["sourcedId"]: package.line("users.csv", row["sourcedId"]) for row in package.tables["users.csv"]}
    with opened(package) as roster:
        assert sorted(places(roster.oddity_sample)) == sorted(
            [
                ("guardian_without_email", "users.csv", line["ghalib"], "email"),
                ("mailbox_shared_with_guardian", "users.csv", line["hina"], "email"),
                ("mailbox_shared_with_guardian", "users.csv", line["kamal"], "phone"),
                ("user_disabled", "users.csv", line["junaid"], "enabledUser"),
                ("email_implausible", "users.csv", line["junaid"], "email"),
                ("student_without_guardian", "users.csv", line["junaid"], "agentSourcedIds"),
                ("phone_implausible", "users.csv", line["laiba"], "phone"),
                ("agent_not_guardian", "users.csv", line["laiba"], "agentSourcedIds"),
                ("agent_unknown", "users.csv", line["laiba"], "agentSourcedIds"),
                ("birth_date_missing", "users.csv", line["laiba"], None),
            ]
        )
        assert roster.oddities["mailbox_shared_with_guardian"] == 2


def test_people_without_email_do_not_share_one(opened):
    package = clean_network()
    package.row("users.csv", "esra").update(email="", sms="")
    with opened(package) as roster:
        assert [problem.code for problem in roster.oddity_sample] == ["guardian_without_email"]


def test_implausible_addresses_and_numbers_are_not_read_as_none_at_all(opened):
    with opened(odd_network()) as roster:
        people = {person.external_id: person for person in people_of(roster)}
    assert people["junaid"].email is None
    assert people["junaid"].enabled is False
    assert people["laiba"].phone is None
    assert people["ghalib"].phone == "02134567890"


def test_a_number_in_sms_takes_precedence_over_phone(opened):
    package = clean_network()
    package.row("users.csv", "esra")["phone"] = "021 34567890"
    package.row("users.csv", "celia").update(sms="none", phone="021 34567890")
    with opened(package) as roster:
        people = {person.external_id: person for person in people_of(roster)}
    assert (people["esra"].phone, people["celia"].phone) == ("+923001234567", "02134567890")


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("  Zoe\u0308", " bint\tAli ", ""), "Zoë bint Ali"),
        (("\u202eDanish\a", "", "بی\u200cبی"), "Danish بی\u200cبی"),
        ((" ", "Ali", ""), ""),
        (("", "", "Ali"), "Ali"),
    ],
    ids=["joined, trimmed and composed", "without direction controls, with joiners", "a middle name alone", "one name"],
)
def test_the_parts_of_a_name_are_one_name(parts, name):
    assert full_name(*parts) == name


def test_messages_contain_no_personal_data(opened):
    package = odd_network()
    private = {
        row[name]
        for row in package.tables["users.csv"]
        for name in ("givenName", "familyName", "email", "sms", "phone")
        if row.get(name)
    }
    private |= {row["birthDate"] for row in package.tables["demographics.csv"]} | {"0300-1111111"}
    with opened(package) as roster:
        messages = "\n".join(problem.message for problem in roster.oddity_sample)
    assert not [word for word in private if word in messages]


def test_unneeded_columns_are_not_kept_in_memory(opened):
    with opened(clean_network()) as roster:
        everything = repr([*people_of(roster), *roster.relations(), vars(roster)])
    assert "s3cret-danish" not in everything
    assert "Karachi" not in everything


def test_the_results_file_is_never_opened(opened):
    package = clean_network()
    package.manifest["file.results"] = "bulk"
    package.raw["results.csv"] = b"not, even \0 a results file"
    with opened(package) as roster:
        assert len(people_of(roster)) == 4


def test_oddities_of_a_code_are_capped_and_counted(opened, monkeypatch):
    monkeypatch.setattr(problems, "ODDITY_SAMPLE", 10)
    package = school(25).without("demographics.csv")
    package.user("hidden", "teacher", "Hira", "Wazir", enabledUser="false")
    with opened(package) as roster:
        assert roster.oddities == {"birth_date_missing": 25, "user_disabled": 1}
        missing = [p for p in roster.oddity_sample if p.code == "birth_date_missing"]
    assert len(missing) == 10


def test_a_package_damaged_after_the_check_stops_the_stream(tmp_path):
    path = school(3000).write(tmp_path / "roster.zip")
    with open_roster(path) as roster:
        data = bytearray(path.read_bytes())
        start = data.index(b"users.csv") + 2000
        data[start : start + 4000] = bytes(4000)
        with path.open("r+b") as file:
            file.write(data)
        with pytest.raises(RosterInvalid):
            people_of(roster)


@pytest.mark.parametrize("text", ["a@b.pk", "amina.k+school@mail.example", "o'neil@sub.mail-host.example"])
def test_a_plausible_email_is_unchanged(text):
    assert plausible_email(text) == text


IMPLAUSIBLE = [
    *("amina", "a@b", "a@b.pk,c@d.pk", "a b@c.pk", "<a@b.pk>", "a@@b.pk", ".a@b.pk", "a@-b.pk"),
    *("a@b.pk\nBcc: c@d.pk", "x" * 65 + "@b.pk", "a@" + "b." * 130 + "pk", "a@b.1"),
]


@pytest.mark.parametrize("text", IMPLAUSIBLE)
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


@pytest.mark.parametrize(("number", "users", "files"), [("1.1", 18, 13), ("1.2", 22, 21)])
def test_sensitive_columns_are_not_kept(number, users, files):
    version = VERSIONS[number]
    kept = {name for table in version.tables.values() for name in table.kept}
    sensitive = {"password", "sex", "asian", "white", "cityOfBirth", "hispanicOrLatinoEthnicity", "userIds", "pronouns"}
    assert not kept & sensitive
    assert version.tables["demographics.csv"].kept == ("sourcedId", "status", "birthDate")
    assert len(version.tables["demographics.csv"].header) == 16
    assert (len(version.tables["users.csv"].header), len(version.files)) == (users, files)
    assert "userProfiles.csv" not in version.tables
