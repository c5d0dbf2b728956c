"""Large exports of lists: written by the worker, sealed, for the person who requested them, for a limited time."""
