"""No one alone weakens what protects a person: every act of the console and every call of the API is on one list.

An act that weakens a protection waits for a second person (``WEAKENS`` names the table of its request) and needs recent
authentication. ``ALONE`` has all other acts, by the reason why one person, or a key, may do them alone. An act that is
on no list fails the build.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from paktaleem.foundation.accounts.roles import SENSITIVE
from paktaleem.foundation.console.site import site
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import API
from tests.project.test_two_people import OF_OTHERS, RULES

ADMINS: list[Any] = list(site._registry.values())
DECISIONS = ("/approve", "/agree", "/decline")
"""Acts by which a second person decides; declining changes nothing."""

WEAKENS = {
    "accounts/client/change": "accounts.ClientChange",
    "accounts/membership/add": "accounts.StaffChange",
    "accounts/membership/change": "accounts.StaffChange",
    "accounts/user/change": "accounts.StaffChange",
    "accounts/user/password": "accounts.StaffChange",
    "accounts/user/second-factor": "accounts.StaffChange",
    "accounts/user/email": "accounts.StaffChange",
    "breaches/breach/close": "breaches.BreachClosing",
    "children/guardianship/change-authority": "children.GuardianChange",
    "children/guardianship/end": "children.GuardianChange",
    "children/guardianship/verify": "children.GuardianChange",
    "consent/noticedraft/announce": "consent.NoticeDraft",
    "cookies/cookie/add": "consent.SafeguardChange",
    "cookies/cookie/change": "consent.SafeguardChange",
    "children/quarantine/release": "consent.SafeguardChange",
    "retention/flaggedcollection/decide": "consent.SafeguardChange",
    "retention/incident/close": "consent.SafeguardChange",
    "systems/system/end": "systems.System",
    "consent/lawfulbasis/add": "consent.SafeguardChange",
    "consent/lawfulbasis/change": "consent.SafeguardChange",
    "consent/lawfulbasis/end": "consent.SafeguardChange",
    "consent/lawfulbasis/cancel": "consent.SafeguardChange",
    "consent/objection/overrule": "desk.Overruling",
    "consent/purpose/add": "consent.SafeguardChange",
    "consent/purpose/change": "consent.SafeguardChange",
    "consent/purposecapacity/add": "consent.SafeguardChange",
    "consent/purposecapacity/change": "consent.SafeguardChange",
    "consent/purposecapacity/end": "consent.SafeguardChange",
    "consent/purposecapacity/cancel": "consent.SafeguardChange",
    "consent/recipient/change": "consent.SafeguardChange",
    "consent/recipientapproval/add": "consent.SafeguardChange",
    "consent/recipientapproval/change": "consent.SafeguardChange",
    "consent/restriction/lift": "consent.SafeguardChange",
    "consent/serviceagreement/sign": "agreements.AgreementSigning",
    "consent/serviceagreement/resume": "consent.SafeguardChange",
    "consent/serviceagreement/exit": "exits.AgreementExit",
    "periods/periodchange/add": "periods.PeriodChange",
    "schedule/hold/lift": "schedule.HoldLift",
    "schedule/retentionrule/add": "consent.SafeguardChange",
    "schedule/retentionrule/change": "consent.SafeguardChange",
    "schedule/retentionrule/end": "consent.SafeguardChange",
    "sharing/businesstransfer/add": "sharing.BusinessTransfer",
    "single_sign_on/provider/add": "single_sign_on.Provider",
    "subjects/readmission/add": "subjects.Readmission",
    "subjects/subject/state-age": "subjects.AgeChange",
    "subjects/subject/change-roles": "subjects.AgeChange",
    "subjects/subject/correct": "subjects.AgeChange",
    "subjects/subject/same-person": "merges.PersonMerge",
    "subjects/subject/not-same-person": "merges.PersonMerge",
    "subjects/subject/erase": "erasures.ErasureProposal",
    "subjects/subject/record-legal-demand": "sharing.LegalDisclosure",
    "rights/rightsrequest/propose-erasure": "erasures.ErasureProposal",
    "systems/order/waive": "systems.Waiver",
    "post:api/v1/subjects/batch": "subjects.AgeChange",
    "put:api/v1/subjects/<str:external_id>": "subjects.AgeChange",
    "post:api/v1/subjects/<str:external_id>/guardians": "children.GuardianChange",
}

ALONE = {
    "it reads, or hands over what its reader may see; each look is recorded": """
        accounts/client/try-decision children/guardianship/data
        children/providercheck/where consent/consentevidence/open consent/serviceagreement/open-document
        disposals/batch/certificate-json disposals/batch/certificate-pdf
        erasures/erasureproposal/certificate-json erasures/erasureproposal/certificate-pdf
        exits/agreementexit/certificate-json exits/agreementexit/certificate-pdf exits/agreementexit/part
        mailbox/mailmessage/file mailbox/mailmessage/read paper/formrun/print
        post:access/v1/evaluation post:access/v1/evaluations regulator/regulatorpack/add
        regulator/regulatorpack/again regulator/regulatorpack/pdf regulator/regulatorpack/zip
        rights/rightsrequest/copy-build rights/rightsrequest/copy-hand-over rights/rightsrequest/copy-preview
        rights/rightsrequest/messages rights/rightsrequest/read
        security_assessments/securityassessment/open-report subjects/agechange/look subjects/subject/evidence
        subjects/subject/reveal systems/order/values
    """,
    "it ends or narrows processing or access, or adds a protection": """
        access_reviews/accessreview/confirm accounts/apikey/revoke accounts/membership/end
        agreements/clientcontact/end children/childmechanism/add children/guardianconflict/close
        children/schoolauthorisation/end children/verification/found-false
        consent/agreementsuspension/add consent/consent/invalidate
        consent/consent/revoke consent/instruction/cancel consent/instruction/end consent/noticedispatch/object
        consent/recipientapproval/cancel consent/recipientapproval/end consent/serviceagreement/cancel
        consent/serviceagreement/end consent/serviceagreement/suspend rights/rightsrequest/restrict-meanwhile
        schedule/hold/add schedule/hold/review single_sign_on/provider/end single_sign_on/signonlink/unlink
        subjects/subject/hold-back subjects/subject/object subjects/subject/place-hold subjects/subject/restrict
        systems/systemkey/end webhooks/endpoint/disable webhooks/endpoint/remove
    """,
    "it records what a person, a guardian, an authority or a system said, with its evidence; the rules decide": """
        children/guardianship/answer children/guardianship/check children/providercheck/ask
        consent/balancingtest/add
        consent/balancingtest/change consent/balancingtest/sign consent/consentevent/add-evidence
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
        post:api/v1/subjects/<str:external_id>/consents/<str:purpose>/withdraw
        post:api/v1/subjects/<str:external_id>/events
        post:api/v1/subjects/<str:external_id>/guardian-authorisations
        post:api/v1/subjects/<str:external_id>/guardian-checks
        post:api/v1/subjects/<str:external_id>/guardian-requests records/impactassessment/add
        records/impactassessment/change records/impactassessment/review rights/rightsrequest/delivered
        rights/rightsrequest/inform-recipient sharing/legaldisclosure/record-disclosure subjects/subject/answer
        subjects/subject/inform-recipient subjects/subject/school-authorises systems/order/add-file
        systems/order/answer
    """,
    "it moves a case on; its clock, its due day and the answer to the person stay": """
        breaches/breach/add breaches/breach/add-clients breaches/breach/assess breaches/breach/measures
        breaches/breach/notify-authority breaches/breach/write-client breaches/breach/write-people
        consent/restriction/inform desk/requesttask/done disposals/batch/cancel disposals/batch/pause
        disposals/batch/resume disposals/batch/take-out erasures/erasureproposal/cancel exits/agreementexit/continue
        exits/agreementexit/decline-return exits/agreementexit/delete-data exits/agreementexit/interrupt
        exits/agreementexit/returned mailbox/mailmessage/make-request mailbox/mailmessage/settle
        rights/rightsrequest/add-correction rights/rightsrequest/add-rights rights/rightsrequest/answer
        rights/rightsrequest/assign rights/rightsrequest/authority-case rights/rightsrequest/call-back
        rights/rightsrequest/close rights/rightsrequest/decide rights/rightsrequest/extend
        rights/rightsrequest/hand-over rights/rightsrequest/letter rights/rightsrequest/link
        rights/rightsrequest/match rights/rightsrequest/note rights/rightsrequest/pause
        rights/rightsrequest/refuse-correction rights/rightsrequest/resume rights/rightsrequest/route
        rights/rightsrequest/send-letter rights/rightsrequest/task
        rights/rightsrequest/verify security_assessments/securityassessment/add
        subjects/subject/rights-request systems/order/try-again
    """,
    "it keeps the roster of an institution; a looser age or role waits for a second person by itself (AgeChange)": """
        invitations/invitation/add post:api/v1/enrolments/batch post:api/v1/guardian-invitations post:api/v1/links
        put:api/v1/classes/<str:external_id> put:api/v1/schools/<str:external_id> put:api/v1/terms/<str:external_id>
        schools/school/end-year
        subjects/rosterimport/add subjects/rosterimport/check-again subjects/rosterimport/discard
        subjects/rosterimport/import subjects/rosterimport/import-anyway subjects/subject/add
        subjects/subject/ask-guardians subjects/subject/invite subjects/subject/moves-away
        subjects/subject/moves-class subjects/subject/name-guardian
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
        post:api/v1/webhooks/<uuid:webhook>/test single_sign_on/provider/passwords systems/system/add
        systems/system/change systems/systemkey/add webhooks/delivery/replay webhooks/endpoint/add
        webhooks/endpoint/change webhooks/endpoint/enable webhooks/endpoint/replay webhooks/endpoint/rotate
        webhooks/endpoint/test
    """,
    "it outdates the consents that it concerns": "consent/purpose/widen",
    "it concerns a sandbox, which has no real people": """
        accounts/client/force-state accounts/client/make-order accounts/client/move-clock accounts/client/start-over
        post:api/v1/sandbox/clock post:api/v1/sandbox/orders post:api/v1/sandbox/reset post:api/v1/sandbox/state
    """,
}


def list_console_acts() -> Iterator[tuple[str, bool]]:
    """Yield each act of the console that someone begins, and each decision of a second person, with its step-up."""
    for admin in ADMINS:
        name = f"{admin.opts.app_label}/{admin.opts.model_name}"
        forms = {"add": admin.add_capability, "change": admin.change_capability}
        yield from ((f"{name}/{slug}", capability in SENSITIVE) for slug, capability in forms.items() if capability)
        yield from ((f"{name}/{act.slug}", act.is_sensitive) for act in admin.all_acts())


def list_calls() -> Iterator[str]:
    """Yield each call of the API that may change something."""
    for route, calls in API.items():
        yield from (f"{method}:{route}" for method, *_ in calls if method != "get")


def is_decision(act: str) -> bool:
    return act.endswith(DECISIONS)


def test_each_act_is_on_one_list() -> None:
    known = Counter([*WEAKENS, *(act for acts in ALONE.values() for act in acts.split())])
    acts = {*(act for act, _step_up in list_console_acts() if not is_decision(act)), *list_calls()}
    refuse_any((act, "" if known[act] == 1 else f"on {known[act]} lists") for act in sorted(acts))
    refuse_any((act, "" if act in acts else "exists no longer") for act in sorted(known))


def test_each_act_that_weakens_waits_for_a_second_person() -> None:
    refuse_any(
        (act, "" if rule in RULES | OF_OTHERS else f"{rule} is no rule of two people") for act, rule in WEAKENS.items()
    )


def test_each_decision_of_a_second_person_needs_recent_authentication() -> None:
    decisions = {act: step_up for act, step_up in list_console_acts() if is_decision(act) and not is_refusal(act)}
    refuse_any((act, "" if step_up else "no step-up") for act, step_up in decisions.items())


def is_refusal(act: str) -> bool:
    return act.endswith("/decline")
