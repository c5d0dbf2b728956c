"""Django app of rectifications."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

PEOPLE = "paktaleem.directory.people.extension_points"


class RectificationsConfig(PortalAppConfig):
    name = "rights.rectifications"
    verbose_name = "rectifications"
    handlers = (
        ("rights.requests.hooks.part_granted", ".services.apply_corrections"),
        ("rights.requests.hooks.part_granted", ".services.list_who_must_be_informed"),
        ("rights.requests.hooks.before_closing", ".services.require_carried_out"),
        ("rights.requests.hooks.texts_to_read", ".selectors.read_texts"),
        ("rights.requests.hooks.request_continued", ".services.take_over_corrections"),
        ("rights.requests.hooks.part_details", ".selectors.describe_corrections"),
        ("paktaleem.directory.people.copies.sections.person_sections", ".selectors.list_rectification_sections"),
        (f"{PEOPLE}.age_change_settled", ".services.finish_confirmed_age"),
        ("consent.consents.services.recording.consent_ended", ".services.list_recipients_after_consent"),
        ("children.guardians.services.answers.service_changed", ".services.list_recipients_after_service"),
        (f"{PEOPLE}.erasure_blockers", ".services.describe_uninformed_recipients"),
    )
    facts = "recipients: number of recipients"
    ledger = (
        entry("subject.corrected", "Field of a person corrected by staff or on request"),
        entry("subject.recipient_informed", "Recipient informed about a person"),
        entry("subject.recipients_listed", "Recipients to be informed about a person listed"),
    )
