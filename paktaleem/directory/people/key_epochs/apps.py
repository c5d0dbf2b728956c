"""Django app of the commands that renew the wrapping keys."""

from paktaleem.foundation.operations.extensions import config

_CHECKS = "paktaleem.foundation.operations.diagnosis.lines.doctor_checks"
_AT_START = "paktaleem.foundation.operations.startup.findings.start_checks"


class KeyEpochsConfig(config.PortalAppConfig):
    """Epochs of the wrapping keys."""

    name = "paktaleem.directory.people.key_epochs"
    label = "key_epochs"
    handlers = (
        (_CHECKS, "paktaleem.foundation.encryption.diagnosis.check_keyring"),
        (_CHECKS, "paktaleem.directory.people.key_epochs.services.check_keys_in_use"),
        (_AT_START, "paktaleem.foundation.encryption.diagnosis.keyring_findings"),
        (_AT_START, "paktaleem.directory.people.key_epochs.services.foreign_keyring_findings"),
    )
