"""Django app of data subjects: sealed personal fields, one key per person, and a log of access."""

from paktaleem.foundation.operations.extensions import config


class SubjectsConfig(config.PortalAppConfig):
    """Data subjects."""

    name = "paktaleem.directory.people"
    label = "subjects"
    handlers = (
        (
            "paktaleem.foundation.operations.diagnosis.lines.doctor_checks",
            "paktaleem.directory.people.erasures.check_erasures",
        ),
    )
