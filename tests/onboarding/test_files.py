"""A client as a file: loaded, exported, and loaded again without a change."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator

from consent.agreements.models import ClientContact
from consent.notices.models import NoticeVersion
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import LawfulBasis, SafeguardChange
from paktaleem.foundation.accounts.client_services import ClientChange
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast

NEW = """
client:
  code: ravi
  name: Ravi Schools
  country: PK
  address: 7 Canal Road, Sukkur
  time_zone: Asia/Karachi
  age_threshold: 16
contacts:
  - {kind: privacy, name: Rabia Anwar, email: rabia@ravi.example}
agreement:
  reference: MSA-7
purposes:
  - code: alumni
    name: {en: Alumni, ur: سابق طلبہ}
    description: {en: News for former students., ur: سابق طلبہ کے لیے خبریں۔}
    categories: [contact_details]
    needs_account: false
bases:
  - {purpose: alumni, role: student, basis: consent}
instructions:
  - {document: Annex 1, purposes: [support, alumni], categories: [contact_details, organisation]}
mechanisms:
  - kind: age
    description: {en: By the birth certificate., ur: پیدائش کے سرٹیفکیٹ سے۔}
    reference: Handbook 4.2
notices:
  - code: alumni_notice
    title: {en: Alumni, ur: سابق طلبہ}
    purposes: [alumni]
    text:
      en: |
        May we write to you?

        You are free to refuse.
      ur: کیا ہم آپ کو لکھ سکتے ہیں؟
retention:
  - category: contact_details
    purpose: alumni
    trigger: consent_withdrawn
    period: P30D
    action: delete
    ground: {en: Lists are cleaned once a month., ur: فہرستیں ہر ماہ صاف کی جاتی ہیں۔}
"""


def run(command: str, *words: str) -> tuple[str, list[str], int]:
    """Run a command; return its output, its lines on stderr, and its exit status."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command(command, *words, stdout=out, stderr=err)
    except SystemExit as end:
        status = int(end.code or 0)
    return out.getvalue(), err.getvalue().splitlines(), status


def load(folder: Path, document: str | dict[str, Any], *words: str) -> tuple[str, list[str], int]:
    file = folder / "client.yaml"
    file.write_text(document if isinstance(document, str) else yaml.safe_dump(document, allow_unicode=True))
    return run("load_client", str(file), *words)


def exported(code: str) -> dict[str, Any]:
    document = json.loads(run("export_client", code, "--format", "json")[0])
    assert isinstance(document, dict)
    return document


def test_a_client_is_loaded_exported_and_loaded_again_without_a_change(cast: Cast, tmp_path: Path) -> None:
    shown, _errors, status = load(tmp_path, NEW, "--dry-run")
    assert (status, find_client_by_code("ravi")) == (0, None)
    assert "Nothing is stored" in shown
    assert "purposes[0] (alumni): new" in shown
    stored, _errors, status = load(tmp_path, NEW)
    assert (status, stored.replace("The file", "")) == (0, shown.partition("\n")[2])
    client_id = find_client_by_code("ravi")
    assert client_id is not None
    with in_client(client_id):
        assert (Client.objects.get(pk=client_id).age_threshold, ClientContact.objects.count()) == (16, 1)
        assert NoticeVersion.objects.get(client_id=client_id).text_en.startswith("May we write to you?\n\nYou")
        assert Instruction.objects.get(client_id=client_id).purposes == ["support", "alumni"]
    assert "both sides sign the draft" in stored
    assert "The file changes nothing." in load(tmp_path, NEW)[0]
    text = run("export_client", "ravi")[0]
    assert "Rabia" not in text
    assert "The file changes nothing." in load(tmp_path, text)[0]
    assert "The file changes nothing." in load(tmp_path, exported("ravi"))[0]


def test_an_exported_client_is_loaded_as_another_one(cast: Cast, tmp_path: Path) -> None:
    document = exported("indus")
    document["client"] |= {"code": "ravi", "name": "Ravi Schools"}
    document.pop("contacts", None)  # people of Indus
    shown, errors, status = load(tmp_path, document, "--dry-run")
    assert (errors, status, find_client_by_code("ravi")) == ([], 0, None)
    assert "client ravi: new" in shown
    assert load(tmp_path, document)[2] == 0
    assert exported("ravi") == document
    assert "The file changes nothing." in load(tmp_path, document)[0]


