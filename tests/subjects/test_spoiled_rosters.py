"""Rosters that a spreadsheet program has damaged: an unreadable value never overwrites a registered one."""

import io

import pytest

from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.rosters.importing.service import TooMuchLost, import_roster, open_source
from paktaleem.foundation.accounts.actors import system_actor
from tests.rosters import clean_network, school
from tests.subjects.test_spreadsheet import DANISH, FARHAN, as_csv, lines

SHORTENED = "9.23E+11"


@pytest.fixture
def bring(tmp_path, indus, now):
    def bring(roster, **terms):
        content = roster if isinstance(roster, bytes) else roster.write(tmp_path / "roster.zip").read_bytes()
        with open_source(io.BytesIO(content), client=indus) as opened:
            return import_roster(opened, client=indus, actor=system_actor("import_roster"), at=now, **terms)

    return bring


def contacts(external_id):
    subject = Subject.objects.get(external_id=external_id)
    sealer = sealer_of(subject)
    return [
        value and sealer.open(value, column=f"subjects_subject.{name}")
        for name, value in (("email", subject.email), ("phone", subject.phone))
    ]


def spoiled(package):
    for row in package.tables["users.csv"]:
        for name, text in (("sms", SHORTENED), ("email", "mum@mail.example; dad@mail.example")):
            if row.get(name):
                row[name] = text
    return package


def test_an_unreadable_contact_of_a_package_is_kept_as_registered(bring):
    bring(clean_network())
    before = contacts("esra"), contacts("farhan")
    report = bring(spoiled(clean_network()), everybody=True)
    assert (
        (contacts("esra"), contacts("farhan"))
        == before
        == (
            ["esra@mail.example", "+923001234567"],
            ["farhan@school.example", None],
        )
    )
    assert (report.oddities["phone_implausible"], report.oddities["email_implausible"]) == (1, 3)


def test_an_unreadable_contact_of_a_spreadsheet_is_kept_as_registered(bring):
    bring(as_csv(lines({**FARHAN, "Phone": "0300 1234567"})))
    before = contacts("t-1")
    bring(as_csv(lines({**FARHAN, "Email": "a@mail.example; b@mail.example", "Phone": SHORTENED})))
    assert contacts("t-1") == before == ["farhan@school.example", "+923001234567"]


def test_an_unreadable_phone_of_a_guardian_known_by_email_is_kept(bring):
    bring(as_csv(lines(DANISH)))
    guardian = GuardianClaim.objects.get(child__external_id="s-1").guardian.external_id
    bring(as_csv(lines({**DANISH, "Guardian 1 phone": SHORTENED})))
    assert contacts(guardian) == ["esra@mail.example", "+923001234567"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Guardian 1 email": "", "Guardian 1 phone": SHORTENED}, "guardian_phone"),
        ({"Guardian 1 email": "esra@mail.example; dad@mail.example"}, "guardian_email"),
    ],
)
def test_a_guardian_is_not_named_by_a_contact_that_cannot_be_read(bring, cells, code):
    with pytest.raises(RosterInvalid) as refused:
        bring(as_csv(lines({**DANISH, **cells})))
    assert [problem.code for problem in refused.value.problems] == [code]


def test_agents_with_a_semicolon_between_them_are_each_read(bring):
    package = clean_network()
    package.user("omar", "parent", "Omar", "Khan", email="omar@mail.example")
    package.row("users.csv", "danish")["agentSourcedIds"] = "esra; omar"
    report = bring(package)
    assert (report.relations.added, report.oddities["list_separator"]) == (2, 1)


def test_many_relations_that_would_end_stop_an_import(bring):
    bring(school(30))
    package = school(30)
    for row in package.tables["users.csv"]:
        row["agentSourcedIds"] = ""
    with pytest.raises(TooMuchLost) as stop:
        bring(package, everybody=True)
    loss = stop.value.report.losses["relations"]
    assert loss.gone >= 30
    assert loss.before >= loss.gone
    assert "guardian relations would end" in str(stop.value)
    assert bring(package, everybody=True, allow_bulk_deactivation=True).relations.gone == loss.gone


def test_many_contacts_that_would_be_removed_stop_an_import(bring):
    bring(school(30))
    package = school(30)
    for row in package.tables["users.csv"]:
        row["sms"] = ""
    with pytest.raises(TooMuchLost) as stop:
        bring(package)
    assert stop.value.report.losses["contacts"].gone >= 30
    assert "email addresses and phone numbers would be removed" in str(stop.value)
    assert all(contacts(f"par-{number:06d}-0")[1] for number in range(30))


@pytest.mark.parametrize("text", ["N/A", "n.a.", "NA", "none", "-", "#N/A", "null"])
def test_a_word_for_nothing_is_no_grade(bring, text):
    package = clean_network()
    package.row("users.csv", "danish")["grades"] = "4"
    bring(package)
    package.row("users.csv", "danish")["grades"] = text
    report = bring(package)
    assert Subject.objects.get(external_id="danish").grade == "4"
    assert report.oddities["grade_unfit"] == 1


def test_one_relation_and_one_address_less_do_not_stop_an_import(bring):
    bring(clean_network())
    package = clean_network()
    package.row("users.csv", "danish")["agentSourcedIds"] = ""
    package.row("users.csv", "celia")["email"] = ""
    report = bring(package, everybody=True)
    assert (report.losses["relations"].gone, report.losses["contacts"].gone) == (1, 1)
