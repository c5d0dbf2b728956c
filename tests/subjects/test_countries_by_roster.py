"""Country of residence in every roster format: read, checked, and subject to the age gate like any other route."""

import csv
import io
from datetime import date, timedelta

import openpyxl
import pytest

from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.rosters.importing.service import open_source
from paktaleem.directory.schools.rosters.spreadsheet.template import csv_template, xlsx_template
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import decision_reason
from tests.children.test_age_changes import bring
from tests.rosters import clean_network

MINUTE = timedelta(minutes=1)
CLOSED = "guardian_consent_required"
FIRST_ROW = 3
"""First data row of the template, below its headings and hints."""


@pytest.fixture
def indus(cast, now):
    """Indus, with a threshold of sixteen for residents of Germany and thirteen for everyone else."""
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        indus.country_thresholds = {"DE": 16}
        change_client(indus, actor=cast.actor("amina"), reason="law_change", at=now)
        yield indus


def as_csv(country):
    """Return the template as CSV, filled in: Sana is fourteen."""
    header, hints = csv.reader(io.StringIO(csv_template().decode("utf-8-sig")))
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, hints, [_cells(country).get(name, "") for name in header]])
    return out.getvalue().encode()


def as_xlsx(country):
    """Return the template as a workbook, filled in the same way."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx_template()))
    sheet = book["People"]
    headings = [cell.value for cell in sheet[1]]
    for name, text in _cells(country).items():
        sheet.cell(FIRST_ROW, headings.index(name) + 1).value = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(country):
    return {
        "ID": "sana",
        "Role": "student",
        "Full name": "Sana Khan",
        "Birth date": "2012-03-01",
        "Country": country,
    }


def as_oneroster(country, tmp_path, *, version="1.1", columns=("metadata.house", "metadata.country")):
    """Return a package of a school whose exporter adds its own columns."""
    package = clean_network()
    package.user("sana", "student", "Sana", "Khan", **{"metadata.country": country, "metadata.house": "Iqbal"})
    package.born("sana", "2012-03-01")
    package = package.as_version_1_2() if version == "1.2" else package
    package.headers["users.csv"] += columns
    return package.write(tmp_path / "roster.zip").read_bytes()


FORMATS = {
    "csv": lambda country, _: as_csv(country),
    "xlsx": lambda country, _: as_xlsx(country),
    "1.1": as_oneroster,
    "1.2": lambda country, folder: as_oneroster(country, folder, version="1.2"),
}


@pytest.fixture(params=FORMATS)
def roster(request, tmp_path):
    """Return a function that makes a roster of Sana, aged 14, living in a given country."""
    return lambda country: FORMATS[request.param](country, tmp_path)


def sana():
    return Subject.objects.get(external_id="sana")


def test_the_country_of_a_roster_sets_the_age_threshold(cast, now, indus, roster):
    farah = cast.actor("farah")
    bring(indus, roster("de"), farah, now)
    assert (sana().country, sana().of_age_threshold, sana().of_age_at.date()) == ("DE", 16, date(2028, 2, 29))
    assert decision_reason(cast, "sana", now) == CLOSED
    bring(indus, roster(""), farah, now + MINUTE)
    assert sana().country == "DE", "a file that does not say keeps what is known"


def test_moving_to_a_lower_threshold_waits_for_a_second_person(cast, now, indus, roster):
    farah, at = cast.actor("farah"), now + MINUTE
    bring(indus, roster("DE"), farah, now)
    bring(indus, roster("PK"), farah, at)
    assert (sana().country, sana().of_age_threshold) == ("DE", 16)
    assert decision_reason(cast, "sana", at) == CLOSED
    change = AgeChange.objects.get(subject=sana(), state="waiting")
    settle_age_change(change, approve=True, actor=cast.actor("amina"), at=at + MINUTE)
    assert (sana().country, decision_reason(cast, "sana", at + MINUTE)) == ("PK", "permitted")


def test_moving_to_a_higher_threshold_takes_effect_at_once(cast, now, indus, roster):
    farah, at = cast.actor("farah"), now + MINUTE
    bring(indus, roster(""), farah, now)
    assert (sana().country, decision_reason(cast, "sana", now)) == ("", "permitted")
    bring(indus, roster("DE"), farah, at)
    assert (sana().country, decision_reason(cast, "sana", at)) == ("DE", CLOSED)
    assert not AgeChange.objects.exists()


@pytest.mark.parametrize("country", ["Germany", "D", "1A", "ÜÜ"])
def test_an_invalid_country_is_refused_with_its_place(cast, indus, roster, country):
    with pytest.raises(RosterInvalid) as refused, open_source(io.BytesIO(roster(country)), client=indus):
        pass
    [problem] = refused.value.problems
    assert (problem.code, problem.column) in {("country_unfit", "Country"), ("country_unfit", "metadata.country")}
    assert country not in problem.message


def test_a_repeated_column_is_refused(indus, tmp_path):
    package = as_oneroster("DE", tmp_path, columns=("metadata.country", "metadata.country"))
    with pytest.raises(RosterInvalid) as refused, open_source(io.BytesIO(package), client=indus):
        pass
    assert [one.code for one in refused.value.problems] == ["header_wrong"]


def test_a_delta_with_a_country_is_read_like_a_full_roster(cast, now, indus, tmp_path):
    package = clean_network()
    package.user("sana", "student", "Sana", "Khan", **{"metadata.country": "DE"})
    package.born("sana", "2012-03-01")
    package.headers["users.csv"].append("metadata.country")
    delta = package.as_delta(sana="active").write(tmp_path / "delta.zip").read_bytes()
    bring(indus, delta, cast.actor("farah"), now)
    assert sana().country == "DE"
