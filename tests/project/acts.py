"""One table of what may be done: each act of a row, form that writes and call that changes, by reason and roles.

An act that weakens a protection has the table of the request with which it waits for a second person; any other
act has the reason why one person, or a key, may do it alone. Its roles are single characters, as in
tests/project/test_permission_matrix.py, which opens the page of each act as each role.
"""

from tests.console.pages import spread

READS = "it reads, or hands over what its reader may see; each look is recorded"
PROTECTS = "it ends or narrows processing or access, or adds a protection"
RECORDS = "it records what a person, a guardian, an authority or a system said, with its evidence; the rules decide"
MOVES_ON = "it moves a case on; its clock, its due day and the answer to the person stay"
ROSTER = "it keeps the roster of an institution; a looser age or role waits for a second person by itself (AgeChange)"
SETS_UP = "it sets up a client, its staff or its connections; what gives power waits for a second person by itself"
OUTDATES = "it outdates the consents that it concerns"
SANDBOX = "it concerns a sandbox, which has no real people"
DECIDES = "a second person decides a request; declining changes nothing"
PAGE = "a page of a row that is no act"
ALONE = {READS, PROTECTS, RECORDS, MOVES_ON, ROSTER, SETS_UP, OUTDATES, SANDBOX, DECIDES, PAGE}
FORM = ""
"""A form (its roles are in tests/console/test_permissions.py) or a call (in the permission matrix)."""

