"""Django app of data subjects: sealed personal fields, one key per person, and a log of access."""

from paktaleem.foundation.extensions import config

_CHECKS = "paktaleem.foundation.diagnosis.lines.doctor_checks"


class SubjectsConfig(config.PortalAppConfig):
    """Data subjects."""

    name = "paktaleem.directory.people"
    label = "subjects"
    handlers = (
        (_CHECKS, "paktaleem.foundation.encryption.diagnosis.check_keyring"),
        (_CHECKS, "paktaleem.directory.people.diagnosis.check_keys_of_people"),
        (_CHECKS, "paktaleem.directory.people.diagnosis.check_erasures"),
    )
