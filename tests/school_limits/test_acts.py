"""Which acts of an administrator are open to one who is limited to schools, and which stay closed, with the reason."""

from typing import Any

from tests.cast import Cast
from tests.school_limits.limiting import everyone, make_head, make_school
from tests.school_limits.test_pages import open_statuses, own_acts
from tests.signing_in import browser_of

WHOLE_CLIENT = {
    "staff/accessreview": "reviews who has access to the whole client",
    "accounts/client": "changes the client, its sandbox or its emails",
    "accounts/membership": "a membership outside the schools is not shown",
    "accounts/clientchange": "changes the client's thresholds",
    "accounts/apikey": "keys see everyone",
    "accounts/staffchange": "widens roles by two people",
    "staff/signonlink": "the sign-in of all staff",
    "staff/provider": "the sign-in of all staff",
    "people/personmerge": "two records may belong to two schools",
    "schools/rosterimport": "a roster states all schools",
    "agreements": "the agreement with PakTaleem",
    "consent/agreementsuspension": "the agreement with PakTaleem",
    "consent/serviceagreement": "the agreement with PakTaleem",
    "consent/instruction": "the agreement with PakTaleem",
    "consent/lawfulbasis": "the register",
    "consent/noticedispatch": "notices to everyone",
    "consent/noticedraft": "notices to everyone",
    "consent/purpose": "the register",
    "consent/purposecapacity": "the register",
    "consent/recipientapproval": "the register",
    "consent/safeguardchange": "the register",
    "consent/balancingtest": "the register",
    "cookies": "sites of the client",
    "records": "assessments of the client",
    "data_systems/system": "systems hold data of everyone",
    "data_systems/systemkey": "systems hold data of everyone",
    "webhooks": "events about everyone",
    "disposals": "batches of the client's rules",
    "schedule/retentionrule": "rules about everyone",
    "schedule/holdlift": "a legal hold is lifted by two people",
    "schedule/hold/lift": "the end of a hold, which two people without a limit agree to",
    "consent/restriction/lift": "a weaker safeguard, which two people without a limit agree to",
    "mailbox": "an email that no person is found for",
    "requests/rightsrequest/messages": "emails that no person is found for",
    "reports/regulatorpack": "a pack about the whole client",
    "schools/school/end-year": "the end of the school year",
    "exits": "the end of the agreement",
    "people/subject/same-person": "two records may belong to two schools",
    "people/subject/not-same-person": "two records may belong to two schools",
    "paper/paperanswer": "answers on forms that were made for the whole client",
    "paper/formrun": "forms that were made for the whole client; a limited administrator makes their own",
}
"""Acts of an administrator that stay closed to one who is limited: model, or model and act, and why."""
OPEN = {
    "accounts/client/digest": "reads what concerns these people",
    "accounts/client/set-up": "reads how far the set-up is",
}
"""Exceptions from a model of ``WHOLE_CLIENT``."""


def is_closed(act: str) -> bool:
    """Return True if one of the prefixes of an act is in the table."""
    app, model, _ = act.split("/")
    return act not in OPEN and bool({app, f"{app}/{model}", act} & WHOLE_CLIENT.keys())


def test_each_act_is_open_for_people_of_the_schools_or_about_the_whole_client(
    cast_of_rows: Cast, rows: dict[str, Any]
) -> None:
    cast = cast_of_rows
    head = make_head(cast, make_school(cast, "all", *everyone(cast)))
    browser = browser_of(head)
    statuses = open_statuses(browser, rows, own_acts())
    wrong = {act: status for act, status in statuses.items() if is_closed(act) != (status in {403, 404})}
    assert wrong == {}
    refusal = browser.get(f"/admin/data_systems/system/{rows['data_systems/system']}/end/").content.decode()
    assert "Your role is limited to some schools." in refusal
