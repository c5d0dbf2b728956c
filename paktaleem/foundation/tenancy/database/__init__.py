"""Django's database engine for PostgreSQL, with a limit to how long a web server waits for a database that hangs."""
