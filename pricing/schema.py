"""The JSON schema of the tables, made from the records: editors check a table with it while it is written."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from pricing.offers import Model, Offer, Seller

# What the place of an entry says already: the file's name, or the key that it stands under.
_FROM_PLACE = {"Model": ("id",), "Offer": ("model", "seller"), "Seller": ("id",)}


def schema() -> dict[str, Any]:
    """One schema for ``models.yaml``, ``offers/SELLER.yaml`` and ``aliases.yaml``: whichever of them a file is."""
    _, found = models_json_schema([(Model, "validation"), (Offer, "validation"), (Seller, "validation")])
    parts: dict[str, Any] = found["$defs"]
    for name, fields in _FROM_PLACE.items():
        for field in fields:
            parts[name]["properties"].pop(field)
            parts[name]["required"].remove(field)
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    parts["ModelsFile"] = _file({"vendors": texts, "models": _named("Model")})
    parts["OffersFile"] = _file({"seller": {"$ref": "#/$defs/Seller"}, "offers": _named("Offer")})
    parts["AliasesFile"] = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Price tables",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("ModelsFile", "OffersFile", "AliasesFile")],
        "$defs": parts,
    }


def _named(record: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{record}"}}


def _file(entries: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": entries, "required": list(entries), "additionalProperties": False}


def schema_text() -> str:
    """The schema as the file in the tables holds it."""
    return json.dumps(schema(), indent=1) + "\n"
