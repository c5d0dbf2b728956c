"""Parsing of answer sheets: every problem with row and column, and nothing accepted from a bad sheet."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from consent.paper.sheets import (
    SheetInvalid,
    format_code,
    generate_code,
    read_sheet,
    render_csv_sheet,
    render_xlsx_sheet,
)

TODAY = date(2026, 10, 1)
PURPOSES = ("newsletter", "product_research")
HEADER = "code,newsletter,product_research,answered_by,method,answered_on,note"


def read(content):
    return read_sheet(content, purposes=PURPOSES, today=TODAY)


def csv_of(*lines, header=HEADER):
    return "\n".join([header, *lines]).encode()


def book(*rows):
    out = io.BytesIO()
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("Answers")
    for row in rows:
        sheet.append(row)
    workbook.save(out)
    return out.getvalue()


def refused(content):
    with pytest.raises(SheetInvalid) as told:
        read(content)
    return [(problem.row, problem.column, problem.code) for problem in told.value.problems]


def test_a_row_is_read_with_answers_method_and_day():
    [row] = read(csv_of("7kq2-m9xz,yes,no,guardian,phone,2026-09-30,Call at nine")).rows
    assert (row.number, row.code, row.answers) == (2, "7KQ2M9XZ", {"newsletter": True, "product_research": False})
    assert (row.by_guardian, row.method, row.answered_on) == (True, "phone", date(2026, 9, 30))
    assert row.note == "Call at nine"


def test_a_workbook_is_read_like_a_csv_file():
    [row] = read(book(HEADER.split(","), ["7KQ2-M9XZ", "yes", None, "self", "paper", date(2026, 9, 30), None])).rows
    assert (row.code, row.answers, row.answered_on) == ("7KQ2M9XZ", {"newsletter": True}, date(2026, 9, 30))


@pytest.mark.parametrize(("text", "gives"), [("Yes", True), ("Y", True), ("ہاں", True), ("NO", False), ("نہیں", False)])
def test_yes_and_no_are_read_in_both_languages(text, gives):
    assert read(csv_of(f"7KQ2-M9XZ,{text},,self,paper,2026-09-30,")).rows[0].answers == {"newsletter": gives}


@pytest.mark.parametrize("day", ["2026-09-03", "03.09.2026", "3/9/2026"])
def test_local_date_formats_are_read(day):
    assert read(csv_of(f"7KQ2-M9XZ,yes,,self,paper,{day},")).rows[0].answered_on == date(2026, 9, 3)


def test_rows_without_an_answer_and_hint_lines_are_skipped():
    sheet = read(csv_of("# a hint,yes / no,,,,,", "7KQ2-M9XZ,,,,,,", "", "0000-0000,no,,self,paper,2026-09-30,"))
    assert ([row.code for row in sheet.rows], sheet.blank) == (["00000000"], 1)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("7KQ2-M9XZ,perhaps,,self,paper,2026-09-30,", (2, "newsletter", "value_not_allowed")),
        (",yes,,self,paper,2026-09-30,", (2, "code", "code_unfit")),
        (f"{'A' * 60},yes,,self,paper,2026-09-30,", (2, "code", "code_unfit")),
        ("7KQ2-M9XZ,yes,,mother,paper,2026-09-30,", (2, "answered_by", "value_not_allowed")),
        ("7KQ2-M9XZ,yes,,,paper,2026-09-30,", (2, "answered_by", "value_not_allowed")),
        ("7KQ2-M9XZ,yes,,self,mail,2026-09-30,", (2, "method", "value_not_allowed")),
        ("7KQ2-M9XZ,yes,,self,paper,yesterday,", (2, "answered_on", "date_unreadable")),
        ("7KQ2-M9XZ,yes,,self,paper,2026-02-30,", (2, "answered_on", "date_unreadable")),
        ("7KQ2-M9XZ,yes,,self,paper,,", (2, "answered_on", "date_unreadable")),
        ("7KQ2-M9XZ,yes,,self,paper,2026-10-02,", (2, "answered_on", "date_in_future")),
        (f"7KQ2-M9XZ,yes,,self,paper,2026-09-30,{'x' * 501}", (2, "note", "field_too_long")),
        ("7KQ2-M9XZ,yes,,self,paper,2026-09-30,,more", (2, None, "cell_count_wrong")),
    ],
)
def test_errors_are_reported_by_row_and_column(line, problem):
    assert refused(csv_of(line)) == [problem]


def test_all_problems_are_reported_together():
    assert len(refused(csv_of("7KQ2-M9XZ,x,,self,paper,2026-09-30,", "7KQ2-M9XZ,yes,,x,y,z,"))) == 4


@pytest.mark.parametrize(
    "header",
    [
        "newsletter,answered_by,method,answered_on",
        "code,answered_by,method,answered_on",
        "code,newsletter,newsletter,answered_by,method,answered_on",
        "code,newsletter,support,answered_by,method,answered_on",
        "code,newsletter,method,answered_on",
        "name,code,newsletter,answered_by,method,answered_on",
    ],
)
def test_a_wrong_header_is_refused(header):
    assert refused(csv_of(header=header)) == [(1, None, "header_wrong")]


def test_problems_do_not_quote_cells():
    with pytest.raises(SheetInvalid) as told:
        read(csv_of("7KQ2-M9XZ,Hamza Lodhi,,Hamza Lodhi,Hamza Lodhi,Hamza Lodhi,"))
    assert "Hamza" not in " ".join(problem.message for problem in told.value.problems)


def bomb():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(render_xlsx_sheet(PURPOSES, ["00000000"]))) as old,
        zipfile.ZipFile(out, "w", 8) as new,
    ):
        for info in old.infolist():
            new.writestr(info, old.read(info))
        new.writestr("xl/bomb.xml", b"0" * 50_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "header_wrong"),
        ("name,ہاں".encode("utf-16"), "header_wrong"),
        (b"name,\xff\xc1", "not_utf8"),
        (csv_of("7KQ2-M9XZ,\x00,,,,,"), "nul_byte"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "format_unknown"),
        (b"PK\x03\x04 not a workbook", "xlsx_unreadable"),
        (csv_of(), "nothing_answered"),
        (csv_of("7KQ2-M9XZ,,,,,,"), "nothing_answered"),
        (csv_of(*["7KQ2-M9XZ,,,,,,"] * 5_002), "too_many_rows"),
        (book(HEADER.split(","), ["=1+1", "yes", "", "self", "paper", "2026-09-30", ""]), "formula_refused"),
        (bomb(), "ratio_too_high"),
    ],
)
def test_a_file_that_is_not_an_answer_sheet_is_refused(content, code):
    assert code in [found for _, _, found in refused(content)]


def test_five_thousand_rows_are_accepted():
    assert len(read(csv_of(*["7KQ2-M9XZ,yes,,self,paper,2026-09-30,"] * 5_000)).rows) == 5_000


@pytest.mark.parametrize("make", [render_csv_sheet, render_xlsx_sheet])
def test_our_own_template_is_read_after_it_is_filled_in(make):
    codes = [generate_code() for _ in range(3)]
    blank = make(PURPOSES, codes)
    assert refused(blank) == [(None, None, "nothing_answered")]
    answered = ["yes", "no", "self", "paper", "2026-09-30", "Box 3"]
    if make is render_xlsx_sheet:
        filled = openpyxl.load_workbook(io.BytesIO(blank))
        for column, value in enumerate(answered, 2):
            filled["Answers"].cell(4, column).value = value
        out = io.BytesIO()
        filled.save(out)
        content = out.getvalue()
    else:
        printed = format_code(codes[1])
        content = blank.replace(f"{printed},,,,,,".encode(), f"{printed},{','.join(answered)}".encode())
    sheet = read(content)
    assert ([row.code for row in sheet.rows], sheet.blank) == ([codes[1]], 2)


def test_no_cell_of_our_template_starts_like_a_formula():
    cells = render_csv_sheet(PURPOSES, [generate_code()]).decode("utf-8-sig").replace("\r\n", ",").split(",")
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


GUARDIANS = (
    "code,platform-use,outside-recipients,newsletter,answered_by,guardian-id,guardian-name,guardian-relationship,method,"
    "answered_on,note"
)


def test_a_guardian_row_is_read_with_signer_and_platform_answers():
    line = "7KQ2-M9XZ,yes,no,yes,guardian,par-9,,,paper,2026-09-30,Folder 3"
    [row] = read(csv_of(line, header=GUARDIANS)).rows
    assert row.answers == {"platform-use": True, "outside-recipients": False, "newsletter": True}
    assert (row.guardian, row.guardian_name, row.relationship) == ("par-9", "", "")
    line = "7KQ2-M9XZ,no,,,guardian,,Gulnaz Bibi,Relative,paper,2026-09-30,"
    [row] = read(csv_of(line, header=GUARDIANS)).rows
    assert (row.guardian, row.guardian_name, row.relationship) == ("", "Gulnaz Bibi", "relative")


@pytest.mark.parametrize(
    ("who", "problem"),
    [
        ("guardian,par-9,Gulnaz Bibi,parent", ("guardian-name", "value_not_allowed")),
        ("guardian,,Gulnaz Bibi,", ("guardian-relationship", "value_not_allowed")),
        ("guardian,,Gulnaz Bibi,aunt", ("guardian-relationship", "value_not_allowed")),
        ("guardian,,42101-1234567-1,parent", ("guardian-name", "value_not_allowed")),
        (f"guardian,,{'x' * 201},parent", ("guardian-name", "field_too_long")),
        (f"guardian,{'x' * 256},,", ("guardian-id", "field_too_long")),
        ("self,par-9,,", ("answered_by", "value_not_allowed")),
    ],
)
def test_an_invalid_guardian_is_refused_by_row_and_column(who, problem):
    line = f"7KQ2-M9XZ,yes,,,{who},paper,2026-09-30,"
    assert refused(csv_of(line, header=GUARDIANS)) == [(2, *problem)]


@pytest.mark.parametrize("who", ["guardian,par-9,,", "self,,,"])
def test_an_identity_card_number_in_the_note_is_refused(who):
    line = f"7KQ2-M9XZ,no,,,{who},paper,2026-09-30,CNIC 42101-1234567-1"
    assert refused(csv_of(line, header=GUARDIANS)) == [(2, "note", "value_not_allowed")]


@pytest.mark.parametrize("render", [render_csv_sheet, render_xlsx_sheet])
def test_the_template_for_guardians_has_columns_for_the_signer(render):
    blank = render(["platform-use", "outside-recipients", "newsletter"], [generate_code()])
    assert refused(blank) == [(None, None, "nothing_answered")]
    if render is render_csv_sheet:
        assert blank.decode("utf-8-sig").splitlines()[0] == GUARDIANS
    else:
        workbook = openpyxl.load_workbook(io.BytesIO(blank))
        assert [cell.value for cell in workbook["Answers"][1]] == GUARDIANS.split(",")
        assert "platform-use" in " ".join(str(row[0].value) for row in workbook["Help"])
