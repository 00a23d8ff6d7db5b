"""How words and numbers are set on paper: what stays together, where a long name may break, the true minus."""

from __future__ import annotations

import re

from planner.report.glyphs import BREAK, printable

NO_BREAK = "\u00a0"
MINUS = "\u2212"

_PAIRS = (
    (re.compile(r"(\d) (?=%)"), rf"\1{NO_BREAK}"),
    # a model's version stays with its name: Haiku 4.5, Llama 3.3 70B
    (re.compile(r"\b([A-Z][\w-]*) (?=\d+\.\d|\d+B\b)"), rf"\1{NO_BREAK}"),
    (re.compile(r"(\d\.\d+) (?=\d+B\b)"), rf"\1{NO_BREAK}"),
    (re.compile(r"\b(a) (?=(?:month|year|day)\b)"), rf"\1{NO_BREAK}"),
)
_LONG_WORD = re.compile(r"\S{19,}")
_LONGEST_RUN = 24


def number(text: str) -> str:
    """A figure with the true minus, for what :mod:`planner.views.formatting` writes with a hyphen.

    >>> number("-$3,070"), number("-60 %")
    ('−$3,070', '−60 %')
    """
    return MINUS + text[1:] if text.startswith("-") else text


def prose(text: str) -> str:
    """Text ready to be set: pairs that belong together do not part, long words may break.

    >>> prose("75 % on Haiku 4.5").split(" ")
    ['75\\xa0%', 'on', 'Haiku\\xa04.5']
    """
    for pattern, replacement in _PAIRS:
        text = pattern.sub(replacement, text)
    return _LONG_WORD.sub(lambda found: _breakable(found.group()), printable(text))


def _breakable(word: str) -> str:
    """A long word with break marks after its joints, and every so often where it has none."""
    if NO_BREAK in word and all(len(part) < 19 for part in word.split(NO_BREAK)):
        return word
    jointed = re.sub(r"(?<=[_/\-.@])(?=[^_/\-.@])", BREAK, word)
    return BREAK.join(
        part if len(part) <= _LONGEST_RUN else BREAK.join(re.findall(rf".{{1,{_LONGEST_RUN // 2}}}", part))
        for part in jointed.split(BREAK)
    )
