"""No page of the console scans or sorts a whole table, or runs more queries when there are more rows.

``make test-scale`` does the same with a million people of 500 clients, for every page that an officer, an auditor, a
support agent and a client's administrator may open, and reports the time of each page.
"""

import itertools
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from consent.notices.models import Notice
from consent.notices.selectors.notices import preview_effect
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.console.filters import CLIENT_PARAMETER
from paktaleem.foundation.console.person_pages import TABS, PersonRows, person_pages
from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.office.reports.samples import PopulationKind
from retention.holdings.models import Holding
from rights.requests.admin.requests import select_calls
from rights.requests.models import RightsRequest
from tests.cast import Cast
from tests.console.pages import MODELS, admin_of, list_url, row_url
from tests.console.test_permissions import STAFF, TABLE
from tests.database import cast_values, copied_database
from tests.project.crawl import addresses
from tests.project.rows import rows_of_indus
from tests.scale.filling import PERSON_WITH_MANY_ROWS, fill
from tests.scale.pages import IS_WHOLE, PART, READER, counted, faults, narrowed, say
from tests.scale.plans import ROWS_OF_A_BIG_TABLE, spied
from tests.signing_in import browser_of

PEOPLE, CLIENTS = int(os.environ.get("SCALE_PEOPLE", "50000")), int(os.environ.get("SCALE_CLIENTS", "60"))
READERS = [
    name for name in (("amina", "farah", "bilal", "sana") if IS_WHOLE else ("amina", "farah")) if READER in {"", name}
]


def _list_models(names: str) -> list[str]:
    return names.split()


NARROWERS = ("amina", "farah")
"""Readers for whom the large lists are filtered: an auditor's and a support agent's queries are those of an officer."""
BIG = _list_models("""
    audit/entry people/subject people/guardianclaim people/accessrecord consent/consent consent/consentevent
    consent/consentevidence consent/restriction consent/objection mail/letter invitations/invitation ageing/comingofage
    ageing/agenotice sharing/disclosure holdings/collection holdings/flaggedcollection holdings/holding
    holdings/incident guardians/guardianship guardians/serviceauthorisation guardians/verification
    guardians/providercheck guardians/quarantine guardians/schoolauthorisation guardians/guardianchange
    guardians/guardianconflict schedule/hold cookies/cookiechoice requests/rightsrequest erasures/erasureproposal
    mailbox/mailmessage desk/requesttask people/agechange people/readmission schools/rosterimport data_systems/order
    data_systems/orderset data_systems/orderalert webhooks/delivery paper/formrun paper/paperanswer schools/school
    schools/schoolclass
""")
"""Models that grow with the number of people: filled by filling.py."""
FEW = _list_models("""
    agreements/clientcontact agreements/dutyattestation exits/agreementexit reports/regulatorpack accounts/client
    accounts/user accounts/membership staff/accessreview staff/provider staff/signonlink accounts/apikey
    security/securityassessment security/securityevent accounts/staffchange guardians/childmechanism desk/authoritycase
    consent/agreementsuspension consent/assessment consent/balancingtest consent/datacategory consent/instruction
    consent/lawfulbasis
    consent/listedlaw consent/notice consent/noticedispatch consent/noticedraft consent/noticeversion consent/occasion
    consent/purpose consent/purposecapacity consent/recipient consent/recipientapproval sharing/businesstransfer
    sharing/legaldisclosure accounts/proposedchange consent/serviceagreement breaches/breach people/personmerge
    consent/decisionlogsetting
    upkeep/portalperiod cookies/cookie cookies/cookiesite cookies/linkedservice disposals/batch
    schedule/retentionrule schools/term data_systems/system data_systems/systemkey webhooks/endpoint data_map/mapline
    inventories/inventory inventories/inventoryline reports/usefinding
""")
"""Models that do not grow with the number of people: staff, clients, the register, what is written by hand."""
COUNTED_WHOLE = {
    "/announce/": ({"consent_consent"}, "staff see exactly how many people must consent again before they announce"),
    "/widen/": ({"consent_consent"}, "staff see exactly how many consents end before they add data to a purpose"),
    "/accounts/proposedchange/": (
        {"consent_consent", "people_subject"},
        "a second person sees exactly whom the change affects before approving it",
    ),
    "/breaches/breach/": (
        {"holdings_holding", "people_subject"},
        "whose data a breach concerns is counted exactly: letters and the authority's notification state the number",
    ),
    "/holding/picture/": ({"holdings_holding"}, "the picture shows all holdings of a client; one pass of an index"),
    "/rightsrequest/figures/": ({"requests_rightsrequest"}, "figures of all requests of a period, with their median"),
    "school=own-0": (
        {"people_subject", "schools_school", "schools_schoolclass", "ageing_agenotice"},
        "lists of people read everyone of the chosen school, as lists of staff of the school do; never the client",
    ),
    "grade=7": (
        {"people_subject", "schools_schoolclass", "ageing_agenotice"},
        "lists of people read everyone of the chosen grade; never the client",
    ),
    "progress=to_call_back": (
        {"requests_rightsrequest", "desk_requesttask"},
        "counted by one look-up in an index for each open request of a client that is not verified, at most 10,001",
    ),
}
"""Part of the address of a page, the big tables that one of its queries may read whole, and the reason."""
ADDED = [page.slug for page in person_pages]
DATABASE = f"portal_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_scale"


