"""The permission matrix: every route and its status for each actor; a route missing from the tables fails the build.

Actors: anonymous; of PakTaleem the privacy officer (O), the support agent (S) and the auditor (A); the administrator
of Indus (C), whose rows are requested, and of Khyber (X); the API key of Indus (K) and of Khyber (F). Rows of another
client return 404, like rows that do not exist.
"""

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import question
from tests.consent.making import announce
from tests.console.pages import spread
from tests.console.test_permissions import TABLE as MODELS
from tests.project.acts import ACTS
from tests.signing_in import browser_of
from tests.webhooks.receiving import make_endpoint

NOT_THERE = UUID("0190b9f4-0000-7000-8000-000000000000")

# Routes open to anyone: at most ten, each with its reason (default deny).
ANONYMOUS = {
    "healthz": "a supervisor asks whether the process lives",
    "readyz": "a load balancer asks whether it can serve",
    ".well-known/authzen-configuration": "AuthZEN metadata, the same for all",
    "api/schema/": "the description of the interface, the same for all",
    "api/docs/": "the same, to read",
    "admin/login/": "signing in",
    "accounts/login/": "leads to signing in",
    "accounts/2fa/authenticate/": "the second factor, after the right password; leads to signing in otherwise",
    "accounts/password/reset/": "asking for a letter; the answer tells nothing",
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "a new password, by the letter's link",
}

# Public routes, each with its reason: the same for all, or needed by its reader for verification.
PUBLISHED = {
    "docs/reasons/": "the reasons of a decision, to which refusals link",
    "ns/consent/v1": "the JSON-LD context in which receipts are read",
    "": "the first page, the same for all; a browser in which staff signed in is redirected to the console",
    "privacy/": "PakTaleem's privacy policy (§ 12: last updated, for all to read)",
    "privacy/law/": "what the law of each country sets, with its sources; the same for all",
    "privacy/<slug:client>/": "the policy in effect at a client",
    "privacy/<slug:client>/children/": "the same in words for children",
    "privacy/<slug:client>/versions/": "its earlier and coming versions",
    "privacy/<slug:client>/versions/<uuid:version>/": "one of them",
    "privacy/<slug:client>/compare/": "what differs between two of them",
    "privacy/<slug:client>/notices/<slug:code>/": "the notice with which consent is asked",
    "cookies/": "the cookies of the portal, and the visitor's own choice about them",
    "concern/": "the form by which anybody reports a concern about a child's data; the answer tells nothing",
    "accounts/single-sign-on/": "the form by which staff find their institution's sign-in; it names no account",
    "requests/": "the form by which anybody exercises a right; the answer tells nothing",
}

# Pages for people without an account, with the status without a sign-in (by GET; never more by POST).
VISITORS = spread(
    {
        404: """
            metrics security-events choices/link/<str:token>/ choices/<str:client>/receipt/<str:code>/
            choices/<str:client>/ guardian/<str:client>/ g/<str:token>/ accounts/single-sign-on/<str:code>/
            accounts/single-sign-on/<str:code>/callback/ concern/<str:client>/ cookies/<str:client>/
            cookies/site/<str:key>/config.json cookies/site/<str:key>/choices cookies/site/<str:key>/choices/current
            requests/<str:client>/ requests/follow/<str:client>/ requests/link/<str:token>/
        """,
        403: """
            choices/ choices/give/<str:purpose>/ choices/code/ choices/receipt/<uuid:event>/ guardian/
            guardian/child/<uuid:child>/ guardian/child/<uuid:child>/service/ guardian/child/<uuid:child>/sharing/
            guardian/child/<uuid:child>/purpose/<str:purpose>/ guardian/child/<uuid:child>/data/
            guardian/child/<uuid:child>/data/copy/<uuid:rights_request>/ guardian/child/<uuid:child>/check/
            guardian/child/<uuid:child>/data/<uuid:rights_request>/corrections/
            guardian/child/<uuid:child>/data/<uuid:rights_request>/disagreement/
            guardian/code/ requests/copy/<uuid:rights_request>/ requests/mine/
            requests/mine/<uuid:rights_request>/corrections/ requests/mine/<uuid:rights_request>/disagreement/
            requests/code/
        """,
        405: """
            choices/children/ choices/decide/<str:purpose>/ choices/leave/ guardian/own/
            guardian/child/<uuid:child>/confirm/ guardian/child/<uuid:child>/withdraw/
            guardian/child/<uuid:child>/purpose/<str:purpose>/back/ guardian/child/<uuid:child>/data/end/
            guardian/child/<uuid:child>/data/erasure/ guardian/checks/<str:client>/<str:provider>/ guardian/leave/
            requests/mine/new/ requests/mine/answer/ requests/mine/erasure/ requests/leave/
        """,
    }
)

