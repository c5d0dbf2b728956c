"""Schools and classes named in forms: by LMS id, or by name; the form suggests the client's own."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from paktaleem.directory.schools.forms import SelectionForm, read_place
from paktaleem.directory.schools.models import SchoolClass
from paktaleem.directory.schools.rows import GivenRows
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import row_url
from tests.schools.making import CLASSES, SCHOOLS, TERMS, record
from tests.signing_in import browser_of


@pytest.fixture
def named(cast: Cast) -> Cast:
    """Two classes named 4-A, one of which has the name of a school as its id; a class that has ended."""
    other = CLASSES[2]._replace(external_id="Lyari School", title="4-A")
    rows = GivenRows(schools=SCHOOLS, terms=TERMS, classes=[*CLASSES, other], enrolments=[], complete=frozenset())
    with in_client(cast.client_id("indus")):
        record(cast.client("indus"), rows, timezone.now())
        SchoolClass.objects.filter(external_id="c9").update(ended_at=timezone.now())
    return cast


def read(cast: Cast, text: str, client: str = "indus") -> str:
    with in_client(cast.client_id(client)):
        return read_place(text, cast.client_id(client)).external_id


def test_a_place_is_found_by_its_id_and_otherwise_by_its_name(named: Cast) -> None:
    found = [read(named, text) for text in ("4b", "4-b", "clifton school", "Lyari School")]
    assert found == ["4b", "4b", "clifton", "Lyari School"], "an id goes before a name"


_SEVERAL = "4a – 4-A (Lyari School), Lyari School – 4-A (Clifton School)"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("9-C", "No school or class in use at this client has this name or id: 9-C."),
        ("4-a", f"“4-a” is the name of several. Use the LMS id: {_SEVERAL}."),
    ],
)
def test_an_ended_class_and_a_name_of_several_are_refused(named: Cast, text: str, answer: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(named, text)
    assert refused.value.messages == [answer]


def test_a_place_of_another_client_is_neither_found_nor_suggested(named: Cast) -> None:
    with pytest.raises(ValidationError):
        read(named, "4b", "khyber")
    page = browser_of(named.user("farah")).get(row_url("people/subject", named.subject_id("hamza"), "moves-class"))
    [(key, options)] = re.findall(r'<datalist id="([^"]+)">(.*?)</datalist>', page.content.decode(), re.DOTALL)
    assert f'list="{key}"' in page.content.decode()
    assert re.findall(r'<option value="([^"]+)">([^<]+)<', options) == [
        ("4a", "4-A (Lyari School)"),
        ("4b", "4-B (Lyari School)"),
        ("Lyari School", "4-A (Clifton School)"),
    ]
    other = row_url("people/subject", named.subject_id("kiran"), "moves-class")
    assert "<datalist" not in browser_of(named.user("celia")).get(other).content.decode()


def test_a_selection_takes_names_and_ids_and_names_each_line_that_it_cannot_read(named: Cast) -> None:
    indus = named.client_id("indus")
    with in_client(indus):
        form, wrong = (SelectionForm({"place": text}) for text in ("4-B\nlyari", "4-B\nnowhere\n4-A"))
        for one in (form, wrong):
            assert one.is_valid()
            one.check_selection(indus)
    assert form.selection.places == ("4b", "lyari")
    assert [str(text).split(":")[-1].rstrip(".") for text in wrong.errors["place"]] == [" nowhere", f" {_SEVERAL}"]