@pytest.fixture
def endpoint(django_db_setup: None, django_db_blocker: Any) -> Iterator[Endpoint]:
    with django_db_blocker.unblock(), copied_database(DATABASE) as found:
        yield found


def plain_pages(cast: Cast, name: str, rows: dict[str, Any]) -> list[str]:
    """Return the pages that exist before and after filling; in ``make test-scale`` all, also those of other roles."""
    if IS_WHOLE:
        return ["/admin/", *(url for url in dict.fromkeys(addresses(cast, rows)) if PART in url)]
    role, person = STAFF[name], cast.subject_id("junaid")
    return [
        "/admin/",
        *(list_url(model) for model, (view, _, _) in TABLE.items() if role in view),
        *(list_url(model) + "add/" for model, (_, add, _) in TABLE.items() if role in add),
        *(row_url("people/subject", person, page) for page in ("change", "history", *ADDED)),
        *(f"{row_url('people/subject', person)}?tab={tab.code}" for tab in TABS[1:]),
    ]


def more_pages(browser: Client, cast: Cast, name: str) -> Iterator[str]:
    for model in BIG:
        yield from narrowed(browser, list_url(model))
        [newest, *_] = browser.get(list_url(model)).context["cl"].result_list
        yield row_url(model, newest.pk)
        if name == "amina":
            chosen = f"{CLIENT_PARAMETER}={cast.client_id('indus')}"
            yield f"{list_url(model)}?{chosen}"
            if IS_WHOLE:  # the client's administrator narrows the same rows
                yield from narrowed(browser, list_url(model), chosen)
    for model in filter(is_about_people, BIG):
        yield from of_a_person(browser, list_url(model))
    for text in ("stu-12345", "stu-1", "s", "nobody"):
        yield f"{list_url('people/subject')}?q={text}"


def is_about_people(model: str) -> bool:
    """Return True if a person's page can lead to the rows of a list that are about them."""
    own = admin_of(model)
    fields = {field.name: field.related_model for field in own.model._meta.concrete_fields}
    return isinstance(own, PersonRows) and fields.get("subject") is Subject


def of_a_person(browser: Client, url: str) -> Iterator[str]:
    """Yield a list with the rows of a person who has none, and of one who has many: first and last page, older rows."""
    yield f"{url}?subject__id__exact={new_id()}"
    about = f"subject__id__exact={PERSON_WITH_MANY_ROWS}"
    yield f"{url}?{about}"
    cl = browser.get(f"{url}?{about}&p={browser.get(f'{url}?{about}').context['cl'].paginator.num_pages}").context["cl"]
    yield f"{url}?{about}&p={cl.paginator.num_pages}"
    if cl.older_link:
        yield url + cl.older_link


def big_tables(cast: Cast) -> set[str]:
    found = {admin_of(model).model._meta.db_table for model in BIG} | {"people_historicalsubject"}
    with in_client(cast.client_id("indus")):
        for model in BIG:
            assert admin_of(model).model._default_manager.count() > ROWS_OF_A_BIG_TABLE, model
        notice, actor = Notice.objects.get(purposes=["newsletter"]), cast.actor("farah")
        effect = preview_effect(notice, is_material=True, actor=actor, at=timezone.now())
        assert effect.total.people > ROWS_OF_A_BIG_TABLE, "who must consent again is counted at real numbers"
        assert select_calls(RightsRequest.objects.all()).exists()
    return found


def test_every_list_is_filled_or_of_few_rows() -> None:
    assert set(BIG) | set(FEW) == set(MODELS), "put the new list into BIG, and fill it; or into FEW"
    assert not set(BIG) & set(FEW)
    assert all(reason for _, reason in COUNTED_WHOLE.values())


