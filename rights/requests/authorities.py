"""Supervisory authorities by country, to which a person may complain. Pure.

Only authorities whose official name is certain are listed, and a web address only where it is certain. For other
countries the operator's authority (setting AUTHORITY) is named, and without one the person's right is stated in general
words.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Authority(NamedTuple):
    """A supervisory authority: its name and web address."""

    name: str
    url: str = ""


AUTHORITIES = {
    "AE": Authority("UAE Data Office"),
    "AT": Authority("Österreichische Datenschutzbehörde", "https://www.dsb.gv.at"),
    "AU": Authority("Office of the Australian Information Commissioner", "https://www.oaic.gov.au"),
    "BE": Authority("Autorité de protection des données", "https://www.dataprotectionauthority.be"),
    "BG": Authority("Commission for Personal Data Protection", "https://www.cpdp.bg"),
    "BH": Authority("Personal Data Protection Authority"),
    "BR": Authority("Autoridade Nacional de Proteção de Dados", "https://www.gov.br/anpd"),
    "CA": Authority("Office of the Privacy Commissioner of Canada", "https://www.priv.gc.ca"),
    "CH": Authority("Eidgenössischer Datenschutz- und Öffentlichkeitsbeauftragter", "https://www.edoeb.admin.ch"),
    "CY": Authority("Office of the Commissioner for Personal Data Protection"),
    "CZ": Authority("Úřad pro ochranu osobních údajů"),
    "DE": Authority("Datenschutzbehörde des zuständigen Landes (Anschriften beim BfDI)", "https://www.bfdi.bund.de"),
    "DK": Authority("Datatilsynet", "https://www.datatilsynet.dk"),
    "EE": Authority("Andmekaitse Inspektsioon", "https://www.aki.ee"),
    "ES": Authority("Agencia Española de Protección de Datos", "https://www.aepd.es"),
    "FI": Authority("Tietosuojavaltuutetun toimisto", "https://tietosuoja.fi"),
    "FR": Authority("Commission nationale de l’informatique et des libertés", "https://www.cnil.fr"),
    "GB": Authority("Information Commissioner’s Office", "https://ico.org.uk"),
    "GR": Authority("Hellenic Data Protection Authority", "https://www.dpa.gr"),
    "HR": Authority("Agencija za zaštitu osobnih podataka", "https://azop.hr"),
    "HU": Authority("Nemzeti Adatvédelmi és Információszabadság Hatóság", "https://www.naih.hu"),
    "IE": Authority("Data Protection Commission", "https://www.dataprotection.ie"),
    "IN": Authority("Data Protection Board of India"),
    "IS": Authority("Persónuvernd", "https://www.personuvernd.is"),
    "IT": Authority("Garante per la protezione dei dati personali", "https://www.garanteprivacy.it"),
    "JP": Authority("Personal Information Protection Commission", "https://www.ppc.go.jp"),
    "KE": Authority("Office of the Data Protection Commissioner", "https://www.odpc.go.ke"),
    "KR": Authority("Personal Information Protection Commission", "https://www.pipc.go.kr"),
    "KW": Authority("Communication and Information Technology Regulatory Authority", "https://www.citra.gov.kw"),
    "LI": Authority("Datenschutzstelle", "https://www.datenschutzstelle.li"),
    "LK": Authority("Data Protection Authority of Sri Lanka"),
    "LT": Authority("Valstybinė duomenų apsaugos inspekcija", "https://vdai.lrv.lt"),
    "LU": Authority("Commission nationale pour la protection des données", "https://cnpd.public.lu"),
    "LV": Authority("Datu valsts inspekcija", "https://www.dvi.gov.lv"),
    "MT": Authority("Office of the Information and Data Protection Commissioner", "https://idpc.org.mt"),
    "MY": Authority("Jabatan Perlindungan Data Peribadi", "https://www.pdp.gov.my"),
    "NL": Authority("Autoriteit Persoonsgegevens", "https://www.autoriteitpersoonsgegevens.nl"),
    "NO": Authority("Datatilsynet", "https://www.datatilsynet.no"),
    "NZ": Authority("Office of the Privacy Commissioner", "https://www.privacy.org.nz"),
    "OM": Authority("Ministry of Transport, Communications and Information Technology"),
    "PL": Authority("Urząd Ochrony Danych Osobowych", "https://uodo.gov.pl"),
    "PT": Authority("Comissão Nacional de Proteção de Dados", "https://www.cnpd.pt"),
    "QA": Authority("National Cyber Security Agency"),
    "RO": Authority(
        "Autoritatea Națională de Supraveghere a Prelucrării Datelor cu Caracter Personal",
        "https://www.dataprotection.ro",
    ),
    "SA": Authority("Saudi Data and Artificial Intelligence Authority (SDAIA)", "https://sdaia.gov.sa"),
    "SE": Authority("Integritetsskyddsmyndigheten", "https://www.imy.se"),
    "SG": Authority("Personal Data Protection Commission", "https://www.pdpc.gov.sg"),
    "SI": Authority("Informacijski pooblaščenec", "https://www.ip-rs.si"),
    "SK": Authority("Úrad na ochranu osobných údajov Slovenskej republiky", "https://dataprotection.gov.sk"),
    "TR": Authority("Kişisel Verileri Koruma Kurumu", "https://www.kvkk.gov.tr"),
    "US": Authority("Federal Trade Commission", "https://www.ftc.gov"),
    "ZA": Authority("Information Regulator (South Africa)", "https://inforegulator.org.za"),
}
"""By ISO 3166 code of the country. In the USA the Federal Trade Commission enforces the rules for children (COPPA)."""

# Bangladesh and Pakistan have no authority that works, as far as we know. Pakistan plans a National Commission for
# Personal Data Protection; until it exists, a person may turn to a court.


def find_authority(country: str, *, fallback: Sequence[str]) -> Authority | None:
    """Return the authority of a country; otherwise ``fallback``, the name and address of the setting; or None."""
    if country in AUTHORITIES:
        return AUTHORITIES[country]
    return Authority(*fallback[:2]) if fallback else None
