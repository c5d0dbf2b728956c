"""No one alone weakens what protects a person: every act of the console and every call of the API is on one list.

An act that weakens a protection waits for a second person (``WEAKENS`` names the table of its request), needs recent
authentication and a ground in words; the second person sees who requested it, why, and what it changes. ``ALONE``
has all other acts, by the reason why one person, or a key, may do them alone. An act that is
on no list fails the build.
"""

from collections import Counter
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest

from consent.register.admin.safeguards import SafeguardedAdmin
from paktaleem.foundation.accounts.roles import SENSITIVE
from paktaleem.foundation.console.row_actions import Weakens
from paktaleem.foundation.console.site import site
from tests.accounts.officers import second_officer_user
from tests.console.pages import row_url, spread
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import API
from tests.project.test_two_people import OF_OTHERS, RULES
from tests.signing_in import browser_of

ADMINS: list[Any] = list(site._registry.values())
DECISIONS = ("/approve", "/agree", "/decline")
"""Acts by which a second person decides; declining changes nothing."""

WEAKENS = spread(
    {
        "accounts.ProposedChange": """
            accounts/client/change breaches/breach/close cookies/cookie/add cookies/cookie/change
            guardians/quarantine/release holdings/flaggedcollection/decide holdings/incident/close
            consent/lawfulbasis/add consent/lawfulbasis/change consent/lawfulbasis/end consent/lawfulbasis/cancel
            consent/purpose/add consent/purpose/change consent/purposecapacity/add consent/purposecapacity/change
            consent/purposecapacity/end consent/purposecapacity/cancel consent/recipient/change
            consent/recipientapproval/add consent/recipientapproval/change consent/restriction/lift
            consent/serviceagreement/resume upkeep/portalperiod/add schedule/hold/lift schedule/retentionrule/add
            schedule/retentionrule/change schedule/retentionrule/end
        """,
        "accounts.StaffChange": """
            accounts/membership/add accounts/membership/change accounts/user/change accounts/user/password
            accounts/user/second-factor accounts/user/email
        """,
        "guardians.GuardianChange": """
            guardians/guardianship/change-authority guardians/guardianship/end guardians/guardianship/verify
            post:api/v1/subjects/<str:external_id>/guardians
        """,
        "consent.NoticeDraft": "consent/noticedraft/announce",
        "consent.Assessment": "consent/assessment/review",
        "data_systems.System": "data_systems/system/end",
        "desk.Overruling": "consent/objection/overrule",
        "agreements.AgreementSigning": "consent/serviceagreement/sign",
        "exits.AgreementExit": "consent/serviceagreement/exit",
        "sharing.BusinessTransfer": "sharing/businesstransfer/add",
        "staff.Provider": "staff/provider/add",
        "people.Readmission": "people/readmission/add",
        "people.AgeChange": """
            people/subject/state-age people/subject/change-roles people/subject/correct post:api/v1/subjects/batch
            put:api/v1/subjects/<str:external_id>
        """,
        "people.PersonMerge": "people/subject/same-person people/subject/not-same-person",
        "erasures.ErasureProposal": "people/subject/erase requests/rightsrequest/propose-erasure",
        "sharing.LegalDisclosure": "people/subject/record-legal-demand",
        "data_systems.Waiver": "data_systems/order/waive",
    }
)

