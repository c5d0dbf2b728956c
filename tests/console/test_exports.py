"""Export of lists: no formulas, no encrypted fields, no other client's rows, a ledger entry."""

import csv
import io
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from itertools import batched
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from django.db import connection
from openpyxl.utils.escape import unescape

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.console.exporting import ROWS_AT_ONCE, ExportableAdmin
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.tables import Personal
from paktaleem.foundation.text.cells import format_cell, parse_columns
from tests.console.pages import MODELS, spread
from tests.factories import CAST_AT
from tests.school_limits.limiting import make_head, make_school
from tests.signing_in import browser_of

PEOPLE = "/admin/people/subject/export/"
PLANTED = ["=1+1", '=HYPERLINK("http://x.example","y")', "+1", "-1", "\t=1", "\r=1", "＝1"]  # noqa: RUF001 -- a full-width sign, which spreadsheets read as an ordinary one
_CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def plant(cast, ids, *, client="indus"):
    """Insert people with these LMS ids, without the services."""
    with in_client(cast.client_id(client)), connection.cursor() as cursor:
        for some in batched(ids, 1_000):  # its triggers join new people without statistics
            cursor.execute(
                "INSERT INTO people_subject"
                " (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at)"
                " SELECT gen_random_uuid(), %s, one, 'student', 'en', true, %s, %s FROM unnest(%s::text[]) AS one",
                [cast.client_id(client), CAST_AT, CAST_AT, list(some)],
            )


def export(browser, url, kind):
    return rows_in(browser.post(url, {"format": kind, "reason": "review"}), kind)


def rows_in(response, kind):
    assert response.status_code == 200
    assert f".{kind}" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    content = response.getvalue()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) if kind == "csv" else sheet(content)


