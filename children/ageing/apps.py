"""App of children who reach the age of consent."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, SentEvent, entry


class AgeingConfig(PortalAppConfig):
    name = "children.ageing"
    verbose_name = "age of consent"
    ledger = (
        entry(
            "subject.age_notice",
            "Advance notice of reaching the age of consent",
            (SentEvent("notice", type="subject.comes_of_age"),),
        ),
    )