ALONE = {
    "it reads, or hands over what its reader may see; each look is recorded": """
        accounts/client/try-decision guardians/guardianship/data
        guardians/providercheck/where consent/consentevidence/open consent/serviceagreement/open-document
        disposals/batch/certificate-json disposals/batch/certificate-pdf
        erasures/erasureproposal/certificate-json erasures/erasureproposal/certificate-pdf
        exits/agreementexit/certificate-json exits/agreementexit/certificate-pdf exits/agreementexit/part
        mailbox/mailmessage/file mailbox/mailmessage/read paper/formrun/print
        post:access/v1/evaluation post:access/v1/evaluations reports/regulatorpack/add
        reports/regulatorpack/again reports/regulatorpack/pdf reports/regulatorpack/zip
        requests/rightsrequest/copy-build requests/rightsrequest/copy-hand-over requests/rightsrequest/copy-preview
        requests/rightsrequest/messages requests/rightsrequest/read
        security/securityassessment/open-report people/agechange/look people/subject/evidence
        people/subject/reveal people/subject/show-disagreements data_systems/order/values
    """,
    "it ends or narrows processing or access, or adds a protection": """
        staff/accessreview/confirm accounts/apikey/revoke accounts/membership/end
        agreements/clientcontact/end guardians/childmechanism/add guardians/guardianconflict/close
        guardians/schoolauthorisation/end guardians/verification/found-false
        consent/agreementsuspension/add consent/consent/invalidate
        consent/consent/revoke consent/instruction/cancel consent/instruction/end consent/noticedispatch/object
        consent/recipientapproval/cancel consent/recipientapproval/end consent/serviceagreement/cancel
        consent/serviceagreement/end consent/serviceagreement/suspend requests/rightsrequest/restrict-meanwhile
        schedule/hold/add schedule/hold/review staff/provider/end staff/signonlink/unlink
        people/subject/hold-back people/subject/object people/subject/place-hold people/subject/restrict
        data_systems/systemkey/end webhooks/endpoint/disable webhooks/endpoint/remove
    """,
    "it records what a person, a guardian, an authority or a system said, with its evidence; the rules decide": """
        guardians/guardianship/answer guardians/guardianship/check guardians/providercheck/ask
        consent/balancingtest/add consent/purpose/describe-automated consent/purpose/assess-impact
        consent/recipient/assess-transfer consent/assessment/consult
        consent/decisionlogsetting/add consent/decisionlogsetting/change
        data_map/mapline/add data_map/mapline/change data_map/mapline/confirm data_map/mapline/end
        put:api/v1/data-map consent/balancingtest/change consent/balancingtest/sign consent/consentevent/add-evidence
        consent/noticedispatch/acknowledge consent/noticedispatch/answer consent/noticedispatch/withdraw
        consent/serviceagreement/add-document consent/serviceagreement/attest
        consent/serviceagreement/sign-paper desk/authoritycase/end
        paper/formrun/add paper/formrun/confirm paper/formrun/enter
        paper/paperanswer/confirm paper/paperanswer/dismiss
        post:api/v1/acknowledgements
        post:api/v1/activity/batch post:api/v1/collections post:api/v1/collections/batch post:api/v1/consents
        post:api/v1/consents/<uuid:event>/evidence post:api/v1/disclosures post:api/v1/disclosures/batch
        post:api/v1/orders/<uuid:order>/accept post:api/v1/orders/<uuid:order>/complete
        post:api/v1/orders/<uuid:order>/fail post:api/v1/orders/<uuid:order>/files/<str:category>
        post:api/v1/rights-requests post:api/v1/rights-requests/<uuid:rights_request>/corrections
        put:api/v1/rights-requests/<uuid:rights_request>/disagreement requests/rightsrequest/state-disagreement
        post:api/v1/subjects/<str:external_id>/consents/<str:purpose>/withdraw
        post:api/v1/subjects/<str:external_id>/events
        post:api/v1/subjects/<str:external_id>/guardian-authorisations
        post:api/v1/subjects/<str:external_id>/guardian-checks
        post:api/v1/subjects/<str:external_id>/guardian-requests records/impactassessment/add
        records/impactassessment/change records/impactassessment/review requests/rightsrequest/delivered
        requests/rightsrequest/inform-recipient sharing/legaldisclosure/record-disclosure people/subject/answer
        people/subject/inform-recipient people/subject/school-authorises data_systems/order/add-file
        data_systems/order/answer data_systems/system/count inventories/inventory/answer
        inventories/inventoryline/decide
        post:api/v1/inventories/<uuid:inventory>/people post:api/v1/inventories/<uuid:inventory>/answer
    """,
    "it moves a case on; its clock, its due day and the answer to the person stay": """
        breaches/breach/add breaches/breach/add-clients breaches/breach/assess breaches/breach/measures
        breaches/breach/notify-authority breaches/breach/write-client breaches/breach/write-people
        consent/restriction/inform desk/requesttask/done disposals/batch/cancel disposals/batch/pause
        disposals/batch/resume disposals/batch/take-out erasures/erasureproposal/cancel exits/agreementexit/continue
        exits/agreementexit/decline-return exits/agreementexit/delete-data exits/agreementexit/interrupt
        exits/agreementexit/returned mailbox/mailmessage/make-request mailbox/mailmessage/settle
        requests/rightsrequest/add-correction requests/rightsrequest/add-rights requests/rightsrequest/answer
        requests/rightsrequest/assign requests/rightsrequest/authority-case requests/rightsrequest/call-back
        requests/rightsrequest/close requests/rightsrequest/decide requests/rightsrequest/extend
        requests/rightsrequest/hand-over requests/rightsrequest/letter requests/rightsrequest/link
        requests/rightsrequest/match requests/rightsrequest/note requests/rightsrequest/pause
        requests/rightsrequest/refuse-correction requests/rightsrequest/register-sender
        requests/rightsrequest/resume requests/rightsrequest/route
        requests/rightsrequest/send-letter requests/rightsrequest/task
        requests/rightsrequest/verify security/securityassessment/add
        people/subject/rights-request data_systems/order/try-again
    """,
    "it keeps the roster of an institution; a looser age or role waits for a second person by itself (AgeChange)": """
        invitations/invitation/add post:api/v1/enrolments/batch post:api/v1/guardian-invitations post:api/v1/links
        put:api/v1/classes/<str:external_id> put:api/v1/schools/<str:external_id> put:api/v1/terms/<str:external_id>
        schools/school/end-year
        schools/rosterimport/add schools/rosterimport/check-again schools/rosterimport/discard
        schools/rosterimport/import schools/rosterimport/import-anyway people/subject/add
        people/subject/ask-guardians people/subject/invite people/subject/moves-away
        people/subject/moves-class people/subject/name-guardian
    """,
    "it sets up a client, its staff or its connections; what gives power waits for a second person by itself": """
        accounts/apikey/add accounts/apikey/rotate accounts/client/add accounts/client/starting-set
        accounts/membership/invite-again accounts/user/add accounts/user/invite agreements/clientcontact/add
        consent/datacategory/add consent/datacategory/change consent/instruction/add consent/instruction/change
        consent/listedlaw/add consent/listedlaw/change consent/notice/add consent/notice/change
        consent/noticedraft/add consent/noticedraft/change consent/noticedraft/discard consent/occasion/add
        consent/occasion/change consent/recipient/add consent/serviceagreement/add consent/serviceagreement/change
        cookies/cookiesite/add cookies/cookiesite/change cookies/linkedservice/add
        cookies/linkedservice/change cookies/linkedservice/review delete:api/v1/webhooks/<uuid:webhook>
        mail/letter/resend post:api/v1/webhooks post:api/v1/webhooks/<uuid:webhook>/enable
        post:api/v1/webhooks/<uuid:webhook>/replay post:api/v1/webhooks/<uuid:webhook>/rotate
        post:api/v1/webhooks/<uuid:webhook>/test staff/provider/passwords data_systems/system/add
        data_systems/system/change data_systems/systemkey/add webhooks/delivery/replay webhooks/endpoint/add
        webhooks/endpoint/change webhooks/endpoint/enable webhooks/endpoint/replay webhooks/endpoint/rotate
        webhooks/endpoint/test
    """,
    "it outdates the consents that it concerns": "consent/purpose/widen",
    "it concerns a sandbox, which has no real people": """
        accounts/client/force-state accounts/client/make-order accounts/client/move-clock accounts/client/start-over
        post:api/v1/sandbox/clock post:api/v1/sandbox/inventories
        post:api/v1/sandbox/orders post:api/v1/sandbox/reset post:api/v1/sandbox/state
    """,
}


