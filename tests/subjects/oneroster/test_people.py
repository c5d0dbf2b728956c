"""People of OneRoster packages: each field read, and the same people whatever form a school exports."""

from datetime import date

import pytest

from paktaleem.directory.schools.oneroster import problems
from paktaleem.directory.schools.oneroster.columns import VERSIONS, day, full_name, plausible_email, plausible_phone
from paktaleem.directory.schools.oneroster.problems import ODDITY_TEXTS, RosterInvalid
from paktaleem.directory.schools.oneroster.users import DeltaRelation, GuardianRelation, Person
from tests.rosters import clean_network, odd_network, open_roster, packed, people_of, school
from tests.subjects.oneroster.conftest import places
from tests.subjects.oneroster.forms import FORMS, other_values_that_are_not_used, references_to_nothing
from tests.subjects.oneroster.systems import SYSTEMS


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


def formed(form, version):
    package = clean_network() if version == "1.1" else clean_network().as_version_1_2()
    if form is not None:
        FORMS[form][0](package)
    return package


def read(package, tmp_path):
    with open_roster(package.write(tmp_path / "roster.zip")) as roster:
        return roster, people_of(roster), list(roster.relations())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_people_and_is_listed(tmp_path, form, version):
    _, *expected = read(formed(None, version), tmp_path)
    roster, *found = read(formed(form, version), tmp_path)
    assert found == expected
    assert FORMS[form][1] <= set(roster.oddities) <= set(ODDITY_TEXTS)
    assert FORMS[form][1] or set(roster.oddities) <= {"file_ignored"}


def test_an_oddity_is_placed_counted_and_says_how_it_was_read(tmp_path):
    package = clean_network()
    package.row("users.csv", "danish")["enabledUser"] = "TRUE"
    package.headers["users.csv"].append("homeroom")
    roster, _, _ = read(package, tmp_path)
    assert roster.oddities == {"column_ignored": 1, "value_spelling": 1}
    ignored, spelling = roster.oddity_sample
    assert (ignored.file, ignored.row, ignored.column) == ("users.csv", 1, "homeroom")
    assert ignored.message == "A column that the portal does not know. Not read."
    assert (spelling.file, spelling.row, spelling.column) == ("users.csv", 5, "enabledUser")
    assert spelling.message == "Another spelling of an allowed value (TRUE → true). Read as the allowed value."


def test_passwords_are_never_read_kept_or_shown(tmp_path):
    package = clean_network().as_version_1_2()
    for name in ("password", "passwordHint", "metadata.pin"):
        package.headers["users.csv"] += [name] if name not in package.headers["users.csv"] else []
        package.row("users.csv", "danish")[name] = "s3cret"
    package.add("userProfiles.csv", "p-1", userSourcedId="danish", username="dkhan", password="s3cret")
    roster, people, relations = read(package, tmp_path)
    assert "s3cret" not in repr([vars(roster), people, relations])


def test_a_row_of_data_in_place_of_the_header_is_not_quoted(tmp_path):
    package = clean_network()
    package.raw["classes.csv"] = b"Danish Khan,14 March 2017\r\n"
    roster, people, _ = read(package, tmp_path)
    assert len(people) == 4
    assert "Danish" not in repr(roster.oddity_sample)
    assert roster.oddities["file_unreadable"] == 1


def test_an_oddity_quotes_ids_and_names_of_files_and_columns_only(tmp_path):
    package = odd_network()
    references_to_nothing(package)
    other_values_that_are_not_used(package)
    package.row("classes.csv", "cls-1")["classType"] = "Danish Khan"
    package.row("enrollments.csv", "enr-1")["endDate"] = "born 14 March 2017"
    roster, _, _ = read(package, tmp_path)
    ids = {row["sourcedId"] for row in package.tables["users.csv"]}
    quoted = {part for oddity in roster.oddity_sample for part in oddity.value.split(", ")} - {""}
    assert quoted <= ids | set(package.tables)


PEOPLE = [
    ("administrator", "Celia Farooqi", "celia@school.example", None),
    ("instructor", "Farhan Iqbal", "farhan@school.example", None),
    ("guardian", "Esra Khan", "esra@mail.example", None),
    ("student", "Danish Khan", "", date(2017, 3, 14)),
]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.__name__)
def test_the_package_of_a_school_system_is_read(tmp_path, system):
    with open_roster(packed(system(), tmp_path / "roster.zip")) as roster:
        people = people_of(roster)
        [relation] = roster.relations()
    assert [(one.role, one.full_name, one.email, one.birth_date) for one in people] == PEOPLE
    assert all(one.enabled for one in people)
    assert (relation.child, relation.guardian) == (people[3].external_id, people[2].external_id)
    assert (relation.relationship, set(roster.oddities)) == ("parent", {*SYSTEMS[system]})


# Version 1.2


@pytest.mark.parametrize("package", [clean_network, odd_network])
def test_both_versions_give_the_same_people(tmp_path, package):
    _, *told = read(package(), tmp_path)
    roster, *told_anew = read(package().as_version_1_2(), tmp_path)
    assert (told_anew, roster.kind) == (told, "OneRoster 1.2")


