"""Models of disposals: sweeps, batches, their items, approvals and certificates."""

from retention.disposals.models import batches, certificates, items
