#!/usr/bin/env python3
"""Makes the fonts of this folder from the packages named in README.md (needs fonttools).

    subset.py NOTO_FOLDER WQY_MICROHEI.ttc NOTO_EMOJI.ttf NOTO_SANS_JP.ttf

Hints are dropped (waybilld hints for itself), and so are letters no label needs.
"""
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
LATIN = [(0x20, 0x24F), (0x2B0, 0x513), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x20C0), (0x2100, 0x218B), (0x2212, 0x2212),
         (0x2215, 0x2215), (0x221E, 0x221E), (0x2248, 0x2248), (0x2260, 0x2265), (0x25CC, 0x25CC), (0xA720, 0xA727), (0xFB00, 0xFB06)]
SYMBOLS = [(0x2190, 0x21FF), (0x2300, 0x23FF), (0x2460, 0x24FF), (0x25A0, 0x27BF), (0x2B00, 0x2BFF)]
ASCII = set(range(0x21, 0x7F))  # letters, digits and points of every script come from Noto Sans
BOLD_TOO = ["Thai", "Arabic", "Hebrew", "Devanagari"]
REGULAR = ["Armenian", "Georgian", "Bengali", "Myanmar", "Khmer", "Lao", "Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati",
           "Gurmukhi", "Oriya", "Sinhala", "Ethiopic"]


def chars(ranges):
    return {c for first, last in ranges for c in range(first, last + 1)}


def write(source, name, keep=None, number=-1):
    font = TTFont(source, fontNumber=number)
    options = subset.Options()
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["FFTM", "vhea", "vmtx", "VORG", "STAT", "DSIG"]
    thin = subset.Subsetter(options)
    keep = keep if keep is not None else set(font.getBestCmap()) - ASCII
    thin.populate(unicodes=keep | {0x20})
    thin.subset(font)
    font.save(HERE / name)


def jis_x_0208():
    for row in range(0xA1, 0xF5):
        for cell in range(0xA1, 0xFF):
            try:
                yield ord(bytes([row, cell]).decode("euc_jp"))
            except (UnicodeDecodeError, TypeError):
                pass


def main(noto, micro_hei, emoji, japanese):
    noto = Path(noto)
    for weight in ["Regular", "Bold"]:
        write(noto / f"NotoSans-{weight}.ttf", f"NotoSans-{weight}.ttf", chars(LATIN))
        for script in BOLD_TOO:
            write(noto / f"NotoSans{script}-{weight}.ttf", f"NotoSans{script}-{weight}.ttf")
    for script in REGULAR:
        write(noto / f"NotoSans{script}-Regular.ttf", f"NotoSans{script}-Regular.ttf")
    write(noto / "NotoSansSymbols2-Regular.ttf", "NotoSansSymbols2-Regular.ttf", chars(SYMBOLS))
    write(micro_hei, "WenQuanYiMicroHei.ttf", chars([(0x2190, 0xFFEF)]), number=0)
    write(emoji, "NotoEmoji-Medium.ttf")
    kanji = {c for c in jis_x_0208() if c >= 0x3000} | chars([(0x3000, 0x30FF), (0x31F0, 0x31FF), (0xFF01, 0xFF9F)])
    write(japanese, "NotoSansJP-Regular.ttf", kanji | {0x9AD9, 0xFA11})  # and the ladder 高, the standing 崎 of names


main(*sys.argv[1:])
