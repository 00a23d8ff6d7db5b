"""Who may know the refresh: the command line of the tables alone, and it opens no connection."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_only_the_command_line_of_the_tables_imports_the_refresh() -> None:
    importing = re.compile(r"^\s*(from|import) pricing\.refresh", re.MULTILINE)
    files = [ROOT / "app.py", *(ROOT / "planner").rglob("*.py"), *(ROOT / "pricing").glob("*.py")]
    found = [path.relative_to(ROOT) for path in files if importing.search(path.read_text(encoding="utf-8"))]
    assert found == [Path("pricing/__main__.py")]


def test_nothing_under_pricing_imports_what_opens_connections() -> None:
    opening = re.compile(r"^\s*(from|import) (socket|ssl|http|urllib|httpx2?|requests|aiohttp|ftplib)\b", re.MULTILINE)
    assert [path for path in (ROOT / "pricing").rglob("*.py") if opening.search(path.read_text(encoding="utf-8"))] == []


def test_listing_prices_does_not_load_other_peoples_tables() -> None:
    code = "import sys, pricing.__main__ as m; m.main(['check']); print('genai_prices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "False"