# Pages about the signed-in user; others are redirected to the sign-in page.
OWN_PAGES = spread(
    {
        200: """
            admin/choose/ accounts/reauthenticate/ accounts/2fa/ accounts/2fa/totp/activate/
            accounts/2fa/recovery-codes/generate/ accounts/2fa/webauthn/ accounts/2fa/webauthn/add/
        """,
        405: "admin/logout/",
        302: """
            accounts/single-sign-on/sign-in-again/ accounts/2fa/reauthenticate/ accounts/2fa/webauthn/reauthenticate/
        """,
        404: """
            accounts/2fa/totp/deactivate/ accounts/2fa/recovery-codes/ accounts/2fa/recovery-codes/download/
            accounts/2fa/webauthn/keys/<int:pk>/remove/ accounts/2fa/webauthn/keys/<int:pk>/edit/
        """,
    }
)

# Pages of the console that belong to no model: 200 for all staff, or for none.
CONSOLE = spread(
    {
        200: """
            admin/ admin/jsi18n/ admin/account/ admin/search/ admin/help/ admin/help/<slug:chapter>/
            admin/password_change/ admin/password_change/done/ admin/people/subject/find/
        """,
        404: "admin/^(?P<app_label>APPS)/$ admin/(?P<url>.*)$",
    }
)

# Pages of the console that belong to no row, by role.
CONSOLE_BY_ROLE = spread(
    {
        "OAC": """
            admin/accounts/client/set-up/ admin/schools/rosterimport/template/<str:kind>/
            admin/holdings/holding/picture/ admin/requests/rightsrequest/figures/
            admin/agreements/clientcontact/to-do/ admin/record/
            admin/data_map/mapline/map/
            admin/schedule/retentionrule/schedule/
            admin/schedule/retentionrule/schedule/file/ admin/samples/ admin/trends/ admin/law/ admin/work/
        """,
        "OSC": "admin/desk/requesttask/take-in/",
    }
)

# Lists that O, A and C may export if they may see them.
_EXPORTED = """
    ageing/agenotice breaches/breach guardians/guardianchange guardians/guardianconflict guardians/guardianship
    guardians/quarantine guardians/serviceauthorisation guardians/verification desk/authoritycase consent/consent
    consent/consentevent consent/objection consent/restriction cookies/cookiechoice desk/requesttask disposals/batch
    erasures/erasureproposal invitations/invitation audit/entry mail/letter mailbox/mailmessage people/personmerge
    paper/paperanswer holdings/collection holdings/flaggedcollection holdings/holding holdings/incident
    reports/usefinding requests/rightsrequest schedule/hold schools/school schools/schoolclass security/securityevent
    sharing/disclosure people/accessrecord people/guardianclaim people/subject data_systems/order webhooks/delivery
"""
EXPORTED = set(_EXPORTED.split())

