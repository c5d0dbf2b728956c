"""Export of lists: no formulas, no encrypted fields, no other client's rows, a ledger entry."""

import csv
import io
import json
import tracemalloc
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.cells import format_cell
from paktaleem.foundation.console.exporting import ROWS_AT_ONCE, ExportableAdmin
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.table_policy import Personal
from tests.cast import Cast
from tests.console.conftest import SignIn
from tests.factories import CAST_AT

PEOPLE = "/admin/subjects/subject/export/"
PLANTED = ["=1+1", '=HYPERLINK("http://x.example","y")', "+1", "-1", "\t=1", "\r=1", "＝1"]  # noqa: RUF001 -- a full-width sign, which spreadsheets read as an ordinary one
_CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def plant(cast: Cast, ids: Sequence[str], *, client: str = "indus") -> None:
    """Insert ten thousand people with these LMS ids, without the services."""
    with in_client(cast.client_id(client)), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subjects_subject"
            " (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at)"
            " SELECT gen_random_uuid(), %s, one, 'student', 'en', true, %s, %s FROM unnest(%s::text[]) AS one",
            [cast.client_id(client), CAST_AT, CAST_AT, list(ids)],
        )


def export(browser: Client, url: str, kind: str) -> list[list[str]]:
    """Return the rows of an export, with the heading first."""
    return rows_in(browser.post(url, {"format": kind, "reason": "review"}), kind)


def rows_in(response: Any, kind: str) -> list[list[str]]:
    """Return the rows of a response with an export, with the heading first."""
    assert response.status_code == 200
    assert f".{kind}" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    content = response.getvalue()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) if kind == "csv" else sheet(content)


def sheet(content: bytes) -> list[list[str]]:
    """Return the cells of a workbook's only sheet; fail on a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        tree = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 -- our own file
    assert tree.find(f".//{_CELLS}f") is None
    return [["".join(one.itertext()) for one in row] for row in tree.iter(f"{_CELLS}row")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_ten_thousand_people_and_no_formula_in_flat_memory(kind: str, sign_in: SignIn, cast: Cast) -> None:
    browser = sign_in("farah")
    plant(cast, [*PLANTED, *(f"lms-few-{n}" for n in range(2 * ROWS_AT_ONCE))])
    export(browser, PEOPLE, kind)  # load modules and caches first
    few, _ = weighed(browser, kind)
    plant(cast, [f"lms-many-{n}" for n in range(10_000 - 2 * ROWS_AT_ONCE)])
    many, rows = weighed(browser, kind)
    assert len(rows) > 10_000
    column = rows[0].index("person")
    found = {row[column] for row in rows[1:]}
    assert {f"'{one}" for one in PLANTED} <= {one.replace("_x0009_", "\t").replace("_x000D_", "\r") for one in found}
    assert not [one for row in rows for one in row if one.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert many < few + 1_500_000, (few, many)


def weighed(browser: Client, kind: str) -> tuple[int, list[list[str]]]:
    """Export the people; return the most memory that Python used, and the rows."""
    tracemalloc.start()
    response = browser.post(PEOPLE, {"format": kind, "reason": "review"})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, rows_in(response, kind)


def test_only_own_rows_under_the_filters_of_the_list(sign_in: SignIn, cast: Cast) -> None:
    plant(cast, ["kh-1"], client="khyber")
    own = export(sign_in("farah"), PEOPLE, "csv")
    assert {row[own[0].index("client")] for row in own[1:]} == {"indus"}
    children = export(sign_in("farah"), f"{PEOPLE}?role__exact=student&age=child", "csv")
    assert 0 < len(children) < len(own)
    everyone = export(sign_in("amina"), PEOPLE, "csv")
    assert {row[own[0].index("client")] for row in everyone[1:]} >= {"indus", "khyber"}


@pytest.mark.parametrize(
    ("name", "query", "owner"),
    [("farah", "?role__exact=student", "indus"), ("amina", "", None), ("amina", "?client__id__exact={}", "indus")],
)
def test_the_ledger_says_who_took_what(name: str, query: str, owner: str | None, sign_in: SignIn, cast: Cast) -> None:
    client_id = cast.client_id(owner) if owner else PAKTALEEM
    rows = export(sign_in(name), PEOPLE + query.format(cast.client_id("indus")), "csv")
    with in_client(client_id):
        entry = Entry.objects.filter(kind="list.exported").get()
    facts = json.loads(entry.body)["facts"]
    assert (entry.client_id, entry.actor_id) == (client_id, cast.user_id(name))
    assert (facts["list"], facts["format"], facts["reason"]) == ("subjects.subject", "csv", "review")
    assert facts["rows"] == len(rows) - 1
    assert list(facts["filters"]) == ([query[1:].split("=", maxsplit=1)[0]] if query else [])


def test_what_was_typed_does_not_reach_the_ledger(sign_in: SignIn, cast: Cast) -> None:
    export(sign_in("farah"), f"{PEOPLE}?q=lms-danish", "csv")
    with in_client(cast.client_id("indus")):
        entry = Entry.objects.filter(kind="list.exported").get()
    assert "danish" not in entry.body
    assert json.loads(entry.body)["facts"]["filters"] == {"q": "…"}


def test_opening_the_page_writes_nothing_and_a_reason_is_required(sign_in: SignIn, cast: Cast) -> None:
    browser = sign_in("farah")
    number = len(_ids(cast))
    assert f"{number} rows" in browser.get(PEOPLE).content.decode()
    assert browser.post(PEOPLE, {"format": "csv"}).status_code == 200
    assert browser.get(f"{PEOPLE}?full_name=x").status_code == 400
    with in_client(cast.client_id("indus")):
        assert not Entry.objects.filter(kind="list.exported").exists()


def _ids(cast: Cast) -> list[Any]:
    with in_client(cast.client_id("indus")):
        return list(Subject.objects.values_list("pk", flat=True))


def test_support_may_not_export_and_is_not_offered_it(sign_in: SignIn) -> None:
    assert sign_in("sana").post(PEOPLE, {"format": "csv", "reason": "review"}).status_code == 403
    assert "export/" not in sign_in("sana").get("/admin/subjects/subject/").content.decode()
    assert 'href="export/?role__exact=student"' in (
        sign_in("bilal").get("/admin/subjects/subject/?role__exact=student").content.decode()
    )


def exporters() -> list[Any]:
    return [one for one in site._registry.values() if isinstance(one, ExportableAdmin)]


@pytest.mark.parametrize("admin", exporters(), ids=lambda admin: admin.opts.label_lower)
def test_every_export_has_columns_and_none_is_sealed(admin: Any, sign_in: SignIn) -> None:
    assert admin.exported
    for path in admin.exported.values():
        model = admin.model
        for step in path.split("__"):
            field = next(one for one in model._meta.concrete_fields if step in {one.name, one.attname})
            assert not isinstance(field, SealedField)
            assert model.wall.personal.get(field.name) in {None, Personal.NONE, Personal.PSEUDONYM}
            model = field.related_model or model
    url = f"/admin/{admin.opts.app_label}/{admin.opts.model_name}/export/"
    assert export(sign_in("amina"), url, "csv")[0] == ["id", "client", *admin.exported]


@pytest.mark.parametrize("text", ["=a", "+a", "-a", "@a", "\ta", "\ra", "\na"])
def test_a_text_like_a_formula_is_one_no_more(text: str) -> None:
    assert format_cell(text) == f"'{text}"
    assert format_cell(text[1:] + text) == text[1:] + text
    assert (format_cell(-1), format_cell(None), format_cell(b"\xff")) == (-1, "", "ff")
