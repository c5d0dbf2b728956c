"""Django app of data subjects: sealed personal fields, one key per person, a log of access, links between records."""

from paktaleem.foundation.operations import extensions

_CHECKS = "paktaleem.foundation.operations.diagnosis.doctor_checks"
_AT_START = "paktaleem.foundation.operations.startup.findings.start_checks"


class PeopleConfig(extensions.PortalAppConfig):
    """Data subjects, their keys, copies of their data, and links between the records of one person."""

    name = "paktaleem.directory.people"
    parts = ("key_epochs", "copies", "merges")
    handlers = (
        (_CHECKS, "paktaleem.directory.people.erasures.check_erasures"),
        (_CHECKS, "paktaleem.foundation.encryption.diagnosis.check_keyring"),
        (_CHECKS, "paktaleem.directory.people.key_epochs.services.check_keys_in_use"),
        (_AT_START, "paktaleem.foundation.encryption.diagnosis.keyring_findings"),
        (_AT_START, "paktaleem.directory.people.key_epochs.services.foreign_keyring_findings"),
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "paktaleem.directory.people.copies.sections.list_own_sections",
        ),
    )
