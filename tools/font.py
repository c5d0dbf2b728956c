"""Make the portal's Urdu web font: ``python -m tools.font SOURCE``.

SOURCE is the variable font of the npm package ``@fontsource-variable/noto-naskh-arabic`` (OFL):
``files/noto-naskh-arabic-arabic-wght-normal.woff2``. Only the characters and digits of Urdu and of quotations in
Arabic are kept, so that a page stays below 100 kB on a telephone without an Urdu font.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

from paktaleem.foundation.web import public

FILE = Path(str(public.__file__)).parents[1] / "static" / "public" / "noto-naskh-arabic-urdu.woff2"
CHARACTERS = {
    0x20,
    *(ord(sign) for sign in "،؛؟٪٬٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹۔ۓےۃۂۀہھںگکیٰٹپچڈڑژەۖ"),
    0x066B,  # the decimal point
    *range(0x0600, 0x0604),  # signs of number, year, footnote and page
    *range(0x0610, 0x0615),  # honorifics
    *range(0x0621, 0x063B),
    *range(0x0641, 0x0657),
    0x0658,
    0xFDF2,
    0xFDFA,
    0xFDFB,
    *range(0x200C, 0x200F),  # joiners, mark of direction
}


def write_font(source: Path) -> None:
    """Write the subset of a font, in its weights and with every feature of its layout."""
    options = Options(layout_features=["*"], flavor="woff2")
    font = load_font(source, options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    save_font(font, FILE, options)


if __name__ == "__main__":
    write_font(Path(sys.argv[1]))
    print(FILE.name, FILE.stat().st_size)  # noqa: T201 -- a command
