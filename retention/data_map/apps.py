"""Django app of the data map."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class DataMapConfig(PortalAppConfig):
    """Lines of the data map, and how they compare with what systems report."""

    name = "retention.data_map"
    verbose_name = "data map"
    handlers = (("consent.agreements.selectors.map_confirmations", ".selectors.list_first_confirmations"),)
    families = "data_map: Data map"
    ledger = (
        entry("data_map.confirmed", "Line of the data map confirmed by the client"),
        entry("data_map.declared", "Line of the data map declared"),
        entry("data_map.ended", "Line of the data map ended"),
    )
