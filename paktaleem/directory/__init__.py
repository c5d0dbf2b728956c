"""Directory: clients, staff, people, schools and data systems, and the ways to reach them.

From above: webhooks, access_links, security, data_systems, staff, mail, schools, files, people.
"""
