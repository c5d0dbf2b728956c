"""Django app of rectifications."""

from paktaleem.foundation.operations.extensions import config


class RectificationsConfig(config.PortalAppConfig):
    """Corrections of a person's data, as an outcome of a request or by staff."""

    name = "rights.rectifications"
    label = "rectifications"
    verbose_name = "rectifications"
    handlers = (
        ("rights.requests.hooks.part_granted", "rights.rectifications.services.applying.apply_corrections"),
        ("rights.requests.hooks.part_granted", "rights.rectifications.services.applying.list_who_must_be_informed"),
        ("rights.requests.hooks.before_closing", "rights.rectifications.services.applying.require_corrections_made"),
        ("rights.requests.hooks.before_closing", "rights.rectifications.services.applying.require_recipients_informed"),
        (
            "rights.requests.hooks.request_continued",
            "rights.rectifications.services.statements.take_over_corrections",
        ),
        ("rights.requests.hooks.part_details", "rights.rectifications.selectors.describe_corrections"),
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "rights.rectifications.sections.list_rectification_sections",
        ),
        ("rights.channels.own_page.own_page_extras", "rights.rectifications.own_page.corrections_extra"),
        ("rights.channels.own_page.next_steps", "rights.rectifications.own_page.find_next_step"),
        (
            "paktaleem.directory.people.extension_points.age_change_settled",
            "rights.rectifications.services.applying.finish_confirmed_age",
        ),
        (
            "consent.consents.services.recording.consent_ended",
            "rights.rectifications.services.applying.list_recipients_after_consent",
        ),
        (
            "children.guardians.services.answers.service_changed",
            "rights.rectifications.services.applying.list_recipients_after_service",
        ),
        (
            "paktaleem.directory.people.extension_points.erasure_blockers",
            "rights.rectifications.services.applying.describe_uninformed_recipients",
        ),
    )