# API operations: by method and the status for the key of Indus and of Khyber, the routes; then those with a body.
ASKED = question("lms-danish", "newsletter")
_BARE: dict[tuple[str, int, int], str] = {
    ("get", 200, 200): """
        api/v1/subjects api/v1/data-map api/v1/inventories api/v1/purposes api/v1/notices/current api/v1/changes
        api/v1/decision-log api/v1/webhooks api/v1/rights-requests api/v1/orders
    """,
    ("get", 200, 404): """
        api/v1/subjects/<str:external_id> api/v1/subjects/<str:external_id>/standing
        api/v1/subjects/<str:external_id>/consents api/v1/subjects/<str:external_id>/holdings
        api/v1/subjects/<str:external_id>/guardians api/v1/webhooks/<uuid:webhook>
        api/v1/webhooks/<uuid:webhook>/deliveries api/v1/subjects/<str:external_id>/disagreements
    """,
    ("post", 409, 404): "api/v1/subjects/<str:external_id>/consents/<str:purpose>/withdraw",
    ("get", 404, 404): """
        api/v1/disposals/<uuid:disposal> api/v1/disposals/<uuid:disposal>/certificate
        api/v1/guardian-checks/<uuid:check> api/v1/guardian-invitations/<uuid:invitation>
        api/v1/consents/<uuid:event>/receipt api/v1/rights-requests/<uuid:rights_request>
        api/v1/rights-requests/<uuid:rights_request>/copy api/v1/rights-requests/<uuid:rights_request>/corrections
        api/v1/orders/<uuid:order>
    """,
    ("post", 404, 404): """
        api/v1/inventories/<uuid:inventory>/people api/v1/inventories/<uuid:inventory>/answer
        api/v1/orders/<uuid:order>/accept api/v1/orders/<uuid:order>/complete api/v1/orders/<uuid:order>/fail
    """,
    ("put", 400, 400): """
        api/v1/schools/<str:external_id> api/v1/terms/<str:external_id> api/v1/classes/<str:external_id>
    """,
    ("delete", 204, 404): "api/v1/webhooks/<uuid:webhook>",
    ("post", 200, 404): "api/v1/webhooks/<uuid:webhook>/rotate api/v1/webhooks/<uuid:webhook>/enable",
    ("post", 202, 404): "api/v1/webhooks/<uuid:webhook>/test",
    ("get", 403, 403): "api/v1/sandbox/clock",
    ("post", 403, 403): "api/v1/sandbox/inventories api/v1/sandbox/reset",
}
_CALLS: list[tuple[str, str, Any, int, int]] = [
    *(
        (method, route, None if method in {"get", "delete"} else {}, own, foreign)
        for (method, own, foreign), routes in _BARE.items()
        for route in routes.split()
    ),
    ("post", "api/v1/subjects/batch", {"subjects": []}, 400, 400),
    ("put", "api/v1/subjects/<str:external_id>", {"role": "nobody"}, 400, 400),
    ("post", "api/v1/subjects/<str:external_id>/events", {"kind": "active"}, 201, 404),
    ("put", "api/v1/data-map", {"lines": [{}]}, 400, 400),
    ("post", "api/v1/collections", {"subject": "lms-danish"}, 400, 400),
    ("post", "api/v1/enrolments/batch", {"enrolments": []}, 400, 400),
    ("post", "api/v1/collections/batch", {"collections": []}, 400, 400),
    ("post", "api/v1/disclosures", {"subject": "lms-danish"}, 400, 400),
    ("post", "api/v1/disclosures/batch", {"disclosures": []}, 400, 400),
    ("post", "api/v1/activity/batch", {"activity": []}, 400, 400),
    ("post", "api/v1/subjects/<str:external_id>/guardians", {"guardian": "lms-esra"}, 400, 400),
    ("post", "api/v1/subjects/<str:external_id>/guardian-authorisations", {"decision": "refused"}, 201, 404),
    ("post", "api/v1/subjects/<str:external_id>/guardian-checks", {"guardian": "lms-esra"}, 400, 400),
    ("post", "api/v1/subjects/<str:external_id>/guardian-requests", {"guardian": "lms-esra"}, 400, 400),
    ("post", "api/v1/links", {"subject": "lms-danish", "page": "choices"}, 201, 404),
    (
        "post",
        "api/v1/guardian-invitations",
        {"subject": "lms-danish", "guardian": {"external_id": "lms-esra"}},
        201,
        404,
    ),
    ("post", "api/v1/webhooks", {"url": "https://lms.example/hooks", "events": ["consent.*"]}, 201, 201),
    ("post", "api/v1/webhooks/<uuid:webhook>/replay", {"since": "2026-01-01T00:00:00Z"}, 202, 404),
    ("post", "api/v1/consents", {"subject": "lms-danish", "answers": []}, 400, 400),
    ("post", "api/v1/acknowledgements", {"subject": "lms-danish"}, 400, 404),
    ("post", "api/v1/consents/<uuid:event>/evidence", {"a": "body"}, 404, 404),
    ("post", "api/v1/rights-requests", {"subject": "lms-danish", "kind": "access"}, 201, 404),
    ("post", "api/v1/rights-requests/<uuid:rights_request>/corrections", {"field": "email", "new_value": ""}, 404, 404),
    ("put", "api/v1/rights-requests/<uuid:rights_request>/disagreement", {"text": ""}, 404, 404),
    ("post", "api/v1/orders/<uuid:order>/files/<str:category>", {"a": "body"}, 404, 404),
    ("post", "api/v1/sandbox/clock", {"days": 1}, 403, 403),
    ("post", "api/v1/sandbox/state", {"subject": "a", "state": "child"}, 403, 403),
    ("post", "api/v1/sandbox/orders", {"subject": "a", "kind": "erase"}, 403, 403),
    ("post", "access/v1/evaluation", ASKED, 200, 200),
    ("post", "access/v1/evaluations", {"evaluations": [ASKED]}, 200, 200),
]
_QUERIES = {
    "api/v1/notices/current": "?purpose=newsletter",
    "api/v1/subjects/<str:external_id>/disagreements": "?reason=review",
}


