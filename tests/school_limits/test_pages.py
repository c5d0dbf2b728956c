"""Every act and page of the console for an administrator limited to schools; the acts are those of the matrix."""

from typing import Any

from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.roles import LIMITED_CAPABILITIES
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import Hold
from tests.cast import Cast
from tests.console.pages import MODELS, admin_of
from tests.project.test_permission_matrix import ACTS
from tests.school_limits.limiting import make_head, make_school
from tests.signing_in import browser_of


def own_acts() -> list[str]:
    """List the acts of an administrator without a limit."""
    return sorted(act for act, roles in ACTS.items() if "C" in roles)


def open_statuses(browser: Any, rows: dict[str, Any], acts: list[str]) -> dict[str, int]:
    found = {}
    for act in acts:
        model, slug = act.rsplit("/", 1)
        found[act] = browser.get(f"/admin/{model}/{rows.get(act, rows[model])}/{slug}/").status_code
    return found


def test_no_act_or_page_opens_a_row_of_people_of_another_school(cast_of_rows: Cast, rows: dict[str, Any]) -> None:
    cast = cast_of_rows
    browser = browser_of(make_head(cast, make_school(cast, "empty")))
    shared = {model for model in MODELS if str(admin_of(model).model.wall.limited) in {"read", "classes"}}
    shared |= {"accounts/client", "accounts/user", "accounts/membership"}
    statuses = open_statuses(browser, rows, own_acts())
    pages = [f"{model}/{page}" for model in MODELS for page in ("change", "history")]
    statuses |= open_statuses(browser, rows, pages)
    opened = {act for act, status in statuses.items() if status not in {403, 404}}
    assert {act for act in opened if act.rsplit("/", 1)[0] not in shared} == set()
    assert "data_systems/system/change" in opened, "the register is read"


def test_a_limit_names_no_capability_that_an_administrator_does_not_have(cast: Cast) -> None:
    admin: Actor = user_actor(cast.user_id("farah"), "client_admin", cast.client_id("indus"))
    assert admin.capabilities >= LIMITED_CAPABILITIES


def test_an_act_about_more_than_the_schools_is_refused_with_the_reason(cast: Cast) -> None:
    """A hold on a kind of data of everyone, which the form allows and the database refuses."""
    school = make_school(cast, "north", cast.subject_id("danish"))
    browser = browser_of(make_head(cast, school))
    given = {"kind": "legal", "ground": "Case 12.", "category": "", "system": "", "review_on": "2099-01-01"}
    answer = browser.post("/admin/schedule/hold/add/", given)
    assert answer.status_code == 200
    assert "Your role is limited to some schools." in answer.content.decode()
    with in_client(cast.client_id("indus")):
        assert not Hold.objects.exists()
