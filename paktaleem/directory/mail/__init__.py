"""Messages to people: emails and text messages. All messages are sent through this app."""
