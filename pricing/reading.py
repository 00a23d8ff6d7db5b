"""From the tables' files to records, with every problem of every file reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pricing.documents import load_document
from pricing.errors import InputError, Problem, quoted
from pricing.offers import Model, Offer, Seller
from pricing.record import Record, problems_in
from pricing.standing import stamp_of, standing

_TRIES = 5

Kept = TypeVar("Kept", bound=Record)


@dataclass(frozen=True, slots=True)
class Tables:
    """What the files hold, record by record; links between them are checked by the catalogue."""

    models: tuple[Model, ...]
    offers: tuple[Offer, ...]
    aliases: Mapping[str, str]
    sellers: tuple[Seller, ...]
    vendors: Mapping[str, str]


class _Reader:
    """Reads records and gathers problems instead of stopping at the first."""

    def __init__(self, aside: Mapping[Path, Path]) -> None:
        self.problems: list[Problem] = []
        self.aside = aside

    def load(self, path: Path) -> Any:
        return load_document(self.aside.get(path, path))

    def mapping(self, value: Any, place: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.problems.append(Problem(place, quoted(value), "a set of named entries", "Write name: value lines."))
        return {}

    def document(self, path: Path, allowed: tuple[str, ...]) -> dict[str, Any]:
        try:
            found = self.mapping(self.load(path), path.name)
        except InputError as error:
            self.problems.extend(error.problems)
            return {}
        for key in found:
            if key not in allowed:
                self.problems.append(
                    Problem(f"{path.name} > {key}", "this entry", "known", f"Known are {', '.join(allowed)}.")
                )
        return found

    def record(self, kind: type[Kept], fields: dict[str, Any], place: str) -> Kept | None:
        try:
            return kind.model_validate(fields)
        except ValidationError as error:
            self.problems.extend(problems_in(error, place))
            return None


def _models(reader: _Reader, path: Path) -> tuple[list[Model], dict[str, str]]:
    document = reader.document(path, ("vendors", "models"))
    vendors = {
        str(key): str(value) for key, value in reader.mapping(document.get("vendors"), "models.yaml > vendors").items()
    }
    models = []
    for key, value in reader.mapping(document.get("models"), "models.yaml > models").items():
        place = f"models.yaml > {key}"
        model = reader.record(Model, {"id": key, **reader.mapping(value, place)}, place)
        if model is not None:
            models.append(model)
            if model.vendor not in vendors:
                reader.problems.append(
                    Problem(f"{place} > vendor", quoted(model.vendor), "named under vendors", "Add its name there.")
                )
    return models, vendors


def _offers(reader: _Reader, path: Path) -> tuple[list[Offer], Seller | None]:
    place = f"offers/{path.name}"
    document = reader.document(path, ("seller", "offers"))
    seller = reader.record(Seller, {"id": path.stem, **reader.mapping(document.get("seller"), place)}, place)
    offers = []
    for key, value in reader.mapping(document.get("offers"), f"{place} > offers").items():
        fields = {"model": key, "seller": path.stem, **reader.mapping(value, f"{place} > {key}")}
        offer = reader.record(Offer, fields, f"{place} > {key}")
        if offer is not None and offer.provenance.method == "sheet":
            mend = "Write import or manual: only an uploaded price sheet has this method."
            reader.problems.append(Problem(f"{place} > {key} > provenance > method", '"sheet"', "for a table", mend))
        if offer is not None:
            offers.append(offer)
    return offers, seller


def _aliases(reader: _Reader, path: Path) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for model, names in reader.mapping(reader.load(path), path.name).items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            reader.problems.append(
                Problem(f"{path.name} > {model}", quoted(names), "a list of names", 'Write ["name", "name"].')
            )
            continue
        for name in names:
            if aliases.setdefault(name, model) != model:
                reader.problems.append(
                    Problem(f"{path.name} > {model}", quoted(name), "a name for one model only",
                            f"It stands for {quoted(aliases[name])} too.")
                )
    return aliases


def read_tables(folder: Path) -> Tables:
    """Every record in ``models.yaml``, ``offers/*.yaml`` and ``aliases.yaml`` of a folder.

    While a refresh replaces files, or after one was cut off, the files that it set aside count: the old set or the new
    one is read, never a mixture. Raises :class:`InputError` with all problems of all files.
    """
    for _ in range(_TRIES):
        before, tables, problems = stamp_of(folder), None, []
        try:
            tables = _read(folder)
        except InputError as error:
            problems = [*error.problems]
        if stamp_of(folder) == before:
            break
        problems = [Problem(folder.name, "a folder of tables that is being written", "at rest", "Try again.")]
    if tables is None or problems:
        raise InputError(problems)
    return tables


def _read(folder: Path) -> Tables:
    reader = _Reader(standing(folder))
    models, vendors = _models(reader, folder / "models.yaml")
    offers: list[Offer] = []
    sellers: list[Seller] = []
    for path in sorted((folder / "offers").glob("*.yaml")):
        found, seller = _offers(reader, path)
        offers.extend(found)
        sellers.extend([seller] if seller else [])
    aliases_path = folder / "aliases.yaml"
    aliases = _aliases(reader, aliases_path) if aliases_path.exists() else {}
    if reader.problems:
        raise InputError(reader.problems)
    return Tables(tuple(models), tuple(offers), aliases, tuple(sellers), vendors)
