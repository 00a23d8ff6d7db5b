"""A small folder of tables and small tables of other people, with round prices, and the command on them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pricing.__main__ import main
from pricing.catalog import Catalog
from pricing.reading import read_tables

MODELS = """\
vendors: {acme: "Acme"}
models:
  big:
    display: "Acme Big"
    short: "Big"
    family: "Acme"
    vendor: acme
    source: "made up"
    as_of: 2026-01-01
  small:
    display: "Acme Small"
    short: "Small"
    family: "Acme"
    vendor: acme
    source: "made up"
    as_of: 2026-01-01
"""

ACME = """\
# Prices of Acme – in USD per 1M tokens ✓
seller: {display: "Acme", kind: lab, url: "https://acme.example/", known_as: {litellm: [""], model-prices: [acme/]}}
offers:
  # the flagship
  big:
    provider_model_id: acme-big
    periods:
      - {until: 2026-02-01, input: "8", output: "40"}  # the launch price
      - {from: 2026-02-01, input: "4", output: "20", cache_read: "0.4",
         batch: {input: "2", output: "10"},
         over: [{prompt_tokens: 200000, boundary: ge, input: "8", output: "30"}]}  # since February
    # where it comes from
    provenance: {source: litellm, source_version: "1", as_of: 2026-03-01, method: import}

  small:
    provider_model_id: acme-small
    periods:
      - input: "1"
        output: "5"
    provenance:
      source: litellm
      source_version: "1"
      as_of: 2026-03-01
      method: manual  # checked on the page
# the end
"""

HOST = """\
seller: {display: "Host", kind: host, url: "https://host.example/prices", known_as: {litellm: [host/]}}
offers:
  big:
    provider_model_id: big
    periods:
      - {input: "3", output: "15"}
    provenance: {source: litellm, source_version: "1", as_of: 2026-03-01, method: import}
"""

CHANGES = """\
# Changes of the price tables

## 2026-03-01: first edition
- all rows
"""


def row(**more: Any) -> dict[str, Any]:
    return {"litellm_provider": "acme", "mode": "chat", **more}


def upstream(**more: dict[str, Any]) -> dict[str, Any]:
    """The litellm table that says what ours say; keys are USD per token."""
    same = {
        "acme-big": row(input_cost_per_token=4e-06, output_cost_per_token=2e-05, cache_read_input_token_cost=4e-07,
                        input_cost_per_token_batches=2e-06, output_cost_per_token_batches=1e-05,
                        input_cost_per_token_above_200k_tokens=8e-06, output_cost_per_token_above_200k_tokens=3e-05),
        "acme-small": row(input_cost_per_token=1e-06, output_cost_per_token=5e-06),
        "host/big": row(input_cost_per_token=3e-06, output_cost_per_token=1.5e-05),
    }  # fmt: skip
    return {**same, **more}


@dataclass
class Desk:
    """The command on a folder, and what it printed."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    def file(self, name: str, content: object) -> str:
        path = self.root / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def run(self, *options: str, source: object = None, as_of: str = "2026-04-01") -> tuple[int, str, str]:
        feed = [] if source is None else ["--source", "litellm-json", self.file("feed.json", source)]
        code = main(["--tables", str(self.tables), "refresh", *feed, "--as-of", as_of, *options])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def texts(self) -> dict[str, bytes]:
        """Every file of the folder, whatever it is called."""
        return {str(path.relative_to(self.tables)): path.read_bytes() for path in sorted(self.tables.rglob("*"))
                if path.is_file()}  # fmt: skip

    def acme(self) -> str:
        return (self.tables / "offers" / "acme.yaml").read_text(encoding="utf-8")

    def catalog(self) -> Catalog:
        tables = read_tables(self.tables)
        return Catalog(tables.models, tables.offers, tables.aliases, tables.sellers, tables.vendors)


def make_tables(root: Path) -> Path:
    folder = root / "tables"
    (folder / "offers").mkdir(parents=True)
    for name, text in (("models.yaml", MODELS), ("offers/acme.yaml", ACME), ("offers/host.yaml", HOST),
                       ("CHANGES.md", CHANGES)):  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    return folder
