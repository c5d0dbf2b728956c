"""Django app of disposals."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_SYSTEMS = "paktaleem.directory.data_systems.extension_points"
_DISPOSAL = "disposal ground size"


class DisposalsConfig(PortalAppConfig):
    name = "retention.disposals"
    verbose_name = "disposals"
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", ".services.batches.LARGE"),
        (f"{_SYSTEMS}.order_answered", ".services.executing.settle_items"),
        (f"{_SYSTEMS}.order_parameters", ".services.executing.list_parameters"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".services.executing.BATCH_KEYS"),
    )
    facts = "again_at: asked again at, no_system: held by no system"
    ledger = (
        entry("disposal.approval_declined", "Disposal sent back to review by the second person"),
        entry("disposal.approval_requested", "Disposal needs a second person"),
        entry("disposal.cancelled", "Disposal ended without orders", _DISPOSAL),
        entry("disposal.certified", sends="disposal number ground sha256"),
        entry("disposal.continued disposal.interrupted disposal.opened"),
        entry("disposal.flagged", "Data flagged for disposal", _DISPOSAL),
        entry("disposal.item_taken_out", "Holding taken out of a disposal"),
        entry("disposal.ordered", "Disposal ordered from the systems", "disposal ground size ordered sent_back"),
        entry("disposal.scheduled", "Disposal approved and scheduled", "disposal ground size starts_at"),
    )