TABLE = spread(
    {
        ("accounts.ProposedChange", "O"): """
            breaches/breach/close consent/purposecapacity/cancel consent/purposecapacity/end
            consent/serviceagreement/resume guardians/quarantine/release holdings/incident/close
        """,
        ("accounts.ProposedChange", "OC"): """
            consent/lawfulbasis/cancel consent/lawfulbasis/end consent/restriction/lift
            holdings/flaggedcollection/decide schedule/hold/lift schedule/retentionrule/end
        """,
        ("accounts.ProposedChange", FORM): """
            accounts/client/change consent/lawfulbasis/add consent/lawfulbasis/change consent/purpose/add
            consent/purpose/change consent/purposecapacity/add consent/purposecapacity/change consent/recipient/change
            consent/recipientapproval/add consent/recipientapproval/change cookies/cookie/add cookies/cookie/change
            schedule/retentionrule/add schedule/retentionrule/change upkeep/portalperiod/add
        """,
        ("accounts.StaffChange", "O"): "accounts/user/email accounts/user/password accounts/user/second-factor",
        ("accounts.StaffChange", FORM): "accounts/membership/add accounts/membership/change accounts/user/change",
        ("guardians.GuardianChange", "OC"): """
            guardians/guardianship/change-authority guardians/guardianship/end guardians/guardianship/verify
        """,
        ("guardians.GuardianChange", FORM): "post:api/v1/subjects/<str:external_id>/guardians",
        ("consent.NoticeDraft", "OC"): "consent/noticedraft/announce",
        ("consent.Assessment", "OC"): "consent/assessment/review",
        ("data_systems.System", "OC"): "data_systems/system/end",
        ("desk.Overruling", "O"): "consent/objection/overrule",
        ("agreements.AgreementSigning", "OC"): "consent/serviceagreement/sign",
        ("exits.AgreementExit", "OC"): "consent/serviceagreement/exit",
        ("sharing.BusinessTransfer", FORM): "sharing/businesstransfer/add",
        ("staff.Provider", FORM): "staff/provider/add",
        ("people.Readmission", FORM): "people/readmission/add",
        ("people.AgeChange", "OC"): "people/subject/change-roles people/subject/correct people/subject/state-age",
        ("people.AgeChange", FORM): "post:api/v1/subjects/batch put:api/v1/subjects/<str:external_id>",
        ("people.PersonMerge", "OC"): "people/subject/not-same-person people/subject/same-person",
        ("erasures.ErasureProposal", "O"): "people/subject/erase",
        ("erasures.ErasureProposal", "OC"): "requests/rightsrequest/propose-erasure",
        ("sharing.LegalDisclosure", "O"): "people/subject/record-legal-demand",
        ("data_systems.Waiver", "OC"): "data_systems/order/waive",
        (READS, "OC"): """
            accounts/client/try-decision consent/consentevidence/open consent/serviceagreement/open-document
            data_systems/order/values guardians/providercheck/where mailbox/mailmessage/file mailbox/mailmessage/read
            paper/formrun/print people/agechange/look people/subject/evidence people/subject/reveal
            people/subject/show-disagreements reports/regulatorpack/again reports/regulatorpack/pdf
            reports/regulatorpack/zip requests/rightsrequest/copy-build requests/rightsrequest/copy-hand-over
            requests/rightsrequest/copy-preview requests/rightsrequest/messages requests/rightsrequest/read
        """,
        (READS, "OAC"): """
            disposals/batch/certificate-json disposals/batch/certificate-pdf erasures/erasureproposal/certificate-json
            erasures/erasureproposal/certificate-pdf exits/agreementexit/certificate-json
            exits/agreementexit/certificate-pdf
        """,
        (READS, "OSC"): "guardians/guardianship/data",
        (READS, "O"): "exits/agreementexit/part",
        (READS, "OA"): "security/securityassessment/open-report",
        (READS, FORM): "post:access/v1/evaluation post:access/v1/evaluations reports/regulatorpack/add",
        (PROTECTS, "OC"): """
            accounts/apikey/revoke accounts/membership/end agreements/clientcontact/end consent/consent/revoke
            consent/instruction/cancel consent/instruction/end data_systems/systemkey/end
            guardians/guardianconflict/close guardians/schoolauthorisation/end guardians/verification/found-false
            people/subject/object people/subject/place-hold people/subject/restrict
            requests/rightsrequest/restrict-meanwhile schedule/hold/review staff/accessreview/confirm staff/provider/end
            staff/signonlink/unlink webhooks/endpoint/disable webhooks/endpoint/remove
        """,
        (PROTECTS, "O"): """
            consent/consent/invalidate consent/recipientapproval/cancel consent/recipientapproval/end
            consent/serviceagreement/cancel consent/serviceagreement/end consent/serviceagreement/suspend
            people/subject/hold-back
        """,
        (PROTECTS, "C"): "consent/noticedispatch/object",
        (PROTECTS, FORM): "consent/agreementsuspension/add guardians/childmechanism/add schedule/hold/add",
        (RECORDS, "OC"): """
            consent/assessment/consult consent/consentevent/add-evidence consent/purpose/assess-impact
            consent/purpose/describe-automated consent/recipient/assess-transfer consent/recipient/audit
            consent/serviceagreement/add-document
            data_map/mapline/confirm data_map/mapline/end data_systems/order/add-file data_systems/order/answer
            data_systems/system/count desk/authoritycase/end guardians/guardianship/answer guardians/guardianship/check
            guardians/providercheck/ask inventories/inventory/answer inventories/inventoryline/decide
            paper/formrun/confirm paper/formrun/enter paper/paperanswer/confirm paper/paperanswer/dismiss
            people/subject/answer people/subject/inform-recipient people/subject/school-authorises
            reports/usefinding/decide requests/rightsrequest/delivered requests/rightsrequest/inform-recipient
        """,
        (RECORDS, "O"): """
            consent/balancingtest/sign consent/noticedispatch/answer consent/serviceagreement/extend-duties
            consent/serviceagreement/sign-paper sharing/legaldisclosure/record-disclosure
        """,
        (RECORDS, "C"): """
            consent/noticedispatch/acknowledge consent/noticedispatch/withdraw consent/serviceagreement/attest
        """,
        (RECORDS, "OSC"): "requests/rightsrequest/state-disagreement",
        (RECORDS, FORM): """
            consent/balancingtest/add consent/balancingtest/change consent/decisionlogsetting/add
            consent/decisionlogsetting/change data_map/mapline/add data_map/mapline/change paper/formrun/add
            post:api/v1/acknowledgements post:api/v1/activity/batch post:api/v1/collections
            post:api/v1/collections/batch post:api/v1/consents post:api/v1/consents/<uuid:event>/evidence
            post:api/v1/disclosures post:api/v1/disclosures/batch post:api/v1/inventories/<uuid:inventory>/answer
            post:api/v1/inventories/<uuid:inventory>/people post:api/v1/orders/<uuid:order>/accept
            post:api/v1/orders/<uuid:order>/complete post:api/v1/orders/<uuid:order>/fail
            post:api/v1/orders/<uuid:order>/files/<str:category> post:api/v1/rights-requests
            post:api/v1/rights-requests/<uuid:rights_request>/corrections
            post:api/v1/subjects/<str:external_id>/consents/<str:purpose>/withdraw
            post:api/v1/subjects/<str:external_id>/events post:api/v1/subjects/<str:external_id>/guardian-authorisations
            post:api/v1/subjects/<str:external_id>/guardian-checks
            post:api/v1/subjects/<str:external_id>/guardian-requests put:api/v1/data-map
            put:api/v1/rights-requests/<uuid:rights_request>/disagreement
        """,
        (MOVES_ON, "OC"): """
            consent/restriction/inform data_systems/order/try-again desk/requesttask/done disposals/batch/cancel
            disposals/batch/pause disposals/batch/resume disposals/batch/take-out erasures/erasureproposal/cancel
            requests/rightsrequest/add-rights requests/rightsrequest/answer requests/rightsrequest/assign
            requests/rightsrequest/authority-case requests/rightsrequest/close requests/rightsrequest/decide
            requests/rightsrequest/extend requests/rightsrequest/letter requests/rightsrequest/match
            requests/rightsrequest/note requests/rightsrequest/pause requests/rightsrequest/refuse-correction
            requests/rightsrequest/resume requests/rightsrequest/send-letter requests/rightsrequest/task
            requests/rightsrequest/verify
        """,
        (MOVES_ON, "O"): """
            breaches/breach/add-clients breaches/breach/assess breaches/breach/measures breaches/breach/notify-authority
            breaches/breach/write-client breaches/breach/write-people exits/agreementexit/continue
            exits/agreementexit/decline-return exits/agreementexit/delete-data exits/agreementexit/interrupt
            exits/agreementexit/returned mailbox/mailmessage/make-request mailbox/mailmessage/settle
            requests/rightsrequest/hand-over requests/rightsrequest/link requests/rightsrequest/register-sender
            requests/rightsrequest/route
        """,
        (MOVES_ON, "OSC"): """
            people/subject/rights-request requests/rightsrequest/add-correction requests/rightsrequest/call-back
        """,
        (MOVES_ON, FORM): "breaches/breach/add security/securityassessment/add",
        (ROSTER, "OC"): """
            people/subject/ask-guardians people/subject/moves-away people/subject/moves-class
            people/subject/name-guardian schools/rosterimport/check-again schools/rosterimport/discard
            schools/rosterimport/import schools/rosterimport/import-anyway schools/school/end-year
        """,
        (ROSTER, "OSC"): "people/subject/invite",
        (ROSTER, FORM): """
            invitations/invitation/add people/subject/add post:api/v1/enrolments/batch post:api/v1/guardian-invitations
            post:api/v1/links put:api/v1/classes/<str:external_id> put:api/v1/schools/<str:external_id>
            put:api/v1/terms/<str:external_id> schools/rosterimport/add
        """,
        (SETS_UP, "OC"): """
            accounts/apikey/rotate accounts/client/starting-set accounts/membership/invite-again
            consent/noticedraft/discard cookies/linkedservice/review staff/provider/passwords webhooks/delivery/replay
            webhooks/endpoint/enable webhooks/endpoint/replay webhooks/endpoint/rotate webhooks/endpoint/test
        """,
        (SETS_UP, "O"): "accounts/user/invite",
        (SETS_UP, "OSC"): "mail/letter/resend",
        (SETS_UP, FORM): """
            accounts/apikey/add accounts/client/add accounts/user/add agreements/clientcontact/add
            consent/datacategory/add consent/datacategory/change consent/instruction/add consent/instruction/change
            consent/listedlaw/add consent/listedlaw/change consent/notice/add consent/notice/change
            consent/noticedraft/add consent/noticedraft/change consent/occasion/add consent/occasion/change
            consent/recipient/add consent/serviceagreement/add consent/serviceagreement/change cookies/cookiesite/add
            cookies/cookiesite/change cookies/linkedservice/add cookies/linkedservice/change data_systems/system/add
            data_systems/system/change data_systems/systemkey/add delete:api/v1/webhooks/<uuid:webhook>
            post:api/v1/webhooks post:api/v1/webhooks/<uuid:webhook>/enable post:api/v1/webhooks/<uuid:webhook>/replay
            post:api/v1/webhooks/<uuid:webhook>/rotate post:api/v1/webhooks/<uuid:webhook>/test webhooks/endpoint/add
            webhooks/endpoint/change
        """,
        (OUTDATES, "OC"): "consent/purpose/widen",
        (SANDBOX, "OC"): """
            accounts/client/force-state accounts/client/make-order accounts/client/move-clock accounts/client/start-over
        """,
        (SANDBOX, FORM): """
            post:api/v1/sandbox/clock post:api/v1/sandbox/inventories post:api/v1/sandbox/orders
            post:api/v1/sandbox/reset post:api/v1/sandbox/state
        """,
        (DECIDES, "OC"): """
            accounts/proposedchange/approve accounts/proposedchange/decline accounts/staffchange/approve
            accounts/staffchange/decline consent/serviceagreement/decline data_systems/order/agree
            data_systems/system/agree data_systems/system/decline disposals/batch/approve
            erasures/erasureproposal/approve erasures/erasureproposal/decline guardians/guardianchange/approve
            guardians/guardianchange/decline people/agechange/approve people/agechange/decline
            people/personmerge/approve people/personmerge/decline
        """,
        (DECIDES, "O"): """
            consent/objection/agree exits/agreementexit/approve exits/agreementexit/decline people/readmission/approve
            sharing/businesstransfer/approve sharing/businesstransfer/decline sharing/legaldisclosure/approve
            sharing/legaldisclosure/decline staff/provider/approve staff/provider/decline
        """,
        (PAGE, "OAC"): """
            accounts/client/digest accounts/client/set-up accounts/client/use consent/consentevent/receipt
            people/subject/timeline
        """,
    }
)
ACTS = {act: roles for act, (_, roles) in TABLE.items() if roles}
"""The acts on one row, and the roles that may do each."""