def test_a_changed_file_changes_only_what_differs_and_requests_what_takes_two(cast: Cast, tmp_path: Path) -> None:
    load(tmp_path, NEW)
    document = exported("ravi")
    document["client"] |= {"name": "Ravi Colleges", "age_threshold": 13}
    document["retention"][0]["period"] = "P60D"
    _shown, errors, status = load(tmp_path, document)
    assert status == 2
    assert [line.partition(":")[0] for line in errors] == ["client.ground"]
    document["client"]["ground"] = "The law of the province."
    shown, _errors, status = load(tmp_path, document)
    assert status == 0
    assert "client.name: “Ravi Schools” → “Ravi Colleges”" in shown
    assert "period: “P30D” → “P60D”" in shown
    assert "client.age_threshold: reduces the protection of children" in shown.partition("Requested, not approved:")[2]
    client_id = find_client_by_code("ravi")
    assert client_id is not None
    with in_client(client_id):
        client = Client.objects.get(pk=client_id)
        assert (client.name, client.age_threshold) == ("Ravi Colleges", 16)
        assert ClientChange.objects.get(client=client).state == "waiting"


def test_a_signed_agreement_and_a_basis_of_consent_are_not_changed_by_a_file(cast: Cast, tmp_path: Path) -> None:
    """Indus has signed: only its administrator adds to its instructions, and another basis takes two people."""
    document = exported("indus")
    assert "The file changes nothing." in load(tmp_path, document)[0]
    document["client"]["address"] = "9 New Road"
    document["instructions"].append({"document": "Annex 9", "purposes": ["support"], "categories": ["device"]})
    document["agreement"]["ends_at"] = "2098-01-01T00:00:00+00:00"
    document["bases"] = [{"purpose": "newsletter", "role": "student", "basis": "contract"}]
    _shown, errors, status = load(tmp_path, document)
    assert status == 2
    assert [line.partition(":")[0] for line in errors] == ["agreement.ends_at", "bases[0].basis", "instructions[1]"]
    assert all("console" in line or "both sides" in line for line in errors)
    client_id = cast.client_id("indus")
    with in_client(client_id):
        assert Client.objects.get(pk=client_id).address == ""
        assert not Instruction.objects.filter(document="Annex 9").exists()
        assert not SafeguardChange.objects.exists()
        assert set(LawfulBasis.objects.filter(client_id=client_id).values_list("basis", flat=True)) == {"consent"}


@pytest.mark.parametrize(
    ("wrong", "lines"),
    [
        ("client: {name: X}", ["client.code: is missing."]),
        (
            "client: {code: ravi, colour: red, country: no, age_threshold: 9}",
            [
                "client.colour: no such field. Allowed: code, name",
                "client.age_threshold: must be at least 13.",
                "client.country: must be a two-letter code of ISO 3166 in capitals, such as PK.",
            ],
        ),
        ("client: {code: ravi}\nclient: {code: indus}", ["client: is there twice, line 1."]),
        ("client: &a {code: ravi}\ncontacts: [*a]", ["The file has an alias (*)"]),
        ("client: !!python/object/apply:os.getcwd []", ["The file has a tag (!), line 1: write the plain value."]),
        ("client: {code: ravi, name: Ravi}", ["client.country: is missing", "client.time_zone: is missing"]),
        ("client: {code: paktaleem}", ["client.code: PakTaleem's own client"]),
        (
            "client: {code: indus}\nbases: [{purpose: newsletter, role: pupil, basis: consent}]",
            ["bases[0].role: allowed are “student”, “learner”"],
        ),
        (
            "client: {code: indus}\npurposes: [{code: newsletter, categories: [contact_details, shoe_size]}]",
            ["purposes[0].categories: shoe_size: no such code. Allowed: billing, contact_details"],
        ),
        (
            "client: {code: indus}\nagreement: {reference: A, starts_at: 1/2/2026}\npurposes: [{code: x1, name: News}]",
            [
                "agreement.starts_at: must be a time with its offset, such as",
                "purposes[0].name: must have the fields en, ur.",
            ],
        ),
    ],
)
def test_each_error_is_one_line_that_names_the_field(cast: Cast, tmp_path: Path, wrong: str, lines: list[str]) -> None:
    _shown, errors, status = load(tmp_path, wrong)
    assert status == 2
    assert len(errors) == len(lines)
    assert all(error.startswith(line) for error, line in zip(errors, lines, strict=True)), errors
    assert find_client_by_code("ravi") is None


def test_the_schema_is_printed_and_is_a_schema() -> None:
    schema = json.loads(run("load_client", "--schema")[0])
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(yaml.safe_load(NEW))
