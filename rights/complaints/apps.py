"""Django app of complaints at a supervisory authority."""

from paktaleem.foundation.operations.extensions import config


class ComplaintsConfig(config.PortalAppConfig):
    """Cases of supervisory authorities about a request."""

    name = "rights.complaints"
    label = "complaints"
    verbose_name = "complaints at an authority"
    handlers = (
        ("rights.requests.hooks.before_closing", "rights.complaints.services.require_outcome"),
        ("rights.requests.hooks.person_assigned", "rights.complaints.holds.move_holds"),
        ("rights.requests.hooks.texts_needed", "rights.complaints.services.list_requests_with_open_case"),
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "rights.complaints.sections.list_complaint_sections",
        ),
        ("rights.requests.hooks.request_continued", "rights.complaints.services.require_outcome_of_duplicate"),
    )
