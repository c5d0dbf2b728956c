"""The plain spreadsheet: template, what is read, refused or damaged; people with several roles in rosters."""

import csv
import io
import zipfile
from contextlib import suppress
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.oneroster.users import GuardianRelation, Person, StatedRoles
from paktaleem.directory.schools.rosters.importing.run import merge_roles
from paktaleem.directory.schools.rosters.importing.service import TooMuchLost
from paktaleem.directory.schools.rosters.spreadsheet import rows
from paktaleem.directory.schools.rosters.spreadsheet.person import COLUMNS
from paktaleem.directory.schools.rosters.spreadsheet.rows import csv_template, open_csv, open_xlsx, xlsx_template
from paktaleem.directory.schools.rows import Tally
from paktaleem.foundation.accounts.actors import system_actor
from tests.rosters import clean_network, school

HEADER = [column.heading for column in COLUMNS]
DANISH = {
    "ID": "s-1",
    "Role": "student",
    "Full name": "Danish Khan",
    "Birth date": "2017-03-14",
    "Guardian 1 name": "Esra Khan",
    "Guardian 1 relationship": "parent",
    "Guardian 1 email": "esra@mail.example",
    "Guardian 1 phone": "+92 300 1234567",
}
FARHAN = {"ID": "t-1", "Role": "Teacher", "Full name": "Farhan Iqbal", "Email": "farhan@school.example"}
IMPORTER = system_actor("import_roster")
MAIN, ALL, CHANGES = StatedRoles
TEACHER_AND_PARENT = ("instructor", "guardian")


def lines(*people, header=HEADER):
    return [header, *([one.get(name, "") for name in header] for one in people)]


