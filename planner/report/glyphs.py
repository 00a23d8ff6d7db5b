"""Which characters the shipped fonts can draw, how wide they are, and what is printed in place of the others.

A character without a glyph would stop the accessible form of the PDF; an empty box (U+25A1) in its place is seen, keeps
the file accessible, and leaves the name in the plan as it is.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
TEXT_FONTS = ("SourceSans3_400Regular.ttf", "SourceSans3_600SemiBold.ttf", "SourceSans3_700Bold.ttf")
WIDE_FONTS = ("DroidSansFallbackFull.ttf",)

BOX = "\u25a1"
BREAK = "\u200b"
"""A place where a long word may break; no format prints it."""

_INVISIBLE = frozenset("\u200c\u200d\u2060\ufeff\u00ad") | {chr(code) for code in range(0xFE00, 0xFE10)}
"""Joiners and variants, which say how a neighbour is drawn and are nothing alone."""


@cache
def drawable() -> frozenset[int]:
    """Code points that can be printed in every weight."""
    text = frozenset.intersection(*(frozenset(_font(name).glyphs) for name in TEXT_FONTS))
    return text.union(*(_font(name).glyphs for name in WIDE_FONTS))


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Width of a line in points, kerning aside; letters of the wide font count as one em.

    >>> round(text_width("0000", 10.0), 2)
    19.88
    """
    font = _font(TEXT_FONTS[1] if is_bold else TEXT_FONTS[0])
    return size * sum(font.advance(character) for character in text)


def printable(text: str) -> str:
    """The text with an empty box for each character that cannot be drawn, and a space for line breaks and tabs.

    >>> printable("Käse 文 \\U0001f600\\tok")
    'Käse 文 □ ok'
    """
    known = drawable()
    return "".join(_printed(character, known) for character in text)


def _printed(character: str, known: frozenset[int]) -> str:
    if character == BREAK or (ord(character) in known and unicodedata.category(character)[0] != "C"):
        return character
    if character in _INVISIBLE:
        return ""
    return " " if character.isspace() else BOX


@dataclass(frozen=True)
class _Font:
    """What is read of a font file (OpenType)."""

    glyphs: Mapping[int, int]
    """Glyph by code point."""
    advances: tuple[float, ...]
    """Width by glyph, in em; the last one holds for all further glyphs."""

    def advance(self, character: str) -> float:
        glyph = self.glyphs.get(ord(character))
        return 1.0 if glyph is None else self.advances[min(glyph, len(self.advances) - 1)]


@cache
def _font(name: str) -> _Font:
    content = (FONTS / name).read_bytes()
    count = struct.unpack_from(">H", content, 4)[0]
    records = (struct.unpack_from(">4sLLL", content, 12 + 16 * i) for i in range(count))
    tables = {tag: offset for tag, _, offset, _ in records}
    em = struct.unpack_from(">H", content, tables[b"head"] + 18)[0]
    wide = struct.unpack_from(">H", content, tables[b"hhea"] + 34)[0]
    metrics = struct.unpack_from(f">{2 * wide}H", content, tables[b"hmtx"])
    return _Font(_mapped(content, tables[b"cmap"]), tuple(width / em for width in metrics[::2]))


def _mapped(content: bytes, start: int) -> dict[int, int]:
    """Glyph by code point: formats 4 and 12 of the table ``cmap``."""
    found: dict[int, int] = {}
    for i in range(struct.unpack_from(">H", content, start + 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHL", content, start + 4 + 8 * i)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            found |= _subtable(content, start + offset)
    return found


def _subtable(content: bytes, at: int) -> dict[int, int]:
    form = struct.unpack_from(">H", content, at)[0]
    if form == 12:
        groups = struct.unpack_from(">L", content, at + 12)[0]
        return {
            code: glyph + code - first
            for i in range(groups)
            for first, last, glyph in (struct.unpack_from(">LLL", content, at + 16 + 12 * i),)
            for code in range(first, last + 1)
            if glyph + code - first != 0
        }
    return _segments(content, at) if form == 4 else {}


def _segments(content: bytes, at: int) -> dict[int, int]:
    """Format 4: ranges of the first 65,536 code points, each with an offset or a list of glyphs."""
    segments = struct.unpack_from(">H", content, at + 6)[0] // 2

    def column(number: int, pad: int) -> tuple[int, ...]:
        return struct.unpack_from(f">{segments}H", content, at + 14 + pad + 2 * segments * number)

    ends, starts, deltas, offsets = column(0, 0), column(1, 2), column(2, 2), column(3, 2)
    offsets_at = at + 16 + 6 * segments
    found: dict[int, int] = {}
    for i, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offsets[i]:
                glyph = struct.unpack_from(">H", content, offsets_at + 2 * i + offsets[i] + 2 * (code - first))[0]
                if glyph == 0:
                    continue
            if (glyph + deltas[i]) % 65536:
                found[code] = (glyph + deltas[i]) % 65536
    return found