@dataclass(frozen=True)
class ConsoleAct:
    """The declaration of an act of the console: step-up, ground, and if its page shows the request it decides."""

    steps_up: bool
    asks_ground: bool
    shows_request: bool = False


def list_console_acts():
    found: dict[str, ConsoleAct] = {}
    for admin in ADMINS:
        name = f"{admin.opts.app_label}/{admin.opts.model_name}"
        asks_ground = "ground" in admin.form.declared_fields or "ground" in admin.row_fields
        is_safeguarded = isinstance(admin, SafeguardedAdmin) or admin.add_weakens
        for slug, capability in {"add": admin.add_capability, "change": admin.change_capability}.items():
            if capability:
                found[f"{name}/{slug}"] = ConsoleAct(is_safeguarded or capability in SENSITIVE, asks_ground)
        found |= {f"{name}/{act.slug}": read_act(act) for act in admin.all_acts()}
    return found


def read_act(act):
    weakens = act.weakens is not Weakens.NEVER
    asks_ground = weakens or "ground" in act.form.base_fields
    return ConsoleAct(act.is_sensitive or weakens, asks_ground, act.find_requested is not None)


CONSOLE = list_console_acts()


def list_calls():
    for route, calls in API.items():
        yield from (f"{method}:{route}" for method, *_ in calls if method != "get")