def test_of_several_primary_roles_the_most_protective_is_the_main_one(tmp_path):
    package = clean_network().as_version_1_2()
    package.give_role("farhan", "parent", "secondary")
    package.give_role("esra", "student")
    package.row("users.csv", "danish")["agentSourcedIds"] = "esra,farhan"
    _, people, relations = read(package, tmp_path)
    roles = {person.external_id: (person.role, person.other_roles) for person in people}
    assert (roles["farhan"], roles["esra"]) == (("instructor", ("guardian",)), ("student", ("guardian",)))
    assert GuardianRelation("danish", "farhan", "parent") in relations


def test_a_person_with_only_a_custom_role_and_a_column_of_version_1_2_0_are_skipped(tmp_path):
    package = clean_network().as_version_1_2()
    package.tables["roles.csv"][1]["role"] = "ext:librarian"
    package.headers["users.csv"].insert(17, "resourceSourcedIds")
    package.row("users.csv", "danish")["resourceSourcedIds"] = "res-1"
    roster, people, _ = read(package, tmp_path)
    assert [person.full_name for person in people] == ["Celia Farooqi", "Esra Khan", "Danish Khan"]
    assert [p.code for p in roster.oddity_sample] == ["role_extended", "role_missing"]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("role", "headmaster", "value_not_allowed"),
        ("roleType", "main", "value_not_allowed"),
        ("userSourcedId", "nobody", "reference_unknown"),
    ],
)
def test_a_wrong_cell_of_version_1_2_is_named(refused, column, value, code):
    package = clean_network().as_version_1_2()
    package.row("roles.csv", "rol-1")[column] = value
    assert places(refused(package)) == [(code, "roles.csv", package.line("roles.csv", "rol-1"), column)]


def test_in_version_1_2_only_roles_csv_states_roles(tmp_path, refused):
    package = clean_network().as_version_1_2()
    package.headers["users.csv"] = clean_network().headers["users.csv"]
    package.row("users.csv", "danish")["role"] = "teacher"
    roster, people, _ = read(package, tmp_path)
    assert people[3].role == "student"
    assert ("column_ignored", "users.csv", 1, "role") in places(roster.oddity_sample)
    package = clean_network()
    package.manifest["oneroster.version"] = "1.2"
    assert ("file_needed", "roles.csv", None, None) in places(refused(package))


# Deltas


def test_a_delta_has_new_changed_and_deleted_people(tmp_path):
    roster, people, relations = read(clean_network().as_delta(danish="active", farhan="tobedeleted"), tmp_path)
    assert not roster.is_whole
    assert people == [
        Person("farhan", None, None, None, None, None, enabled=None, gone=True),
        Person("danish", "student", "Danish Khan", "", "", date(2017, 3, 14), enabled=True),
    ]
    assert (relations, roster.mentions) == ([], [DeltaRelation(3, "danish", "esra", None)])
    assert roster.oddity_sample == ()


def test_a_delta_may_have_only_birth_dates_or_roles(tmp_path):
    package = clean_network().as_version_1_2().as_delta(danish="active")
    package.without("users.csv")
    _, people, _ = read(package, tmp_path)
    assert people == [Person("danish", "student", None, None, None, date(2017, 3, 14), enabled=None)]
    package = clean_network()  # each file is declared as bulk or delta
    package.manifest["file.demographics"] = "delta"
    package.row("demographics.csv", "danish").update(status="active", dateLastModified="2026-10-01T08:00:00.000Z")
    roster, people, _ = read(package, tmp_path)
    assert roster.is_whole
    assert people[3].birth_date == date(2017, 3, 14)


@pytest.mark.parametrize(("column", "value"), [("status", ""), ("status", "inactive"), ("enabledUser", "")])
def test_a_wrong_row_of_a_delta_and_one_without_a_status_column_are_named(refused, column, value):
    package = clean_network().as_delta(danish="active")
    package.row("users.csv", "danish")[column] = value
    code = "value_not_allowed" if column == "status" else "required_empty"
    assert places(refused(package)) == [(code, "users.csv", 2, column)]
    package.headers["users.csv"].remove("status")
    assert places(refused(package)) == [("header_wrong", "users.csv", 1, None)]


def test_a_deleted_row_needs_only_its_id(tmp_path):
    package = clean_network().as_delta(danish="tobedeleted")
    package.row("users.csv", "danish").update(dict.fromkeys(["username", "role", "orgSourcedIds", "givenName"], ""))
    _, people, _ = read(package, tmp_path)
    assert [(person.external_id, person.gone) for person in people] == [("danish", True)]


def test_a_row_that_a_complete_file_marks_as_deleted_is_read_as_deleted(tmp_path):
    package = clean_network()
    package.row("users.csv", "farhan")["status"] = "tobedeleted"
    roster, people, _ = read(package, tmp_path)
    assert [person.external_id for person in people if person.gone] == ["farhan"]
    assert places(roster.oddity_sample) == [("deleted_in_bulk", "users.csv", 3, "status")]
