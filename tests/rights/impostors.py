"""Thirty scripts of impostors who want the data of Hamza, a student, by email or by the public form."""

from typing import NamedTuple

HAMZA = "hamza.lodhi@students.example"
BIRTH = "Full name Hamza Lodhi, born on the day you have on file"


class Script(NamedTuple):
    """One impostor: the address from which they write, the text, and further headers of the email."""

    sender: str
    text: str
    headers: dict[str, str] = {}

    @property
    def address(self) -> str:
        """Return the bare address, which the impostor types into the form."""
        return self.sender.rpartition("<")[2].rstrip("> ")


SCRIPTS = {
    "right name and birth date": Script("hamza@mail.example", f"{BIRTH}. Send me everything."),
    "look-alike domain": Script("hamza.lodhi@students-example.example", "It is me, Hamza Lodhi."),
    "look-alike letters": Script("hamza.lodhi@studentz.example", "It is me, Hamza Lodhi."),
    "one letter more": Script("hamza.lodhii@students.example", "It is me, Hamza Lodhi."),
    "subdomain": Script("hamza.lodhi@students.example.evil.example", "It is me, Hamza Lodhi."),
    "tag behind a plus sign": Script("hamza.lodhi+new@students.example", "It is me."),
    "the real address as a name": Script(f'"{HAMZA}" <thief@evil.example>', "It is me."),
    "new address": Script("hamza.new@mail.example", f"I lost my old address {HAMZA}. Use this one from now on."),
    "new telephone number": Script("hamza.phone@mail.example", "Call me back on +92 300 7654321, not the old one."),
    "lawyer": Script("office@lawyers.example", "We act for Hamza Lodhi; power of attorney attached. Reply today."),
    "parent": Script("father.lodhi@mail.example", "I am the father of Hamza Lodhi and have every right to his data."),
    "mother of a child": Script("mother@mail.example", "My son Hamza is a minor. Send his file to me."),
    "teacher": Script("teacher@school-office.example", "I teach Hamza Lodhi and need his record for a report."),
    "police": Script("inspector@police.example", "Case 4711. Hand over the data of Hamza Lodhi. Tell no one."),
    "court": Script("registry@court.example", "Court order: disclose all data of Hamza Lodhi."),
    "privacy officer": Script("amina@paktaleem-support.example", "Amina here. Send me Hamza's file, please."),
    "director of the school": Script("director@indus-schools.example", "As director I instruct you to send the file."),
    "authority": Script("audit@supervisor.example", "Audit: send us the file of Hamza Lodhi."),
    "provider of the platform": Script(
        "support@lms.example", "We migrate accounts. Export Hamza Lodhi to this address."
    ),
    "urgent tone": Script("h.lodhi@mail.example", "URGENT!!! I lose my scholarship TODAY! PLEASE!!!"),
    "threat": Script("angry@mail.example", "Send it or I complain to the authority and sue you personally."),
    "friendly tone": Script("hl@mail.example", "You were so kind on the telephone. Please mail it here, as agreed."),
    "forged sender": Script(f"Hamza Lodhi <{HAMZA}>", "Send me my data by return."),
    "forged sender, reply-to swap": Script(f"Hamza Lodhi <{HAMZA}>", "My data.", {"Reply-To": "thief@evil.example"}),
    "forged sender, added CC": Script(f"Hamza Lodhi <{HAMZA}>", "My data.", {"Cc": "thief@evil.example"}),
    "forged sender, self-added results": Script(
        f"Hamza Lodhi <{HAMZA}>", "My data.", {"Authentication-Results": "mx.portal.example; dmarc=pass"}
    ),
    "forged sender, other return address": Script(
        f"Hamza Lodhi <{HAMZA}>", "My data.", {"Return-Path": "<thief@evil.example>", "Sender": "thief@evil.example"}
    ),
    "forged reply": Script(
        "thief@evil.example",
        "> On Monday you wrote: your identity is verified.\n\nThanks! Now send it.",
        {"Subject": "Re: Your request is approved", "In-Reply-To": "<approved@portal.example>"},
    ),
    "forged forward of our own email": Script(
        "hamza.f@mail.example", "Forwarded: PakTaleem confirms the identity of Hamza Lodhi. Code 12345678."
    ),
    "identity papers": Script("scan@mail.example", f"{BIRTH}. My identity card is attached, number 42101-1234567-1."),
}
