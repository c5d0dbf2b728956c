"""URLs of the API."""

from django.urls import path

from children.guardians.api import GuardianAuthorisations, GuardianChecks, Guardians, ShowCheck
from children.invitations.api import InviteGuardian, ShowInvitation
from consent.consents.api import AcknowledgePolicy, AddEvidence, RecordConsents, SubjectConsents, WithdrawConsent
from consent.decisions.api import ListChanges, ListDecisionLog, SubjectStanding
from consent.notices.api import CurrentNotice, ListPurposes
from consent.receipts.api import ShowReceipt
from consent.sharing.api import ReportDisclosure, ReportDisclosures
from paktaleem.directory.access_links.api import IssueLink
from paktaleem.directory.data_systems.api import (
    AcceptOrder,
    AddOrderFile,
    CompleteOrder,
    FailOrder,
    ListOrders,
    ShowOrder,
)
from paktaleem.directory.people.api import BatchOperations, ListSubjects, RecordSubjectEvent, SubjectOperations
from paktaleem.directory.schools.api import RecordEnrolments, StateClass, StateSchool, StateTerm
from paktaleem.directory.webhooks.api import (
    EnableWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    TestWebhook,
    Webhook,
    WebhookDeliveries,
    Webhooks,
)
from paktaleem.office.sandbox.api import SandboxClock, SandboxInventories, SandboxOrders, SandboxReset, SandboxState
from retention.data_map.api import DataMap
from retention.disposals.api import ShowDisposal, ShowDisposalCertificate
from retention.holdings.api import ReportActivity, ReportCollection, ReportCollections
from retention.inventories.api import AddPeople, AnswerInventory, Inventories
from retention.schedule.api import SubjectHoldings
from rights.channels.api import (
    Corrections,
    ListDisagreements,
    RequestOfGuardian,
    RightsRequests,
    ShowCopy,
    ShowRightsRequest,
    StateDisagreement,
)

app_name = "api"