def url_of(route: str) -> str:
    url = route.replace("<str:external_id>", "lms-danish").replace("<str:purpose>", "newsletter")
    url = url.replace("<uuid:webhook>", "WEBHOOK").replace("<str:category>", "content")
    return "/" + re.sub(r"<uuid:\w+>", str(NOT_THERE), url) + _QUERIES.get(route, "")


API: dict[str, list[tuple[str, str, Any, int, int]]] = {}
for _method, _route, *_rest in _CALLS:
    API.setdefault(_route, []).append((_method, url_of(_route), *_rest))
STAFF = {"amina": "O", "sana": "S", "bilal": "A", "farah": "C", "celia": "X"}
APPS = re.compile(r"\(\?P<app_label>[a-z_|]+\)")


def routes(resolver=None, prefix=""):
    for one in (resolver or get_resolver()).url_patterns:
        here = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one, here)
        elif isinstance(one, URLPattern):
            yield APPS.sub("(?P<app_label>APPS)", here)


def listed():
    pages = {f"admin/{model}/{page}" for model in MODELS for page in ("", "add/")}
    rows = {f"admin/{model}/<path:object_id>/{page}/" for model in MODELS for page in ("change", "history")}
    acts = {"admin/{}/<path:object_id>/{}/".format(*act.rsplit("/", 1)) for act in ACTS}
    exports = {f"admin/{model}/export/" for model in EXPORTED}
    return {
        *exports,
        *ANONYMOUS,
        *PUBLISHED,
        *VISITORS,
        *OWN_PAGES,
        *CONSOLE,
        *CONSOLE_BY_ROLE,
        *API,
        *pages,
        *rows,
        *acts,
    }


def test_every_route_is_in_the_table_and_no_other():
    assert sorted(set(routes()) ^ listed()) == []


def test_a_route_missing_from_the_tables_is_found():
    patterns = get_resolver().url_patterns
    bare = path("bare/", lambda request: request, name="bare")
    patterns.append(bare)
    try:
        assert set(routes()) - listed() == {"bare/"}
    finally:
        patterns.remove(bare)


def test_few_routes_are_public_and_each_has_its_reason():
    assert len(ANONYMOUS) <= 10
    assert all(ANONYMOUS.values())