def as_csv(table, *, delimiter=",", encoding="utf-8"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(table)
    return text.getvalue().encode(encoding)


def as_xlsx(table, *, sheet="People"):
    book = openpyxl.Workbook(write_only=True)
    people = book.create_sheet(sheet)
    for row in table:
        people.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def named(name, _):
    return "g-" + name.split()[0].lower()


def read(data):
    if data.startswith(b"PK"):
        return open_xlsx(io.BytesIO(data), name_guardian=named, find_people=lambda ids: ids)
    return open_csv(data, name_guardian=named, find_people=lambda ids: ids)


def refused(data):
    with pytest.raises(RosterInvalid) as caught:
        read(data)
    return [(p.code, p.file, p.row, p.column) for p in caught.value.problems]


def filled(template, *people):
    book = openpyxl.load_workbook(io.BytesIO(template))
    for row in lines(*people)[1:]:
        book["People"].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


PEOPLE = [
    Person("s-1", "student", "Danish Khan", "", "", date(2017, 3, 14), enabled=True),
    Person("t-1", "instructor", "Farhan Iqbal", "farhan@school.example", "", None, enabled=True),
    Person("g-esra", "guardian", "Esra Khan", "esra@mail.example", "+923001234567", None, enabled=True),
]


@pytest.mark.parametrize(
    "data",
    [
        as_csv(lines(DANISH, FARHAN)),
        as_csv(lines(DANISH, FARHAN), encoding="utf-8-sig"),
        as_xlsx(lines(DANISH, FARHAN)),
        as_xlsx(lines(DANISH, FARHAN), sheet="Sheet1"),
        csv_template() + as_csv(lines(DANISH, FARHAN)[1:]),
        filled(xlsx_template(), DANISH, FARHAN),
        as_xlsx(lines({**DANISH, "Birth date": datetime(2017, 3, 14)}, FARHAN)),  # noqa: DTZ001 -- as Excel has them
    ],
)
def test_every_file_format_gives_the_same_people(data):
    sheet = read(data)
    assert [person for _, person in sheet.placed_people()] == PEOPLE
    assert (list(sheet.relations()), sheet.oddities) == ([GuardianRelation("s-1", "g-esra", "parent")], {})


def test_the_templates_have_hints_in_both_languages_and_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_template()))
    assert book.sheetnames == ["People", "Help"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    texts = [str(cell.value) for cell in cells] + [
        cell for row in csv.reader(io.StringIO(csv_template().decode("utf-8-sig"))) for cell in row
    ]
    assert not [text for text in texts if text[0] in "=+-@\t\r"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert any("سرپرست" in text for text in texts)
    assert csv_template().startswith(b"\xef\xbb\xbf")


def test_siblings_share_a_guardian_and_two_guardians_may_share_an_email():
    hina = {**DANISH, "ID": "s-2", "Full name": "Hina Khan", "Guardian 1 phone": ""}
    hina |= {"Guardian 2 name": "Ghalib Khan", "Guardian 2 email": "esra@mail.example"}
    sheet = read(as_csv(lines(hina, DANISH)))
    assert list(sheet.relations()) == [
        GuardianRelation("s-2", "g-esra", "parent"),
        GuardianRelation("s-2", "g-ghalib", "guardian"),
        GuardianRelation("s-1", "g-esra", "parent"),
    ]
    people = {person.external_id: person for _, person in sheet.placed_people()}
    assert (people["g-esra"].phone, set(people)) == ("+923001234567", {"s-1", "s-2", "g-esra", "g-ghalib"})


def test_an_omitted_column_keeps_values_and_an_empty_cell_clears_them():
    short = read(as_csv([["Full name", "id", "ROLE"], ["Farhan Iqbal", "t-1", "teacher"]]))
    [(_, person)] = short.placed_people()
    assert (person.email, person.phone) == (None, None)
    [(_, person)] = read(as_csv(lines({**FARHAN, "Email": ""}))).placed_people()
    assert person.email == ""
    none = read(as_csv(lines({**FARHAN, "School": "N/A", "Class": "n/a"})))
    assert none.schooling(complete=False) is None, "words for none make no school and no class"


def test_a_closed_account_counts_as_deactivated_and_numbers_are_read_as_typed():
    sheet = read(as_csv(lines({**DANISH, "Account": "Closed"}, {**FARHAN, "Account": "active"})))
    assert [(person.external_id, person.gone) for _, person in sheet.placed_people()] == [("s-1", True), ("t-1", False)]
    [(_, person), *_] = read(as_xlsx(lines({**FARHAN, "ID": 1001, "Phone": 923001234567.0}))).placed_people()
    assert (person.external_id, person.phone) == ("1001", "923001234567")


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"ID": ""}, "required_empty", "ID"),
        ({"ID": "danish@school.example"}, "external_id_unfit", "ID"),
        ({"Role": "pupil"}, "value_not_allowed", "Role"),
        ({"Full name": ""}, "name_empty", "Full name"),
        ({"Full name": "x" * 301}, "name_too_long", "Full name"),
        ({"Birth date": "14 March"}, "date_unreadable", "Birth date"),
        ({"Birth date": "03/27/2014"}, "date_unreadable", "Birth date"),
        ({"Birth date": "1880-01-01"}, "birth_date_too_early", "Birth date"),
        ({"Language": "French"}, "value_not_allowed", "Language"),
        ({"Account": "left"}, "value_not_allowed", "Account"),
        ({"Guardian 1 name": ""}, "guardian_name", "Guardian 1 name"),
        ({"Role": "teacher"}, "guardian_name", "Guardian 1 name"),
        ({"ID": "t-1"}, "id_repeated", "ID"),
    ],
)
def test_a_wrong_cell_is_refused_with_its_place(make, cells, code, column):
    file = "people.csv" if make is as_csv else "people.xlsx"
    assert refused(make(lines(FARHAN, {**DANISH, **cells}))) == [(code, file, 3, column)]


@pytest.mark.parametrize(
    ("written", "kind", "odd"),
    [
        ("Mother", "parent", set()),
        (" step-father ", "parent", set()),
        ("Legal  Guardian", "guardian", set()),
        ("", "guardian", set()),
        ("BROTHER", "relative", set()),
        ("والدہ", "parent", set()),
        ("Other", "other", set()),
        ("driver", "other", {"relationship_unknown"}),
    ],
)
def test_a_relationship_is_read_in_the_words_of_schools(written, kind, odd):
    sheet = read(as_csv(lines({**DANISH, "Guardian 1 relationship": written})))
    assert ([relation.relationship for relation in sheet.relations()], set(sheet.oddities)) == ([kind], odd)


