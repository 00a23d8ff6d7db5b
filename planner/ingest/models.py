"""Model names as exports write them, and the offers of the catalogue that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pricing.catalog import Catalog
from pricing.errors import InputError
from pricing.offers import Model, Offer

_REGION = re.compile(r"^(?:us|eu|apac|global|us-gov|jp|au|ca)\.(?=[a-z0-9-]+\.)")
_VENDOR_DOT = re.compile(r"^[a-z0-9]+\.(?=[a-z])")
_VERSION = re.compile(r"(?:-v[0-9]+)?:[0-9]+$")
_SELLERS = {
    "gemini": "google", "google_ai_studio": "google", "vertex_ai": "vertex", "vertex_ai-language-models": "vertex",
    "azure_ai": "azure", "azure openai": "azure", "bedrock_converse": "bedrock", "aws.bedrock": "bedrock",
    "amazon bedrock": "bedrock", "together_ai": "together", "fireworks_ai": "fireworks", "xai": "x-ai",
    "moonshot": "moonshotai", "dashscope": "alibaba", "gcp.gemini": "google", "gcp.vertex_ai": "vertex",
    "azure.ai.openai": "azure", "azure.ai.inference": "azure", "mistral_ai": "mistral",
}


def _spellings(name: str) -> Iterator[str]:
    """The name, then what is left of it without route, region, vendor and version."""
    yield name
    tail = name.rpartition("/")[2]
    yield tail
    bare = _REGION.sub("", tail)
    yield bare
    yield _VENDOR_DOT.sub("", bare)
    yield _VERSION.sub("", _VENDOR_DOT.sub("", bare))


def find_model(name: str, catalog: Catalog) -> Model | None:
    """The model of the catalogue that an export's name stands for; None for an unknown one."""
    for spelling in _spellings(name):
        model = catalog.find_model(spelling)
        if model is not None:
            return model
    try:
        return catalog.models[catalog.resolve(name).model]
    except InputError:
        return None


def find_offer(name: str, seller: str | None, catalog: Catalog) -> Offer | None:
    """What is bought under an export's name of a model: at the seller that the export names, else at its vendor.

    A model that neither sells is taken from the first seller of the tables; None for an unknown model.
    """
    model = find_model(name, catalog)
    if model is None:
        return None
    wanted = (seller or "").casefold()
    for candidate in (_SELLERS.get(wanted, wanted), name.partition("/")[0]):
        offer = catalog.offers.get(f"{_SELLERS.get(candidate, candidate)}/{model.id}")
        if offer is not None:
            return offer
    own = catalog.own_offer(model)
    if own is not None:
        return own
    sellers = catalog.sellers(model)
    return catalog.offers[f"{sellers[0]}/{model.id}"] if sellers else None