urlpatterns = [
    path("subjects", ListSubjects.as_view(), name="subjects"),
    path("subjects/batch", BatchOperations.as_view(), name="subjects-batch"),
    path("subjects/<str:external_id>", SubjectOperations.as_view(), name="subject"),
    path("subjects/<str:external_id>/events", RecordSubjectEvent.as_view(), name="record-subject-event"),
    path("subjects/<str:external_id>/standing", SubjectStanding.as_view(), name="standing"),
    path("subjects/<str:external_id>/consents", SubjectConsents.as_view(), name="subject-consents"),
    path(
        "subjects/<str:external_id>/consents/<str:purpose>/withdraw", WithdrawConsent.as_view(), name="withdraw-consent"
    ),
    path("subjects/<str:external_id>/holdings", SubjectHoldings.as_view(), name="subject-holdings"),
    path("schools/<str:external_id>", StateSchool.as_view(), name="school"),
    path("terms/<str:external_id>", StateTerm.as_view(), name="term"),
    path("classes/<str:external_id>", StateClass.as_view(), name="class"),
    path("enrolments/batch", RecordEnrolments.as_view(), name="record-enrolments"),
    path("collections", ReportCollection.as_view(), name="report-collection"),
    path("collections/batch", ReportCollections.as_view(), name="report-collections"),
    path("disclosures", ReportDisclosure.as_view(), name="report-disclosure"),
    path("disclosures/batch", ReportDisclosures.as_view(), name="report-disclosures"),
    path("activity/batch", ReportActivity.as_view(), name="report-activity"),
    path("subjects/<str:external_id>/guardians", Guardians.as_view(), name="guardians"),
    path(
        "subjects/<str:external_id>/guardian-authorisations",
        GuardianAuthorisations.as_view(),
        name="guardian-authorisations",
    ),
    path("subjects/<str:external_id>/guardian-checks", GuardianChecks.as_view(), name="guardian-checks"),
    path("guardian-checks/<uuid:check>", ShowCheck.as_view(), name="guardian-check"),
    path("subjects/<str:external_id>/disagreements", ListDisagreements.as_view(), name="subject-disagreements"),
    path("subjects/<str:external_id>/guardian-requests", RequestOfGuardian.as_view(), name="guardian-requests"),
    path("links", IssueLink.as_view(), name="issue-link"),
    path("guardian-invitations", InviteGuardian.as_view(), name="guardian-invitations"),
    path("guardian-invitations/<uuid:invitation>", ShowInvitation.as_view(), name="guardian-invitation"),
    path("purposes", ListPurposes.as_view(), name="purposes"),
    path("notices/current", CurrentNotice.as_view(), name="current-notice"),
    path("changes", ListChanges.as_view(), name="changes"),
    path("decision-log", ListDecisionLog.as_view(), name="decision-log"),
    path("consents/<uuid:event>/receipt", ShowReceipt.as_view(), name="receipt"),
    path("consents/<uuid:event>/evidence", AddEvidence.as_view(), name="add-evidence"),
    path("acknowledgements", AcknowledgePolicy.as_view(), name="acknowledge-policy"),
    path("rights-requests", RightsRequests.as_view(), name="rights-requests"),
    path("rights-requests/<uuid:rights_request>", ShowRightsRequest.as_view(), name="rights-request"),
    path("rights-requests/<uuid:rights_request>/disagreement", StateDisagreement.as_view(), name="disagreement"),
    path("rights-requests/<uuid:rights_request>/corrections", Corrections.as_view(), name="rights-corrections"),
    path("rights-requests/<uuid:rights_request>/copy", ShowCopy.as_view(), name="rights-copy"),
    path("data-map", DataMap.as_view(), name="data-map"),
    path("inventories", Inventories.as_view(), name="inventories"),
    path("inventories/<uuid:inventory>/people", AddPeople.as_view(), name="inventory-people"),
    path("inventories/<uuid:inventory>/answer", AnswerInventory.as_view(), name="inventory-answer"),
    path("orders", ListOrders.as_view(), name="orders"),
    path("disposals/<uuid:disposal>", ShowDisposal.as_view(), name="disposal"),
    path("disposals/<uuid:disposal>/certificate", ShowDisposalCertificate.as_view(), name="disposal-certificate"),
    path("orders/<uuid:order>", ShowOrder.as_view(), name="order"),
    path("orders/<uuid:order>/accept", AcceptOrder.as_view(), name="accept-order"),
    path("orders/<uuid:order>/complete", CompleteOrder.as_view(), name="complete-order"),
    path("orders/<uuid:order>/fail", FailOrder.as_view(), name="fail-order"),
    path("orders/<uuid:order>/files/<str:category>", AddOrderFile.as_view(), name="add-order-file"),
    path("webhooks", Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook>", Webhook.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook>/rotate", RotateWebhookSecret.as_view(), name="rotate-webhook-secret"),
    path("webhooks/<uuid:webhook>/enable", EnableWebhook.as_view(), name="enable-webhook"),
    path("webhooks/<uuid:webhook>/test", TestWebhook.as_view(), name="test-webhook"),
    path("webhooks/<uuid:webhook>/replay", ReplayWebhook.as_view(), name="replay-webhook"),
    path("webhooks/<uuid:webhook>/deliveries", WebhookDeliveries.as_view(), name="webhook-deliveries"),
    path("sandbox/clock", SandboxClock.as_view(), name="sandbox-clock"),
    path("sandbox/state", SandboxState.as_view(), name="sandbox-state"),
    path("sandbox/inventories", SandboxInventories.as_view(), name="sandbox-inventories"),
    path("sandbox/orders", SandboxOrders.as_view(), name="sandbox-orders"),
    path("sandbox/reset", SandboxReset.as_view(), name="sandbox-reset"),
    path("consents", RecordConsents.as_view(), name="record-consents"),
]
