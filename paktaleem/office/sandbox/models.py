"""No models: without this module Django sends no ``post_migrate`` signal for the app."""