def is_decision(act):
    return act.endswith(DECISIONS)


def test_each_act_is_on_one_list():
    known = Counter([*WEAKENS, *(act for acts in ALONE.values() for act in acts.split())])
    acts = {*(act for act in CONSOLE if not is_decision(act)), *list_calls()}
    refuse_any((act, "" if known[act] == 1 else f"on {known[act]} lists") for act in sorted(acts))
    refuse_any((act, "" if act in acts else "exists no longer") for act in sorted(known))


def test_each_act_that_weakens_waits_for_a_second_person():
    refuse_any(
        (act, "" if rule in RULES | OF_OTHERS else f"{rule} is no rule of two people") for act, rule in WEAKENS.items()
    )


def test_each_act_that_weakens_needs_recent_authentication():
    refuse_any((act, "" if CONSOLE[act].steps_up else "no step-up") for act in WEAKENS if act in CONSOLE)


WITHOUT_GROUND = {"consent.Assessment", "consent.NoticeDraft"}
"""A second person reads the new text, or the answers, themselves."""


def test_each_act_that_weakens_asks_for_a_ground_in_words():
    acts = {act: CONSOLE[act] for act, rule in WEAKENS.items() if act in CONSOLE and rule not in WITHOUT_GROUND}
    refuse_any((act, "" if declared.asks_ground else "no ground") for act, declared in acts.items())


DECIDES_FIRST = "disposals/batch/approve"
"""A large disposal is then a ``SafeguardChange``, which the second person approves."""


def list_decisions():
    decisions = {act: CONSOLE[act] for act in CONSOLE if is_decision(act) and not act.endswith("/decline")}
    return {act: declared for act, declared in decisions.items() if act != DECIDES_FIRST}


def test_each_decision_of_a_second_person_needs_recent_authentication_and_shows_the_request():
    decisions = list_decisions()
    refuse_any((act, "" if declared.steps_up else "no step-up") for act, declared in decisions.items())
    refuse_any((act, "" if declared.shows_request else "shows no request") for act, declared in decisions.items())


ELSEWHERE = {"consent/objection/agree"}
"""It shows words about a person whose reading is recorded; its own tests look at it."""


@pytest.mark.parametrize("act", sorted({*list_decisions()} - ELSEWHERE))
def test_the_page_of_a_decision_shows_who_requested_what_and_why(act, rows, cast_of_rows):
    model, _, slug = act.rpartition("/")
    url = row_url(model, rows.get(act) or rows[model], slug)
    people = [cast_of_rows.user("amina"), cast_of_rows.user("farah"), second_officer_user()]
    pages = [browser_of(person).get(url) for person in people]
    page = next(page for page in pages if page.status_code == 200)
    facts = dict(page.context["facts"])
    assert {"Requested by", "Requested", "Ground"} <= {*facts}
    effect = {*facts} - {"Requested by", "Requested", "Ground"}
    text = unescape(page.content.decode())
    assert effect or "What it changes" in text
    assert str(facts["Ground"]) in text
