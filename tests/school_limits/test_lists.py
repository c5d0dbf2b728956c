"""Lists of staff limited to schools begin with the people of these schools, and show the same rows as the policies."""

from typing import Any

from django.db.models import QuerySet

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from tests.cast import Cast
from tests.console.pages import MODELS, admin_of
from tests.project.offenders import refuse_any
from tests.school_limits.limiting import everyone, make_school


def keys(rows: QuerySet[Any]) -> set[Any]:
    return set(rows.order_by().values_list("pk", flat=True))


def test_every_list_shows_the_rows_that_the_policies_show(cast_of_rows: Cast) -> None:
    cast, looked_at, shown = cast_of_rows, list[tuple[str, str]](), 0
    some = make_school(cast, "north", *(cast.subject_id(name) for name in ("danish", "junaid")))
    for school in (some, make_school(cast, "all", *everyone(cast))):
        with in_client(cast.client_id("indus"), schools=frozenset([school])):
            for model in MODELS:
                rows = admin_of(model).model._default_manager.all()
                by_policy, by_list = keys(rows), keys(begin_with_people(rows))
                shown += len(by_policy)
                looked_at.append((model, "" if by_policy == by_list else f"{len(by_list)} of {len(by_policy)}"))
    refuse_any(looked_at)
    assert shown > 200