@pytest.mark.skipif(not READERS, reason="another reader's pages are judged")
def test_lists_stay_quick_however_many_rows_there_are(endpoint: Endpoint, time_machine: TimeMachineFixture) -> None:
    # no page is counted with an update of the session, or of what the first page counts again every five minutes
    time_machine.move_to(timezone.now(), tick=False)
    cast = Cast(cast_values())
    rows = rows_of_indus(cast)
    browsers = {name: browser_of(cast.user(name)) for name in READERS}
    officer = browser_of(cast.user("amina"))
    hold_since_before_the_breaches(cast)
    if IS_WHOLE:
        counted(officer, plain_pages(cast, "amina", rows))  # fills the caches of the process
    few = {name: counted(browser, plain_pages(cast, name, rows)) for name, browser in browsers.items()}
    sampled(officer, cast)  # fills the caches of the names that samples show
    samples = sampled(officer, cast)
    url = endpoint.url(SUPERUSER, DATABASE)
    began = time.perf_counter()
    fill(url, people=PEOPLE, clients=CLIENTS, indus=cast.client_id("indus"), pattern=cast.client_id("khyber"))
    say(f"filled in {time.perf_counter() - began:.0f} s")
    big = big_tables(cast)
    slow_pages = {name: slow_of(name, browser, cast, few[name], big) for name, browser in browsers.items()}
    assert not any(slow_pages.values()), "\n\n".join(f"{name}: {one}" for name in READERS for one in slow_pages[name])
    assert sampled(officer, cast) == samples
    without_an_index(url, officer, big)


def hold_since_before_the_breaches(cast: Cast) -> None:
    """Let the few holdings be among the data of the breaches, as the many will be: then both name their categories."""
    earlier = F("first_collected_at") - timedelta(days=30)
    with in_client(cast.client_id("indus")):
        assert Holding.objects.held().update(first_collected_at=earlier)


def searches_of(cast: Cast) -> Iterator[tuple[str, dict[str, str]]]:
    sent = {"client": str(cast.client_id("indus")), "reason": "support_case"}
    for text in ("stu-12345", "nobody@students.example", "+921110000000", "Somebody Unknown"):
        yield list_url("people/subject") + "find/", {"text": text, **sent}
    for text in ("stu-", "Somebody Unknown", str(new_id())):
        yield "/admin/search/", {"text": text, **sent}


def slow_of(name: str, browser: Client, cast: Cast, few: dict[str, int], big: set[str]) -> list[str]:
    """Return the faults of every page of one user, with what is searched and drawn there."""
    known: dict[str, Any] = {"big": big, "known": set()}
    found = dict.fromkeys([*few, *(more_pages(browser, cast, name) if name in NARROWERS else ())])
    pages = [page for page in found if PART in page]
    slow = []
    for page in pages:
        whole = frozenset(table for part, (tables, _) in COUNTED_WHOLE.items() if part in page for table in tables)
        slow += faults(browser, page, statements=few.get(page), whole=whole, **known)
    for page, sent in searches_of(cast) if name in NARROWERS else ():
        slow += faults(browser, page, sent=sent, **known)
    say(f"{name}: {len(pages)} pages, {len(slow)} faults")
    return slow


def sampled(browser: Client, cast: Cast) -> dict[tuple[str, str], int]:
    """Draw each kind of sample, of one client and of all; return the number of statements of each.

    A sample of a period has to read the whole period once, so its plan is not judged. Single decisions are kept for at
    most 90 days.
    """
    found = {}
    until = timezone.now()
    days = {"until": f"{until:%Y-%m-%d}", "size": "25", "seed": "scale"}
    for kind, client in itertools.product(PopulationKind, ("", str(cast.client_id("indus")))):
        began = time.perf_counter()
        with spied() as spy:
            since = f"{until - timedelta(days=80):%Y-%m-%d}" if kind == PopulationKind.DECISIONS else "2020-01-01"
            values = {"kind": kind, "client": client, "reason": "review", "since": since, **days}
            answer = browser.post("/admin/samples/", values)
        assert answer.context.get("sample") is not None, answer.context["form"].errors
        found[str(kind), client] = spy.count
        say(f"{(time.perf_counter() - began) * 1000:7.0f} ms  sample of {kind}: {answer.context['sample'].population}")
    return found


def without_an_index(url: str, browser: Client, big: set[str]) -> None:
    """Negative control: without one index, the list that uses it is found to be slow."""
    with psycopg.connect(url) as superuser:
        superuser.execute("DROP INDEX audit_entry_by_time_all")
    found = "\n".join(faults(browser, list_url("audit/entry"), big, known=set()))
    assert "Seq Scan on audit_entry" in found
    assert "Sort of" in found or "Sort touches" in found
