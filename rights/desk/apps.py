"""Django app of the desk of rights requests."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class DeskConfig(PortalAppConfig):
    name = "rights.desk"
    verbose_name = "desk of rights requests"
    handlers = (
        ("rights.requests.hooks.person_named", ".services.inform_of_request"),
        ("rights.requests.hooks.identity_verified", ".services.inform_of_verification"),
        ("rights.requests.hooks.identity_verified", ".outsiders.add_earlier_requests"),
        ("rights.requests.hooks.before_answering", ".services.inform_of_answer"),
        ("rights.mailbox.services.message_added", ".services.require_reading"),
        ("rights.requests.hooks.calls_to_make", ".selectors.list_calls"),
        ("rights.requests.hooks.texts_to_read", ".selectors.read_texts"),
        ("rights.requests.hooks.before_closing", ".cases.require_outcome"),
        ("rights.requests.hooks.request_continued", ".cases.require_outcome_of_duplicate"),
        ("rights.requests.hooks.person_assigned", ".cases.move_holds"),
        ("consent.consents.services.restrictions.checks_before_lift", ".cases.require_notice"),
        ("rights.requests.hooks.texts_needed", ".cases.list_requests_with_open_case"),
    )
    facts = "previous: before"
    ledger = (
        entry("objection.overruling_proposed", "Overruling of an objection proposed"),
        entry("objection.overruling_settled", "Overruling of an objection approved or declined"),
        entry("restriction.lift_announced", "Person informed that a restriction will be lifted"),
    )