def example(route, row=NOT_THERE):
    named = route.replace("<path:object_id>", str(row)).replace("<int:pk>", "1").replace("<str:kind>", "csv")
    named = named.replace("<str:purpose>", "newsletter").replace("<str:token>", "none").replace("<str:client>", "none")
    named = named.replace("<slug:client>", "indus").replace("<slug:code>", "about_newsletter")
    named = named.replace("<slug:chapter>", "console")
    named = named.replace("<uuid:version>", str(row))
    named = named.replace("<str:code>", "none").replace("<uuid:event>", str(row)).replace("<uuid:child>", str(row))
    named = named.replace("<uuid:rights_request>", str(row))
    named = named.replace("^(?P<app_label>APPS)/$", "consent/").replace("(?P<url>.*)$", "nowhere/")
    return "/" + named.replace("^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", "password/reset/key/1-2/")


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_sign_in_only_public_routes_answer(db, method):
    found = {}
    for route in sorted(listed() - set(API) - set(ANONYMOUS) - set(PUBLISHED) - set(VISITORS)):
        answer = getattr(Client(), method)(example(route))
        found[route] = (answer.status_code, answer.get("Location", "").split("?")[0].rstrip("/"))
    refusals = {(302, "/admin/login"), (302, "/accounts/login"), (405, "")}
    assert {route: answer for route, answer in found.items() if answer not in refusals} == {}


def test_public_routes_answer_without_a_sign_in(cast):
    at, children = timezone.now(), {"child_text_en": "For you.", "child_text_ur": "آپ کے لیے۔"}
    version = announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, **children)
    found = {route: Client().get(example(route, version.pk)).status_code for route in {**ANONYMOUS, **PUBLISHED}}
    assert {route: status for route, status in found.items() if status not in {200, 302}} == {}


def test_who_has_not_come_in_sees_no_page_of_anybodys_own(cast):
    for browser in (Client(), browser_of(cast.user("amina"))):
        assert {route: browser.get(example(route)).status_code for route in VISITORS} == VISITORS
        assert {browser.post(example(route)).status_code for route in VISITORS} <= {200, 403, 404, 405}


def expected(asker, allowed, *, row):
    if asker == "X":
        return (404 if row else 200) if "C" in allowed else 403
    return 200 if asker in allowed else 403


def test_every_model_has_a_row_to_ask_for(rows):
    assert sorted(model for model in MODELS if rows[model] is None) == []


def pages_by_role(rows):
    for model, (view, add, _) in MODELS.items():
        yield (f"/admin/{model}/", view, False)
        yield (f"/admin/{model}/add/", add, False)
        yield from ((f"/admin/{model}/{rows[model]}/{page}/", view, True) for page in ("change", "history"))


def acts_by_role(rows):
    for act, allowed in ACTS.items():
        model, slug = act.rsplit("/", 1)
        yield (f"/admin/{model}/{rows.get(act, rows[model])}/{slug}/", allowed, True)


def list_statuses(rows, asker):
    yield from ((example(route), status) for route, status in (*OWN_PAGES.items(), *CONSOLE.items()))
    of_no_row = [(example(route), roles) for route, roles in CONSOLE_BY_ROLE.items()]
    of_no_row += [(f"/admin/{model}/export/", MODELS[model][0].replace("S", "")) for model in EXPORTED]
    yield from ((url, expected(asker, roles, row=False)) for url, roles in of_no_row)
    yield from (
        (url, expected(asker, roles, row=is_row)) for url, roles, is_row in (*acts_by_role(rows), *pages_by_role(rows))
    )


CALLS = [(route, *call) for route, calls in API.items() for call in calls]


def call(key, method, url, body, browser=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    given = {} if body is None else {"data": body, "content_type": "application/json"}
    return int(getattr(browser or Client(), method)(url, headers=headers, **given).status_code)


@pytest.mark.parametrize(("route", "method", "url", "body", "own", "foreign"), CALLS)
def test_calls_are_answered_by_key(  # noqa: PLR0917 -- the columns of the table
    cast, route, method, url, body, own, foreign
):
    if "WEBHOOK" in url:
        with in_client(cast.client_id("indus")):
            url = url.replace("WEBHOOK", str(make_endpoint(cast, "indus", at=timezone.now()).pk))
    assert call(None, method, url, body) == 401
    assert call("ptk_made-up", method, url, body) == 401
    assert call(None, method, url, body, browser_of(cast.user("amina"))) == 401
    assert call(cast.key("khyber"), method, url, body) == foreign
    assert call(cast.key("indus"), method, url, body) == own


def test_a_key_opens_no_page(cast):
    bearer = {"Authorization": f"Bearer {cast.key('indus')}"}
    for route in ("admin/", "admin/people/subject/", "accounts/2fa/"):
        assert Client().get(f"/{route}", headers=bearer).status_code == 302
