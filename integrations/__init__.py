"""Programs that use the portal as others do: over its API, with none of its code."""