@pytest.mark.parametrize(
    "data",
    [
        as_csv(lines(DANISH, FARHAN), delimiter=";", encoding="utf-8-sig"),
        as_csv(lines(DANISH, FARHAN), delimiter="\t", encoding="utf-16"),
        b"sep=;\r\n" + as_csv(lines(DANISH, FARHAN), delimiter=";"),
        as_csv(lines(DANISH, DANISH, FARHAN)),
        as_csv(lines({**DANISH, "Birth date": "14.03.2017 00:00"}, FARHAN)),
        as_csv(lines({**DANISH, "Birth date": "2017-03-14 00:00:00"}, FARHAN)),
    ],
)
def test_every_form_of_a_csv_file_gives_the_same_people(data):
    sheet = read(data)
    assert [person for _, person in sheet.placed_people()] == PEOPLE
    assert set(sheet.oddities) <= {"date_day_first"}


def test_oddities_are_reported_and_do_not_stop_the_import():
    odd = {**DANISH, "Birth date": "27.3.2014", "Email": "esra@mail.example", "Phone": "call", "Guardian 1 phone": "x"}
    alone = {"ID": "s-3", "Role": "student", "Full name": "Iqra"}
    sheet = read(as_csv(lines(odd, alone)))
    assert next(sheet.placed_people())[1].birth_date == date(2014, 3, 27)
    of_cells = {"date_day_first", "phone_implausible", "mailbox_shared_with_guardian"}
    assert set(sheet.oddities) == {*of_cells, "student_without_guardian", "birth_date_missing"}


MORE = ("Birthdate ", "Guardian 3 name", "ID")
WRONG_HEADERS: list[list[str]] = [["ID", "Role"], *([*HEADER, one] for one in MORE), ["a", "b", "c"], []]


@pytest.mark.parametrize("header", WRONG_HEADERS, ids=str)
def test_a_wrong_header_is_refused(header):
    row = 1 if header else 2  # blank rows before the header are skipped
    assert refused(as_csv([header, ["1"]])) == [("header_wrong", "people.csv", row, None)]


def test_an_unknown_column_is_named_and_not_read():
    header = ["Homeroom", *HEADER, "Password"]
    sheet = read(as_csv(lines({**DANISH, "Homeroom": "4-A", "Password": "s3cret"}, header=header)))
    assert next(person.external_id for _, person in sheet.placed_people()) == "s-1"
    assert [(one.code, one.row, one.column) for one in sheet.oddity_sample] == [
        ("column_ignored", 1, "Homeroom"),
        ("column_ignored", 1, "Password"),
    ]
    assert "s3cret" not in repr([sheet.people, sheet.oddity_sample])


def test_a_row_that_ends_early_clears_no_contact():
    header = ["ID", "Role", "Full name", "Email", "Phone"]
    sheet = read(as_csv([header, ["s-1", "student", "Danish Khan"], ["s-2", "student", "Zoya Rind", "", ""]]))
    cut, whole = (person for _, person in sheet.placed_people())
    assert (cut.email, cut.phone) == (None, None)
    assert (whole.email, whole.phone) == ("", "")
    assert sheet.oddities["row_cut"] == 1


def test_a_row_that_ends_before_a_required_cell_and_one_wider_than_the_header_are_refused():
    [first, *_] = refused(as_csv([["ID", "Full name", "Role"], ["s-1", "Danish Khan"]]))
    assert first == ("required_empty", "people.csv", 2, "Role")
    table = lines(FARHAN)
    table[1].append("more")
    assert refused(as_csv(table)) == [("cell_count_wrong", "people.csv", 2, None)]


