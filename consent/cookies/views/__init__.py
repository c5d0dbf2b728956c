"""Public interfaces of cookies: the page for visitors, and the answers to the script."""
