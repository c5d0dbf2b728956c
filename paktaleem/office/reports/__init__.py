"""Reports about a client: trends, samples for audits, the weekly digest, and packs for regulators."""
