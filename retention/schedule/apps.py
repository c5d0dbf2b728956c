"""Django app of the retention schedule."""

from paktaleem.foundation.extensions import config


class ScheduleConfig(config.PortalAppConfig):
    """Retention rules, holds and the published schedule."""

    name = "retention.schedule"
    label = "schedule"
    verbose_name = "retention schedule"
    handlers = (
        ("consent.notices.public_sections.public_sections", "retention.schedule.public.schedule_section"),
        ("paktaleem.directory.copies.sections.person_sections", "retention.schedule.sections.list_schedule_sections"),
        ("retention.holdings.disposal_checks.before_disposal", "retention.schedule.services.holds.refuse_held"),
        ("consent.notices.services.starter.starter_parts", "retention.schedule.services.starter.load_starter_rules"),
    )
