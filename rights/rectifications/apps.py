"""Django app of rectifications."""

from paktaleem.foundation.operations import extensions


class RectificationsConfig(extensions.PortalAppConfig):
    """Corrections of a person's data, as an outcome of a request or by staff."""

    name = "rights.rectifications"
    verbose_name = "rectifications"
    handlers = (
        ("rights.requests.hooks.part_granted", "rights.rectifications.services.applying.apply_corrections"),
        ("rights.requests.hooks.part_granted", "rights.rectifications.services.applying.list_who_must_be_informed"),
        ("rights.requests.hooks.before_closing", "rights.rectifications.services.applying.require_carried_out"),
        ("rights.requests.hooks.texts_to_read", "rights.rectifications.selectors.read_texts"),
        ("rights.requests.hooks.request_continued", "rights.rectifications.services.statements.take_over_corrections"),
        ("rights.requests.hooks.part_details", "rights.rectifications.selectors.describe_corrections"),
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "rights.rectifications.selectors.list_rectification_sections",
        ),
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