def sheet(content):
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        tree = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 -- our own file
    assert tree.find(f".//{_CELLS}f") is None
    return [["".join(one.itertext()) for one in row] for row in tree.iter(f"{_CELLS}row")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_many_rows_have_no_formula_and_need_no_more_memory_than_few(kind, sign_in, cast):
    browser = sign_in("farah")
    plant(cast, [*PLANTED, *(f"lms-few-{n}" for n in range(2 * ROWS_AT_ONCE))])
    export(browser, PEOPLE, kind)  # load modules and caches first
    few, _ = weighed(browser, kind)
    plant(cast, [f"lms-many-{n}" for n in range(6 * ROWS_AT_ONCE)])
    many, size = weighed(browser, kind)
    assert size > 300_000
    assert many < few + 300_000, (few, many)
    rows = export(browser, PEOPLE, kind)
    assert sorted(row[0] for row in rows[1:]) == sorted(map(str, _ids(cast)))
    column = rows[0].index("person")
    found = {row[column] for row in rows[1:]}
    assert {f"'{one}" for one in PLANTED} <= {one.replace("_x0009_", "\t").replace("_x000D_", "\r") for one in found}
    assert not [one for row in rows for one in row if one.startswith(("=", "+", "-", "@", "\t", "\r"))]


def weighed(browser, kind):
    """Export the people; return the most memory that Python used, and the size of the file."""
    tracemalloc.start()
    response: Any = browser.post(PEOPLE, {"format": kind, "reason": "review"})
    size = sum(map(len, response.streaming_content))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, size


def test_other_requests_are_answered_while_a_list_is_sent(sign_in, cast):
    plant(cast, [f"lms-{n}" for n in range(2 * ROWS_AT_ONCE)])
    farah, amina, celia = sign_in("farah"), sign_in("amina"), sign_in("celia")
    slow: Any = farah.post(PEOPLE, {"format": "csv", "reason": "review"})
    parts, expected = iter(slow.streaming_content), set(map(str, _ids(cast)))
    lines = [next(parts), next(parts), next(parts)]
    assert {row[1] for row in export(celia, PEOPLE, "csv")[1:]} == {"khyber"}
    assert amina.get("/admin/people/subject/").status_code == 200
    plant(cast, ["lms-after"])
    lines += parts
    sent = [row[0] for row in csv.reader(io.StringIO(b"".join(lines).decode("utf-8-sig")))][1:]
    assert len(sent) == len(expected), "as many as the ledger says"
    assert len(set(sent) - expected) <= 1, "and only people of Indus"


def test_staff_limited_to_schools_get_the_people_of_these_schools(cast):
    school = make_school(cast, "lyari", cast.subject_id("danish"))
    found = {row[0] for row in export(browser_of(make_head(cast, school)), PEOPLE, "csv")[1:]}
    assert str(cast.subject_id("danish")) in found
    assert found < set(map(str, _ids(cast)))


def test_only_own_rows_under_the_filters_of_the_list(sign_in, cast):
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
def test_the_ledger_says_who_took_what(name, query, owner, sign_in, cast):
    client_id = cast.client_id(owner) if owner else PAKTALEEM
    rows = export(sign_in(name), PEOPLE + query.format(cast.client_id("indus")), "csv")
    with in_client(client_id):
        entry = Entry.objects.filter(kind="list.exported").get()
    facts = json.loads(entry.body)["facts"]
    assert (entry.client_id, entry.actor_id) == (client_id, cast.user_id(name))
    assert (facts["list"], facts["format"], facts["reason"]) == ("people.subject", "csv", "review")
    assert facts["rows"] == len(rows) - 1
    assert list(facts["filters"]) == ([query[1:].split("=", maxsplit=1)[0]] if query else [])


def test_what_was_typed_does_not_reach_the_ledger(sign_in, cast):
    export(sign_in("farah"), f"{PEOPLE}?q=lms-danish", "csv")
    with in_client(cast.client_id("indus")):
        entry = Entry.objects.filter(kind="list.exported").get()
    assert "danish" not in entry.body
    assert json.loads(entry.body)["facts"]["filters"] == {"q": "…"}


def test_opening_the_page_writes_nothing_and_a_reason_is_required(sign_in, cast):
    browser = sign_in("farah")
    number = len(_ids(cast))
    assert f"{number} rows" in browser.get(PEOPLE).content.decode()
    assert browser.post(PEOPLE, {"format": "csv"}).status_code == 200
    assert browser.get(f"{PEOPLE}?full_name=x").status_code == 400
    assert not cast.has(Entry, kind="list.exported")


def _ids(cast):
    with in_client(cast.client_id("indus")):
        return list(Subject.objects.values_list("pk", flat=True))


def test_support_may_not_export_and_is_not_offered_it(sign_in):
    assert sign_in("sana").post(PEOPLE, {"format": "csv", "reason": "review"}).status_code == 403
    assert "export/" not in sign_in("sana").get("/admin/people/subject/").content.decode()
    assert 'href="export/?role__exact=student"' in (
        sign_in("bilal").get("/admin/people/subject/?role__exact=student").content.decode()
    )


STAFF_NAMES = "about staff, whose names and addresses are not exported; the access review and the ledger have them"
REGISTER = "the register of a client is in the record of processing"
APPROVAL = "what waits for a second person, or was settled; each is an entry of the ledger, whose list is exported"
FEW_FILES = "a few rows for each client and year, whose content is taken from their page"
PAKTALEEM_OWN = "a few rows of PakTaleem's own, with a report or a page each"
WITHOUT = spread(
    {
        STAFF_NAMES: "staff/accessreview accounts/membership accounts/staffchange accounts/user staff/signonlink",
        "keys of systems: a few for each client, whose acts are entries of the ledger": "accounts/apikey",
        REGISTER: """
            accounts/client guardians/childmechanism consent/agreementsuspension consent/assessment
            consent/balancingtest consent/datacategory consent/instruction consent/lawfulbasis consent/listedlaw
            consent/notice consent/occasion consent/purpose consent/purposecapacity consent/recipient
            consent/recipientapproval consent/serviceagreement cookies/cookie cookies/cookiesite
            cookies/linkedservice staff/provider data_systems/system data_systems/systemkey webhooks/endpoint
        """,
        "the children of the list of people, which is exported with the same day (of_age_at)": "ageing/comingofage",
        "a few people to reach for each client, named on their page only": "agreements/clientcontact",
        FEW_FILES: "agreements/dutyattestation exits/agreementexit reports/regulatorpack",
        "attempts; each that succeeded is a verification, whose list is exported": "guardians/providercheck",
        "a few schools' declarations, each with a document": "guardians/schoolauthorisation",
        "taken as a bundle with its files and hashes, from the page of consents": "consent/consentevidence",
        "the announcements of a notice, whose page has the proof for each client": "consent/noticedispatch",
        "texts that are not in effect": "consent/noticedraft",
        "texts, which are public pages": "consent/noticeversion",
        APPROVAL: "accounts/proposedchange people/agechange people/readmission",
        "a few prints; the answers to them are exported from the list of rows": "paper/formrun",
        "a few for each system": "data_map/mapline inventories/inventory inventories/inventoryline",
        "one row for each client": "consent/decisionlogsetting",
        PAKTALEEM_OWN: "upkeep/portalperiod security/securityassessment sharing/businesstransfer",
        "the retention schedule is taken from its page": "schedule/retentionrule",
        "a few for each client and year": "schools/term",
        "an order may be secret, even from the client; a pack for a regulator has the numbers": """
            sharing/legaldisclosure
        """,
        "a few files; the page of each has its numbers, which are in the ledger": "schools/rosterimport",
        "the orders themselves are exported, with their state": "data_systems/orderalert",
        "the orders themselves are exported": "data_systems/orderset",
    }
)
"""Lists without an export, with the reason."""
ANNOTATED = {"requests.rightsrequest": {"kinds"}}
"""Columns that are computed from rows of another table, by model: codes of the rights of a request."""


def test_every_list_has_an_export_or_a_reason_why_not():
    exported = {f"{one.opts.app_label}/{one.opts.model_name}" for one in exporters()}
    assert set(MODELS) - exported == set(WITHOUT), "give the list `exported`, or say here why not"
    assert all(len(reason) > 20 for reason in WITHOUT.values())


def test_requests_emails_and_invitations_are_exported_without_names(cast_of_rows, rows):
    del rows
    cast, browser = cast_of_rows, browser_of(cast_of_rows.user("farah"))
    for model in ("requests/rightsrequest", "invitations/invitation", "holdings/incident", "mail/letter"):
        found = export(browser, f"/admin/{model}/export/", "csv")
        text = str(found).lower()
        assert len(found) > 1, model
        assert not [name for name in ("qureshi", "lodhi", "@mail.example", "+92300") if name in text], model
    with in_client(cast.client_id("indus")):
        facts = [json.loads(one.body)["facts"] for one in Entry.objects.filter(kind="list.exported")]
    assert sorted(one["list"] for one in facts) == [
        "holdings.incident",
        "invitations.invitation",
        "mail.letter",
        "requests.rightsrequest",
    ]


def test_every_list_with_an_export_links_to_it(cast_of_rows, rows):
    del rows
    browser, unlinked = browser_of(cast_of_rows.user("amina")), []
    for admin in exporters():
        page = browser.get(f"/admin/{admin.opts.app_label}/{admin.opts.model_name}/")
        if page.context["cl"].result_list and 'href="export/' not in page.content.decode():
            unlinked.append(admin.opts.label_lower)
    assert unlinked == []


def exporters():
    return [one for one in site._registry.values() if isinstance(one, ExportableAdmin)]


@pytest.mark.parametrize("admin", exporters(), ids=lambda admin: admin.opts.label_lower)
def test_every_export_has_columns_and_none_is_sealed(admin, sign_in):
    columns = parse_columns(admin.exported)
    assert columns
    for path in set(columns.values()) - ANNOTATED.get(admin.opts.label_lower, set()):
        model = admin.model
        for step in path.split("__"):
            field = next(one for one in model._meta.concrete_fields if step in {one.name, one.attname})
            assert not isinstance(field, SealedField)
            assert model.wall.personal.get(field.name) in {None, Personal.NONE, Personal.PSEUDONYM}
            model = field.related_model or model
    url = f"/admin/{admin.opts.app_label}/{admin.opts.model_name}/export/"
    assert export(sign_in("amina"), url, "csv")[0] == ["id", "client", *columns]


@pytest.mark.parametrize("text", ["=a", "+a", "-a", "@a", "\ta", "\ra", "\na"])
def test_a_text_like_a_formula_is_one_no_more(text):
    assert format_cell(text) == f"'{text}"
    assert format_cell(text[1:] + text) == text[1:] + text
    assert (format_cell(-1), format_cell(None), format_cell(b"\xff")) == (-1, "", "ff")


OFFICE = shutil.which("soffice")
UNUSUAL = ["=1+1", '<b>&amp;"quoted"', "طالب علم", "_x0041_", " lms two  spaces "]
type Read = Callable[[bytes, Path], list[Sequence[Any]]]


def read_by_openpyxl(content, folder):
    """Return the rows of the only sheet. Unlike Excel, openpyxl leaves escaped characters to its caller."""
    [sheet] = openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets
    return [[unescape(str(one)) for one in row] for row in sheet.iter_rows(values_only=True)]


def read_by_libreoffice(content, folder):
    """Return the rows that LibreOffice writes as CSV: separated by commas (44), quoted (34), in UTF-8 (76)."""
    (folder / "list.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    options = [profile, "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(folder)]
    subprocess.run([str(OFFICE), "--headless", *options, str(folder / "list.xlsx")], check=True, capture_output=True)
    return list(csv.reader((folder / "list.csv").read_text(encoding="utf-8").splitlines()))


READERS = [
    pytest.param(read_by_openpyxl, id="openpyxl"),
    pytest.param(
        read_by_libreoffice,
        id="libreoffice",
        marks=pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed"),
    ),
]


@pytest.mark.parametrize("read", READERS)
def test_an_export_of_several_pages_opens(read, sign_in, cast, tmp_path):
    many = [f"lms-many-{number:05}" for number in range(ROWS_AT_ONCE)]
    plant(cast, [*UNUSUAL, *many])
    browser = sign_in("farah")
    content = browser.post(PEOPLE, {"format": "xlsx", "reason": "review"}).getvalue()
    people = people_in(read(content, tmp_path))
    assert people == people_in(export(browser, PEOPLE, "csv"))
    assert people >= {"'=1+1", *UNUSUAL[1:], *many}


def people_in(rows):
    column = list(rows[0]).index("person")
    people = [str(row[column]) for row in rows[1:]]
    assert len(set(people)) == len(people)
    return set(people)
