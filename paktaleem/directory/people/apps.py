"""Django app of data subjects: sealed personal fields, one key per person, and a log of access."""

from paktaleem.foundation.extensions import config


class SubjectsConfig(config.PortalAppConfig):
    """Data subjects."""

    name = "paktaleem.directory.people"
    label = "subjects"
    handlers = (
        ("paktaleem.foundation.diagnosis.lines.doctor_checks", "paktaleem.directory.people.diagnosis.check_erasures"),
    )