@pytest.mark.parametrize(
    ("written", "phone"),
    [("923001234567.0", "923001234567"), ("923000000000", None), (9.23e11, None), ("9.23E+11", None)],
)
def test_a_phone_number_that_a_program_rounded_is_not_read(written, phone):
    for make in (as_csv, as_xlsx):
        [(_, person)] = read(make(lines({**FARHAN, "Phone": written}))).placed_people()
        assert person.phone == (phone if isinstance(written, str) or make is as_xlsx else None)


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (as_csv(lines(DANISH, {**FARHAN, "Full name": "Gülşan"}), encoding="iso8859-9"), "not_utf8", 3),
        (as_csv(lines({**FARHAN, "Full name": "F\0"})), "nul_byte", 2),
        (as_csv(lines(FARHAN)) + b'"open,', "csv_unreadable", 3),
        (as_csv(lines({**FARHAN, "Full name": "x" * 2000})), "field_too_long", 2),
    ],
)
def test_an_unreadable_csv_is_refused_with_its_place(data, code, row):
    assert refused(data) == [(code, "people.csv", row, None)]


def test_too_many_rows_and_a_cell_in_a_distant_row_are_refused(monkeypatch):
    book, out = openpyxl.load_workbook(io.BytesIO(as_xlsx(lines(FARHAN)))), io.BytesIO()
    book["People"]["XFD1048576"] = "far"
    book.save(out)
    assert refused(out.getvalue()) == [("too_many_rows", "people.xlsx", 20_001, None)]
    monkeypatch.setattr(rows, "ROW_LIMIT", 2)
    for make, file in ((as_csv, "people.csv"), (as_xlsx, "people.xlsx")):
        assert refused(make(lines(FARHAN, DANISH))) == [("too_many_rows", file, 3, None)]


# Workbooks that are more, or less, than a table of values


