"""App of guardians and their authority to act for children."""

from paktaleem.foundation.operations import extensions


class GuardiansConfig(extensions.PortalAppConfig):
    name = "children.guardians"
    verbose_name = "children and guardians"
    handlers = (
        (
            "paktaleem.directory.people.selectors.minor_revealed",
            "children.guardians.services.verifications.end_authority_of_minors",
        ),
    )
