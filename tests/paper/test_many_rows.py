"""Large sheets: a constant number of queries per batch, and confirmation in the background."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.consents.models import ConsentEvent
from consent.paper.models import AnswerSheet, EntryState, SheetEntry
from consent.paper.services.sheets import confirm_batch, confirm_matched
from tests.paper.sheets import bring, code_of, form_for, line
from tests.paper.test_queue import MADE


def test_five_thousand_rows_need_only_a_few_more_queries_than_five(cast, indus, now):
    run = form_for(cast, [cast.subject("hamza"), cast.subject("junaid")], MADE)
    rows = [line(code_of(run, cast.subject(name))) for name in ("hamza", "junaid")]
    bring(cast, now, *rows, line("1111-1111"))
    with CaptureQueriesContext(connection) as few:
        bring(cast, now, *rows, line("1111-1112"))
    with CaptureQueriesContext(connection) as many:
        bring(cast, now, *(rows * 2_499), line("1111-1113"), line("1111-1113"))
    assert SheetEntry.objects.count() == 5_006
    assert len(many) <= len(few) + 4


def test_the_worker_confirms_each_row_of_a_large_sheet_once(cast, indus, now, settings):
    settings.ANSWERS_AT_ONCE = 1
    run = form_for(cast, [cast.subject("hamza"), cast.subject("junaid")], MADE)
    sheet = bring(cast, now, *(line(code_of(run, cast.subject(name))) for name in ("hamza", "junaid")))
    asked = confirm_matched(sheet, actor=cast.actor("farah"), at=now)
    assert asked.is_under_way
    assert not ConsentEvent.objects.exists()
    after = 0
    while (found := confirm_batch(sheet.pk, client=indus, after=after, at=now)) is not None:
        after = found
    assert confirm_batch(sheet.pk, client=indus, after=0, at=now) is None
    assert not AnswerSheet.objects.get().is_under_way
    assert {entry.state for entry in SheetEntry.objects.all()} == {EntryState.CONFIRMED}
    assert [event.actor_id for event in ConsentEvent.objects.all()] == [cast.user_id("farah")] * 2
