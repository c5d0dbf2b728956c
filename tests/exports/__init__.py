"""Large exports of lists, which the worker writes."""