def altered(*, without=(), **members):
    source, out = zipfile.ZipFile(io.BytesIO(as_xlsx(lines(FARHAN)))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in without and name not in members:
                target.writestr(name, source.read(name))
        for name, content in members.items():
            target.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (altered(**{"xl/vbaProject.bin": b"x"}), "macros_refused"),
        (altered(**{"xl/externalLinks/externalLink1.xml": b"x"}), "links_refused"),
        (altered(**{"xl/embeddings/roster.zip": b"PK"}), "links_refused"),
        (altered(**{"../people.xml": b"x"}), "path_leads_out"),
        (altered(**{"/etc/passwd": b"x"}), "path_leads_out"),
        (altered(**{"xl/worksheets/sheet1.xml": b" " * 30_000_000}), "ratio_too_high"),
        (altered(without=["xl/workbook.xml"]), "xlsx_unreadable"),
        (altered(**{"xl/worksheets/sheet1.xml": b"<worksheet"}), "xlsx_unreadable"),
        (altered(**{"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "aa">]><workbook>&a;</workbook>'}), "doctype_refused"),
        (b"PK\x03\x04 nothing", "xlsx_unreadable"),
    ],
)
def test_a_workbook_with_macros_or_links_is_refused(data, code):
    assert refused(data) == [(code, "people.xlsx", None, None)]


def test_a_formula_is_refused_with_its_place_and_a_workbook_that_unpacks_to_too_much(monkeypatch):
    table = lines({**FARHAN, "Full name": '=HYPERLINK("https://evil.example","Farhan")'}, {**DANISH, "Phone": "=1/0"})
    assert refused(as_xlsx(table)) == [
        ("formula_refused", "people.xlsx", 2, "C"),
        ("formula_refused", "people.xlsx", 3, "E"),
    ]
    monkeypatch.setattr(rows, "UNPACKED_LIMIT", 5_000)
    assert refused(as_xlsx(lines(FARHAN))) == [("package_too_large", "people.xlsx", None, None)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(position=st.floats(0, 1, exclude_max=True), patch=st.binary(min_size=1, max_size=12))
def test_any_patch_of_a_workbook_opens_or_is_refused(position, patch):
    data = bytearray(WORKBOOK)
    start = int(position * len(data))
    data[start : start + len(patch)] = patch
    with suppress(RosterInvalid):
        assert all(person.external_id for _, person in read(bytes(data)).placed_people())


WORKBOOK = as_xlsx(lines(DANISH, FARHAN))
SHORTENED = "9.23E+11"


def contacts(external_id):
    subject = Subject.objects.get(external_id=external_id)
    sealer = sealer_of(subject)
    return [
        value and sealer.open(value, column=f"people_subject.{name}")
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
    report = bring(spoiled(clean_network()), everybody=True)
    assert contacts("esra") == ["esra@mail.example", "+923001234567"]
    assert contacts("farhan") == ["farhan@school.example", None]
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
    assert report.relations.added == 2


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
    assert (Subject.objects.get(external_id="danish").grade, report.oddities["grade_unfit"]) == ("4", 1)


def test_one_relation_and_one_address_less_do_not_stop_an_import(bring):
    bring(clean_network())
    package = clean_network()
    package.row("users.csv", "danish")["agentSourcedIds"] = ""
    package.row("users.csv", "celia")["email"] = ""
    report = bring(package, everybody=True)
    assert (report.losses["relations"].gone, report.losses["contacts"].gone) == (1, 1)


def roles_of(external_id):
    return Subject.objects.get(external_id=external_id).roles


def teacher_and_parent():
    package = clean_network().as_version_1_2()
    package.give_role("farhan", "parent", "secondary")
    package.row("users.csv", "danish")["agentSourcedIds"] = "farhan"
    return package


def stated(role, *others, ended=()):
    return Person("p", role, None, None, None, None, None, other_roles=others, ended_roles=ended)


@pytest.mark.parametrize(
    ("person", "known", "mode", "roles"),
    [
        (stated("instructor", "guardian"), (), ALL, TEACHER_AND_PARENT),
        (stated("instructor"), TEACHER_AND_PARENT, ALL, ("instructor",)),
        (stated("instructor"), TEACHER_AND_PARENT, MAIN, TEACHER_AND_PARENT),
        (stated("administrator"), TEACHER_AND_PARENT, MAIN, ("administrator", "guardian")),
        (stated("instructor", "administrator"), TEACHER_AND_PARENT, MAIN, ("instructor", "administrator", "guardian")),
        (stated("student", "instructor"), ("learner",), ALL, ("learner", "instructor")),
        (stated(None), TEACHER_AND_PARENT, CHANGES, TEACHER_AND_PARENT),
        (stated(None, "guardian"), ("instructor",), CHANGES, TEACHER_AND_PARENT),
        (stated("administrator"), TEACHER_AND_PARENT, CHANGES, ("administrator", "guardian")),
        (stated(None, ended=("guardian",)), TEACHER_AND_PARENT, CHANGES, ("instructor",)),
        (stated(None, ended=("instructor",)), TEACHER_AND_PARENT, CHANGES, ("guardian",)),
        (stated(None, ended=("instructor",)), ("instructor",), CHANGES, ("instructor",)),
    ],
)
def test_a_roster_changes_the_roles_that_it_states(person, known, mode, roles):
    found = merge_roles(person, known, mode)
    assert (found["role"], *found["other_roles"]) == roles


@pytest.mark.parametrize("is_named", [True, False])
def test_a_guardian_of_a_child_stays_one_beside_a_new_main_role(is_named):
    found = merge_roles(stated("instructor"), ("guardian",), MAIN, is_named_guardian=is_named)
    assert found == {"role": "instructor", "other_roles": ("guardian",) if is_named else ()}


def test_roles_csv_states_all_roles_and_a_delta_adds_and_ends_them(bring):
    bring(teacher_and_parent())
    assert roles_of("farhan") == ("instructor", "guardian")
    assert GuardianClaim.objects.get(child__external_id="danish").guardian.external_id == "farhan"
    assert bring(teacher_and_parent()).people["instructor"] == Tally(unchanged=1)

    delta = teacher_and_parent().as_delta(farhan="active").without("users.csv")
    parents = [row for row in delta.tables["roles.csv"] if row["role"] == "parent"]
    delta.tables["roles.csv"] = [{**row, "status": "tobedeleted"} for row in parents]
    delta.give_role("farhan", "principal", "secondary")
    delta.tables["roles.csv"][-1] |= {"status": "active", "dateLastModified": "2026-10-01T08:00:00Z"}
    bring(delta)
    assert roles_of("farhan") == ("instructor", "administrator")
    latest = Subject.objects.get(external_id="farhan").history.order_by("history_date", "history_id").last()
    assert latest.other_roles == ["administrator"]


def test_version_1_1_and_a_spreadsheet_keep_the_other_roles(bring, cast, now):
    bring(clean_network())
    details = {"role": "instructor", "other_roles": ("guardian",)}
    register_subject("farhan", client=cast.client("indus"), details=details, actor=IMPORTER, at=now)
    bring(clean_network())
    assert roles_of("farhan") == ("instructor", "guardian")
    bring(as_csv(lines({**FARHAN, "ID": "farhan", "Role": "Teacher, Administrator"})))
    assert roles_of("farhan") == ("instructor", "administrator", "guardian")


BY_ID = {name: text for name, text in DANISH.items() if not name.startswith("Guardian")}


def test_a_registered_teacher_is_named_as_a_guardian_by_id_and_nothing_else_changes(bring, cast, now):
    details = {"role": "instructor", "full_name": "Farhan Iqbal", "email": "farhan@school.example"}
    early = now - timedelta(days=1)
    register_subject("t-1", client=cast.client("indus"), details=details, actor=IMPORTER, at=early)
    before = Subject.objects.get(external_id="t-1")
    row = {**BY_ID, "Guardian 1 ID": "t-1", "Guardian 1 relationship": "parent"}
    report = bring(as_csv(lines(row)))
    after = Subject.objects.get(external_id="t-1")
    assert (after.roles, after.email, after.full_name) == (("instructor", "guardian"), before.email, before.full_name)
    claim = GuardianClaim.objects.get(child__external_id="s-1")
    assert (claim.guardian.external_id, claim.relationship, report.relations.added) == ("t-1", "parent", 1)
    assert bring(as_csv(lines(row))).relations == Tally(unchanged=1)


def test_a_teacher_of_the_same_file_is_named_as_a_guardian_by_id(bring):
    bring(as_csv(lines({**BY_ID, "Guardian 2 ID": "t-1"}, FARHAN)))
    assert roles_of("t-1") == ("instructor", "guardian")
    assert GuardianClaim.objects.get(child__external_id="s-1").relationship == "guardian"


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"Guardian 1 ID": "unknown"}, "Guardian 1 ID", "no person with this ID"),
        ({"Guardian 1 ID": "lms-kiran"}, "Guardian 1 ID", "no person with this ID"),  # of another client
        ({"Guardian 1 ID": "s-1"}, "Guardian 1 ID", "the student's own ID"),
        ({"Guardian 1 ID": "a@school.example"}, "Guardian 1 ID", "contains an @"),
        ({"Guardian 2 ID": "t-1", "Guardian 2 phone": "+923001234567"}, "Guardian 2 phone", "must be empty beside"),
        ({"Guardian 1 ID": "t-1", "Role": "teacher"}, "Guardian 1 ID", "only students have guardians"),
        ({"Guardian 1 ID": "t-2"}, "Guardian 1 ID", "closed in another row"),
    ],
)
def test_a_wrong_id_of_a_guardian_is_refused_with_its_row_and_column(bring, cells, column, message):
    left = {**FARHAN, "ID": "t-2", "Account": "closed"}
    with pytest.raises(RosterInvalid) as refused:
        bring(as_csv(lines(FARHAN, left, {**BY_ID, **cells})))
    [problem] = refused.value.problems
    assert (problem.row, problem.column) == (4, column)
    assert message in problem.message
    assert not GuardianClaim.objects.filter(child__external_id="s-1").exists()
