"""Files made to do harm or to mislead, written by a generator so that none of them lies in the repository.

Each is a name, its bytes, and what must come of it: refused, or read with these input tokens.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

HEAD = b"date,model,requests,input_tokens,output_tokens\n"
ROW = b"2026-10-01,gpt-5,1,10,1\n"
MILLION = 1_000_000


class Hostile(NamedTuple):
    """One file; ``input_tokens`` is None where it must be refused."""

    name: str
    content: bytes
    input_tokens: int | None = None


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _row(*cells: str) -> bytes:
    return HEAD + ",".join(cells).encode("utf-8", "surrogatepass") + b"\n"


def _cell(column: int, text: str) -> bytes:
    cells = ["2026-10-01", "gpt-5", "1", "10", "1"]
    cells[column] = text
    return _row(*cells)


def containers() -> Iterator[Hostile]:
    """Packed files, files of another kind, and files that say they are something else."""
    sheet = {"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml":
             b'<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c>'
             b"</row></sheetData></worksheet>"}
    yield Hostile("zip bomb", _zip({"usage.csv": b"0" * 50 * MILLION}))
    yield Hostile("zip in a zip", _zip({"a.zip": _zip({"b.csv": HEAD + ROW})}))
    yield Hostile("zip that leaves its folder", _zip({"../../usage.csv": HEAD + ROW}))
    yield Hostile("sheet with one cell in its last corner", _zip(sheet))
    yield Hostile("gzip bomb", gzip.compress(b"0" * 50 * MILLION))
    yield Hostile("bzip2 bomb", bz2.compress(b"0" * 20 * MILLION))
    yield Hostile("xz bomb", lzma.compress(b"0" * 20 * MILLION))
    yield Hostile("parquet that is none", b"PAR1" + b"\xff" * 100 + b"PAR1")
    yield Hostile("old spreadsheet", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    yield Hostile("pdf", b"%PDF-1.7\n" + HEAD + ROW)
    yield Hostile("web page of a lost session", b"<!DOCTYPE html><html><body>Sign in</body></html>")
    yield Hostile("entities that unfold", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>')
    yield Hostile("program", b"\x7fELF" + bytes(200))
    yield Hostile("pickle", b"\x80\x04\x95" + bytes(40))
    yield Hostile("nothing", b"")
    yield Hostile("blanks", b" \r\n\t " * 1000)
    yield Hostile("a byte order mark alone", b"\xef\xbb\xbf")


def encodings() -> Iterator[Hostile]:
    """Bytes that are no text, or text of another encoding than they say."""
    text = (HEAD + ROW).decode()
    yield Hostile("latin-1", HEAD + "2026-10-01,modèle,1,10,1\n".encode("latin-1"))
    yield Hostile("cp1252 after a megabyte", HEAD + ROW * 50_000 + b"2026-10-01,gpt\x92,1,10,1\n")
    yield Hostile("cut in the middle of a character", HEAD + "2026-10-01,modè".encode()[:-1])
    yield Hostile("overlong slash", HEAD + b"2026-10-01,gpt\xc0\xaf5,1,10,1\n")
    yield Hostile("lone surrogate", _cell(1, "gpt\ud800"))
    yield Hostile("utf-16 without a mark", text.encode("utf-16-le"))
    yield Hostile("utf-16 cut in half", text.encode("utf-16")[:-1])
    yield Hostile("utf-8 that says utf-16", b"\xff\xfe" + HEAD + ROW)
    yield Hostile("utf-7", text.encode("utf-7").replace(b",", b"+ACw-"))
    yield Hostile("nul in a cell", _cell(1, "gpt\0-5"))
    yield Hostile("nul bytes at the end", HEAD + ROW + bytes(1000))
    yield Hostile("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbf" + HEAD + ROW, 10)
    yield Hostile("utf-32", text.encode("utf-32"), 10)


def tables() -> Iterator[Hostile]:
    """CSV whose form misleads."""
    yield Hostile("quote that never closes", HEAD + b'2026-10-01,"gpt-5,1,10,1\n' + ROW * 100_000)
    yield Hostile("quotes alone", HEAD + b'"' * 10_001)
    yield Hostile("line of 100 MB", b"date,model," + b"a" * (99 * MILLION))
    yield Hostile("cell of 20 MB", HEAD + b"2026-10-01," + b"m" * (20 * MILLION) + b",1,10,1\n")
    yield Hostile("file above the limit", HEAD + b"2026-10-01,gpt-5,1,10,1\n" * 4_200_000)
    yield Hostile("a million columns", b",".join(b"c%d" % at for at in range(MILLION)) + b"\n" + ROW)
    yield Hostile("ten million commas", HEAD + b"," * 3_900_000 + b"\n")
    yield Hostile("header that names a column twice", HEAD.replace(b"requests", b"model") + ROW)
    yield Hostile("header whose names differ in case alone", HEAD.replace(b"requests", b"MODEL") + ROW)
    yield Hostile("header without rows", HEAD)
    yield Hostile("header repeated in the middle", HEAD + ROW + HEAD + ROW)
    yield Hostile("rows shifted by one cell", HEAD + b"x," + ROW)
    yield Hostile("rows shifted behind a blank", HEAD + b"," + ROW[:-1].rpartition(b",")[0] + b"\n")
    yield Hostile("short row", HEAD + ROW[:-3] + b"\n")
    yield Hostile("row of totals", HEAD + ROW + b"Total,,1,10,1\n")
    yield Hostile("other delimiter in one row", HEAD + ROW + ROW.replace(b",", b";"))
    yield Hostile("blank lines by the million", HEAD + ROW + b"\n" * MILLION, 10)
    yield Hostile("delimiters by the row", HEAD + ROW + b",,,,\n" * 100_000, 10)


def cells() -> Iterator[Hostile]:
    """Cells that a lax reader would take."""
    for text in ("=1+1", "=HYPERLINK(\"http://x\")", "@SUM(A1)", "+1e5", "NaN", "nan", "inf", "-Infinity", "1e5",
                 "1E400", "0x10", "1_000", "1,5", "10.5", "1.000.000", "९", "１０", "9" * 30, "9" * 5000, "True",
                 "None", "NA", "-10", "10%", "1/2", "10 tokens", "--1", "\u200b10", "1\u00a00"):
        yield Hostile(f"tokens {text[:20]!r}", _cell(3, f'"{text}"' if "," in text or '"' not in text else text))
    for text in ("10/11/2026", "31.10.2026", "2026-02-30", "2026-10-1", "20261001", "yesterday", "0", "-1", "1e9",
                 "1969-12-31", "9999-12-31", "2026-10-01T24:00:00Z", "2026-10-01T00:00:00+99:99"):
        yield Hostile(f"date {text!r}", _cell(0, text))
    for text in ("gpt\u202e5", "gpt\u2066", "gpt\x07", "gpt\x1b[31m", "m" * 10_000):
        yield Hostile(f"model {text[:12]!r}", _cell(1, text))
    yield Hostile("model that is a formula", _cell(1, "=cmd|' /C calc'!A0"), 10)
    yield Hostile("model that is markup", _cell(1, "<img src=x onerror=alert(1)>"), 10)
    yield Hostile("more cached than sent", HEAD[:-1] + b",cached_tokens\n2026-10-01,gpt-5,1,10,1,11\n")


def documents() -> Iterator[Hostile]:
    """JSON that misleads or weighs too much."""
    result: dict[str, Any] = {
        "start_time": 1790812800, "end_time": 1790899200, "model": "gpt-5", "num_model_requests": 1, "input_tokens": 10,
        "output_tokens": 1}

    def page(text: str) -> bytes:
        return b'{"data": [' + text.encode("utf-8", "surrogatepass") + b"]}"

    plain = json.dumps(result)
    yield Hostile("page as it should be", page(plain), 10)
    yield Hostile("deep lists", b"[" * 200_000)
    yield Hostile("deep lists that close", b"[" * 50_000 + b"]" * 50_000)
    yield Hostile("deep objects", b'{"a":' * 50_000 + b"1" + b"}" * 50_000)
    yield Hostile("key given twice", page(plain.replace('"model"', '"input_tokens": 99, "model"')))
    for text in ("NaN", "Infinity", "-Infinity", "1e400", "1e999999999", "9" * 5000, "10.5", "true", "null", '"ten"',
                 "[10]", '{"a": 10}', "-10", "1e-400"):
        yield Hostile(f"tokens {text[:20]}", page(plain.replace('"input_tokens": 10', f'"input_tokens": {text}')))
    yield Hostile("document cut off", page(plain)[:-20])
    yield Hostile("two documents", page(plain) + page(plain))
    yield Hostile("text behind the document", page(plain) + b" trailing")
    yield Hostile("comment", b"// usage\n" + page(plain))
    yield Hostile("document above the limit", page(",".join([plain] * 90_000)))
    yield Hostile("bucket that is a number", page("1, 2, 3"))
    yield Hostile("result that is text", page('{"start_time": 1790812800, "end_time": 1790899200, "results": ["x"]}'))
    yield Hostile("data that is an object", b'{"data": {}}')
    yield Hostile("null", b"[null]")
    yield Hostile("bucket that ends before it starts", page(plain.replace("1790899200", "1790000000")))
    yield Hostile("bucket of a century", page(plain.replace("1790899200", "4000000000")))
    yield Hostile("line that is no json", plain.encode() + b"\n{oops}\n" + plain.encode())
    yield Hostile("spans that are numbers", b'{"resourceSpans": [{"scopeSpans": [{"spans": [1, 2]}]}, 3]}')
    yield Hostile("attributes that never end", json.dumps({"resourceSpans": [{"resource": {"attributes": [
        {"key": "k" * 100_000, "value": {"stringValue": "v" * 100_000}}]}, "scopeSpans": []}]}).encode())
