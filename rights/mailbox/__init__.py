"""The support mailbox: emails that become rights requests, or messages of one."""
