"""Samples for audits: drawn at random, drawn again by the same seed, without people, and recorded."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent.consents.models import ConsentEvent, ConsentState
from consent.consents.services.recording import Answer, record_answers
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.reports.samples import POPULATIONS, PopulationKind, Sample, draw_sample
from tests.cast import Cast
from tests.consent.making import shown
from tests.factories import SubjectFactory
from tests.signing_in import browser_of

AT = datetime(2026, 10, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def answers(cast: Cast) -> None:
    for code, number, farah in (("indus", 12, "farah"), ("khyber", 1, "celia")):
        client_id = cast.client_id(code)
        with in_client(client_id):
            client = Client.objects.get(pk=client_id)
            for place in range(number):
                person = SubjectFactory(client=client, external_id=f"secret-{place}", role="instructor")
                by: dict[str, Any] = {"actor": cast.actor(farah), "at": AT}
                given = [Answer("newsletter", ConsentState.GIVEN)]
                record_answers(person, answers=given, shown=shown(client_id, AT), **by)


def draw(cast: Cast, name: str = "bilal", client: str | None = "indus", **given: Any) -> Sample:
    values: dict[str, Any] = {"since": AT - DAY, "until": AT + DAY, "size": 5, "seed": "seed-1", "form": "page"}
    by: dict[str, Any] = {"actor": cast.actor(name), "reason": "review", "at": AT}
    client_id = cast.client_id(client) if client else None
    return draw_sample(PopulationKind.CONSENTS, client_id, **{**values, **given}, **by)


def test_the_same_seed_draws_the_same_rows_and_another_seed_others(cast: Cast, answers: None) -> None:
    with as_officer():
        first, again, other = draw(cast), draw(cast), draw(cast, seed="seed-2")
        assert first.population == 12
        assert len(first.rows) == 5
        assert first.rows == again.rows != other.rows
        assert draw(cast, size=6).rows[:5] == first.rows, "a larger sample begins with the smaller one"
        assert draw(cast, client=None).population == 13
        assert draw(cast, since=AT + timedelta(seconds=1)).population == 0
    with in_client(PAKTALEEM):
        entry = Entry.objects.filter(kind="sample.drawn").latest("recorded_at")
    with in_client(cast.client_id("indus")):
        body = json.loads(Entry.objects.filter(kind="sample.drawn").earliest("id").body)
    assert entry.client_id == PAKTALEEM, "a sample of all clients is recorded at PakTaleem"
    told = body["facts"]
    assert (told["seed"], told["rows"], told["size"], told["population"]) == ("seed-1", 12, 5, "consents")


def test_neither_a_support_agent_nor_another_client_draws(cast: Cast, answers: None) -> None:
    with as_officer(), pytest.raises(NotAllowed):
        draw(cast, "sana")
    with in_client(cast.client_id("khyber")):
        with pytest.raises(NotAllowed):
            draw(cast, "celia")
        assert draw(cast, "celia", client="khyber").population == 1


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 501}, {"seed": "a"}, {"seed": "Hamza Khan"}])
def test_a_size_or_a_seed_out_of_bounds_is_refused(cast: Cast, wrong: dict[str, Any]) -> None:
    with in_client(cast.client_id("indus")), pytest.raises(ValueError, match="out of bounds"):
        draw(cast, "farah", **wrong)


def test_no_column_of_a_sample_is_about_who_the_person_is() -> None:
    for population in POPULATIONS.values():
        fields = set(population.shown)
        assert not {name for name in fields if name.startswith(("subject", "guardian", "requester", "actor_id"))}
        sealed = {field.name for field in population.model._meta.fields if "Sealed" in type(field).__name__}
        assert not fields & sealed


def test_an_auditor_draws_on_the_page_and_as_csv(cast: Cast, answers: None) -> None:
    bilal = browser_of(cast.user("bilal"))
    sent = {"kind": "consents", "since": "2026-10-01", "until": "2026-10-31", "size": "5", "reason": "review"}
    sent |= {"seed": "", "client": str(cast.client_id("indus"))}
    page = bilal.post("/admin/samples/", sent)
    sample = page.context["sample"]
    assert (sample.population, len(sample.rows)) == (12, 5)
    text = page.content.decode()
    assert sample.seed in text
    assert "secret-" not in text
    file = bilal.post("/admin/samples/", {**sent, "seed": sample.seed, "csv": "1"})
    header, *rows = csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))
    assert header[:5] == ["seed", "population", "since", "until", "row_id"]
    assert [row[4] for row in rows] == [row[0] for row in sample.rows]
    assert {tuple(row[:2]) for row in rows} == {(sample.seed, "12")}
    wrong = bilal.post("/admin/samples/", {**sent, "until": "2026-09-01", "seed": "not a seed"})
    assert {"until", "seed"} <= set(wrong.context["form"].errors)
    with as_officer():
        assert ConsentEvent.objects.count() >= 13
    assert browser_of(cast.user("sana")).get("/admin/samples/").status_code == 403


def test_the_page_names_client_purpose_category_and_occasion_and_the_file_has_their_codes(
    rows: dict[str, Any], cast_of_rows: Cast
) -> None:
    bilal = browser_of(cast_of_rows.user("bilal"))
    sent = {"kind": "collections", "size": 50, "seed": "seed-1", "reason": "review"}
    sent |= {"since": "2026-01-01", "until": "2027-12-31"}
    lines = bilal.post("/admin/samples/", sent).context["lines"]
    assert lines
    assert {line["cells"][0] for line in lines} == {"Indus Schools Network"}
    file = bilal.post("/admin/samples/", {**sent, "csv": "1"})
    given = list(csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    for column, place in (("purpose", 3), ("category", 4), ("occasion", 5)):
        assert not {row[column] for row in given} & {line["cells"][place] for line in lines} - {None, ""}, column
