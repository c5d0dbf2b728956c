"""The messages of this app: one-time code and access link."""

from datetime import timedelta

from paktaleem.directory.mail.kinds import declare_message

CODE_LIFE = timedelta(minutes=10)
INVITATION_LIFE = timedelta(days=7)

PAGE_CODE = declare_message("page_code", fields=["code", "minutes"], life=CODE_LIFE, is_texted=True)
PAGE_LINK = declare_message("page_link", fields=["url", "days"], life=INVITATION_LIFE, is_texted=True)
