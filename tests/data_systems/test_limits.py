"""Limits of collected data: excess is refused, and stored parts stay unchanged."""

from io import BytesIO

import pytest

from paktaleem.directory.data_systems.models import Order, OrderPart
from paktaleem.directory.data_systems.services.collecting import MOST_PARTS, TooManyParts, add_part
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome, Section
from paktaleem.directory.files.services import FileTooLarge


@pytest.fixture
def collecting(issue, key, now):
    return accept_order(issue("collect", categories=("content",)), actor=key, at=now)


def sections(count):
    return Answer(Outcome.DONE, sections=tuple(Section("content", {"essay": number}) for number in range(count)))


def state(order):
    return Order.objects.get(pk=order.pk).state, OrderPart.objects.filter(order=order).count()


def test_the_number_of_parts_is_limited(collecting, key, now):
    add_part(collecting, BytesIO(b"%PDF-1.7 essay"), category="content", actor=key, at=now)
    with pytest.raises(TooManyParts):
        complete_order(collecting, sections(MOST_PARTS), actor=key, at=now)
    assert state(collecting) == ("accepted", 1), "nothing of the answer is kept"
    complete_order(collecting, sections(MOST_PARTS - 1), actor=key, at=now)
    assert state(collecting) == ("confirmed", MOST_PARTS)


def test_files_count_as_parts(collecting, key, now, monkeypatch):
    monkeypatch.setattr("paktaleem.directory.data_systems.services.collecting.MOST_PARTS", 2)
    for _ in range(2):
        add_part(collecting, BytesIO(b"%PDF-1.7 essay"), category="content", actor=key, at=now)
    with pytest.raises(TooManyParts):
        add_part(collecting, BytesIO(b"%PDF-1.7 essay"), category="content", actor=key, at=now)
    assert state(collecting) == ("accepted", 2)


def test_a_section_is_limited_like_a_file(collecting, key, now, settings):
    settings.FILE_MOST_BYTES = 100
    large = Answer(Outcome.DONE, sections=(Section("content", "x" * 100),))
    with pytest.raises(FileTooLarge):
        complete_order(collecting, large, actor=key, at=now)
    assert state(collecting) == ("accepted", 0)
