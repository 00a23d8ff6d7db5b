"""GPUs to rent, how fast they serve open models, and how much memory the models need: dated, sourced look-ups.

The tables lie in ``tables/hardware`` (its README says what each column means). Nothing here knows of a plan; beliefs
about memory use are handed in as :class:`MemoryTerms`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import hypot, log
from pathlib import Path
from statistics import median
from typing import Any

from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.hardware_rows import (
    CapacityFit,
    Gpu,
    GpuRent,
    MeasuredThroughput,
    MemoryTerms,
    ModelMemory,
    PricingType,
    RentQuote,
    SourceName,
    memory_need_gb,
    usable_gb,
)
from pricing.record import Record
from pricing.rows import Convert, load_rows, number, optional, records_of, text, whole

__all__ = [
    "CapacityFit", "Gpu", "GpuRent", "Hardware", "MeasuredThroughput", "MemoryTerms", "ModelMemory", "RentQuote",
    "load_hardware", "load_tables", "memory_need_gb", "usable_gb",
]

TABLES = Path(__file__).parent / "tables" / "hardware"
REPLICA_SIZES = (1, 2, 4, 8, 16)
"""GPU counts that a replica is built from when the choice is ours (the method, section 8)."""


class Hardware(Record):
    """All hardware tables, with the look-ups that the planner needs."""

    gpus: tuple[Gpu, ...]
    """Every GPU."""
    fits: tuple[CapacityFit, ...]
    """Every capacity fit, once per catalogue id that it holds for."""
    memories: tuple[ModelMemory, ...]
    """Memory facts, once per catalogue id."""
    measurements: tuple[MeasuredThroughput, ...]
    """Published throughputs, once per catalogue id."""
    names: tuple[SourceName, ...]
    """The table of names."""

    def gpu(self, name: str) -> Gpu:
        """The GPU of this name, in any of the spellings of the table. Raises :class:`InputError` for another."""
        wanted = name.strip().casefold()
        ours = {line.source_name.casefold(): line.name for line in self.names if line.kind == "gpu"}
        wanted = ours.get(wanted, wanted).casefold()
        for gpu in self.gpus:
            if gpu.name.casefold() == wanted:
                return gpu
        known = [gpu.name for gpu in self.gpus]
        mend = did_you_mean(name, known, f"Known are {', '.join(known)}.")
        raise InputError(Problem(f"GPU {quoted(name)}", "this name", "in the table of GPUs", mend))

    def weight_class(self, precision: str) -> str:
        """FP4, FP8 or BF16 for any known spelling of a number format. Raises :class:`InputError` for another."""
        lines = [line for line in self.names if line.kind == "precision"]
        for line in lines:
            if line.source_name.casefold() == precision.strip().casefold():
                return line.name
        known = [line.source_name for line in lines]
        mend = did_you_mean(precision, known, f"Known are {', '.join(known)}.")
        raise InputError(Problem(f"precision {quoted(precision)}", "this format", "known", mend))

    def rent_usd_per_gpu_hour(self, gpu: str, pricing_type: PricingType = "on_demand") -> RentQuote | None:
        """The median of the providers' medians, or None where no such price is known: then the user has to say."""
        found = self.gpu(gpu)
        rents = [rent for rent in found.rents if rent.pricing_type == pricing_type]
        if not rents:
            return None
        prices = [rent.usd_per_gpu_hour_median for rent in rents]
        days = [rent.day for rent in rents if rent.day is not None]
        undated = len(rents) - len(days)
        words = f"median of {len(rents)} {pricing_type.replace('_', ' ')} prices for {found.name}"
        origins = sorted({rent.source.split(":")[0] for rent in rents})
        source = f"{words}{f' ({undated} undated)' if undated else ''}: {', '.join(origins)}"
        return RentQuote(value=median(prices), low=min(prices), high=max(prices), kind="derived", source=source[:200],
                         as_of=min(days) if days else None)

    def fits_of(self, model_id: str, gpu: str | None = None, precision: str | None = None) -> tuple[CapacityFit, ...]:
        """Every fit of a model, newest edition first, on one GPU and in one number format if these are given."""
        name = None if gpu is None else self.gpu(gpu).name
        weights = None if precision is None else self.weight_class(precision)
        found = [
            fit for fit in self.fits
            if fit.model_id == model_id and name in (None, fit.gpu)
            and weights in (None, self.weight_class(fit.precision))
        ]
        return tuple(sorted(found, key=lambda fit: -fit.edition_order))

    def capacity(
        self, model_id: str, gpu: str, gpus_per_replica: int, precision: str | None = None
    ) -> CapacityFit | None:
        """The newest fit for this model, GPU and count, or None: then ask for measured requests per second."""
        found = (fit for fit in self.fits_of(model_id, gpu, precision) if fit.gpus_per_replica == gpus_per_replica)
        return next(found, None)

    def memory(self, model_id: str) -> ModelMemory | None:
        """The memory facts of a model, or None where they are not known."""
        return next((memory for memory in self.memories if memory.model_id == model_id), None)

    def counts_with_fit(self, model_id: str, gpu: str, precision: str | None = None) -> tuple[int, ...]:
        """GPU counts per replica for which a capacity fit exists, ascending.

        >>> load_hardware().counts_with_fit("llama-3.3-70b", "H200", "FP8")
        (1, 2)
        """
        return tuple(sorted({fit.gpus_per_replica for fit in self.fits_of(model_id, gpu, precision)}))

    def holds(
        self, model_id: str, gpu: str, gpu_count: int, precision: str,
        max_prompt_tokens: float, output_tokens: float, terms: MemoryTerms,
    ) -> bool | None:
        """Whether ``gpu_count`` GPUs hold the model and its cache; None where its memory facts are not known."""
        memory = self.memory(model_id)
        if memory is None:
            return None
        weights = memory.weights_gb(self.weight_class(precision), terms.fp4_gb_per_b_params)
        need = memory_need_gb(weights, memory.kv_bytes_per_token, terms.sequences, max_prompt_tokens, output_tokens)
        return need <= usable_gb(gpu_count, self.gpu(gpu).vram_gb, terms)

    def smallest_fit(
        self, model_id: str, gpu: str, precision: str | None,
        max_prompt_tokens: float, output_tokens: float, terms: MemoryTerms,
    ) -> CapacityFit | None:
        """The fit with the fewest GPUs per replica (1, 2, 4, 8 or 16) that also hold the model and its cache.

        Without a precision every number format counts. A model without memory facts passes on its fit alone: it was
        measured on that many GPUs. None when there is no such fit.
        """
        for count in REPLICA_SIZES:
            for fit in self.fits_of(model_id, gpu, precision):
                held = self.holds(model_id, gpu, count, fit.precision, max_prompt_tokens, output_tokens, terms)
                if fit.gpus_per_replica == count and held is not False:
                    return fit
        return None

    def gpus_that_hold(
        self, model_id: str, precision: str, max_prompt_tokens: float, output_tokens: float, terms: MemoryTerms
    ) -> dict[str, int]:
        """By GPU, the fewest (1, 2, 4, 8 or 16) that hold the model and its cache; GPUs that never do are left out.

        This is about memory alone: a GPU may hold a model for which no capacity fit exists. Empty where the model's
        memory facts are not known.
        """
        found: dict[str, int] = {}
        for gpu in self.gpus:
            for count in REPLICA_SIZES:
                if self.holds(model_id, gpu.name, count, precision, max_prompt_tokens, output_tokens, terms):
                    found[gpu.name] = count
                    break
        return found

    def self_hostable_models(self) -> tuple[str, ...]:
        """Catalogue ids that can be planned on own machines, in alphabetical order.

        They have a capacity fit for some GPU, or at least memory facts: then the user has to give requests per second.
        """
        return tuple(sorted({fit.model_id for fit in self.fits} | {memory.model_id for memory in self.memories}))

    def measured(
        self, model_id: str, gpu: str, gpus_per_replica: int | None = None, precision: str | None = None,
        input_tokens: float | None = None, output_tokens: float | None = None,
    ) -> tuple[MeasuredThroughput, ...]:
        """Published throughputs of a model on a GPU; with token counts, the nearest shapes first.

        Nearness is the distance of the logarithms of prompt and answer length; rows without a shape come last.
        """
        name = self.gpu(gpu).name
        weights = None if precision is None else self.weight_class(precision)
        found = [
            row for row in self.measurements
            if row.model_id == model_id and row.gpu == name and gpus_per_replica in (None, row.gpus_per_replica)
            and weights in (None, self.weight_class(row.precision))
        ]
        if not input_tokens or not output_tokens:
            return tuple(found)

        def distance(row: MeasuredThroughput) -> float:
            if row.input_tokens_per_request is None or row.output_tokens_per_request is None:
                return float("inf")
            return hypot(log(row.input_tokens_per_request / input_tokens),
                         log(row.output_tokens_per_request / output_tokens))

        return tuple(sorted(found, key=distance))


_SOURCED: dict[str, Convert] = {"label": text, "source": text, "as_of": text}
_GPUS: dict[str, Convert] = {"gpu": text, "vram_gb": number, **_SOURCED, "note": str}
_RENTS: dict[str, Convert] = {
    "gpu": text, "provider": text, "segment": text, "pricing_type": text, "usd_per_gpu_hour_min": optional(number),
    "usd_per_gpu_hour_median": number, "usd_per_gpu_hour_max": optional(number), "regions_count": optional(whole),
    "sku": str, **_SOURCED, "note": str,
}
_FITS: dict[str, Convert] = {
    "model": text, "gpu": text, "gpus_per_replica": whole, "parallelism": text, "precision": text,
    "a_s_per_input_token": number, "b_s_per_output_token": number, "c_s_per_output_token_per_context_token": number,
    "shapes_used": whole, "min_input_tokens": whole, "max_input_tokens": whole, "min_output_tokens": whole,
    "max_output_tokens": whole, "mean_abs_error_share": number, "max_abs_error_share": number,
    "edition_order": whole, **_SOURCED,
}
_MEMORY: dict[str, Convert] = {
    "model": text, "total_params_b": number, "active_params_b": number, "layers": whole, "kv_heads": optional(whole),
    "head_dim": optional(whole), "attention": text, "kv_bytes_per_token": number, "kv_note": text,
    "weights_gb_bf16": number, "weights_gb_fp8": number, "weights_gb_published": optional(number),
    "published_precision": optional(text), **_SOURCED, "note": str,
}
_MEASURED: dict[str, Convert] = {
    "model": text, "gpu": text, "gpus_per_replica": whole, "parallelism": text, "precision": text, "engine": text,
    "input_tokens_per_request": optional(whole), "output_tokens_per_request": optional(whole),
    "operating_point": text, "concurrency": optional(whole), "ttft_ms": optional(number), "tpot_ms": optional(number),
    "output_tokens_per_s_replica": optional(number), "input_tokens_per_s_replica": optional(number),
    "sample_count": optional(whole), "label": text, "basis": text, "source": text, "source_ref": text,
    "as_of": text, "note": str,
}
_NAMES: dict[str, Convert] = {"kind": text, "source_name": text, "name": text, "note": str}

Rows = list[tuple[str, dict[str, Any]]]


class _Translator:
    """Puts our names in the place of a source's, and gathers the names it does not know."""

    def __init__(self, names: Iterable[SourceName], gpus: Iterable[str]) -> None:
        self.models: dict[str, list[SourceName]] = {}
        self.gpus = {gpu: gpu for gpu in gpus}
        self.problems: list[Problem] = []
        for line in names:
            if line.kind == "model":
                self.models.setdefault(line.source_name, []).append(line)
            elif line.kind == "gpu":
                if line.name not in self.gpus:
                    self.problems.append(Problem(f"names.csv > {line.source_name}", quoted(line.name),
                                                 "a GPU of gpus.csv", "Add the GPU there."))
                self.gpus.setdefault(line.source_name, line.name)

    def rows(self, rows: Rows) -> Rows:
        """Each row once per catalogue id, with ``source_model`` beside ``model_id``."""
        found: Rows = []
        for place, values in rows:
            model, lines = values["model"], self.models.get(values["model"], [])
            rest = {key: value for key, value in values.items() if key != "model"}
            if not lines:
                self._unknown(place, "model", model)
            if "gpu" in rest:
                if rest["gpu"] not in self.gpus:
                    self._unknown(place, "gpu", rest["gpu"])
                rest["gpu"] = self.gpus.get(rest["gpu"], rest["gpu"])
            for line in lines:
                note = "; ".join(part for part in (rest.get("note"), line.note) if part)
                found.append((place, {**rest, "model_id": line.name, "source_model": model, "note": note}))
        return found

    def _unknown(self, place: str, column: str, name: str) -> None:
        self.problems.append(
            Problem(f"{place} > {column}", quoted(name), "in names.csv", "Say there what we call it.")
        )


def _gpus(folder: Path) -> tuple[Gpu, ...]:
    rents = records_of(GpuRent, load_rows(folder / "gpu_rents.csv", _RENTS),
                       ("gpu", "provider", "pricing_type", "as_of"))
    rows = [
        (place, {"name": values.pop("gpu"), **values}) for place, values in load_rows(folder / "gpus.csv", _GPUS)
    ]
    unknown = sorted({rent.gpu for rent in rents} - {values["name"] for _, values in rows})
    if unknown:
        raise InputError(
            Problem("gpu_rents.csv > gpu", quoted(name), "a GPU of gpus.csv", "Add the GPU there.") for name in unknown
        )
    for _, values in rows:
        values["rents"] = tuple(rent for rent in rents if rent.gpu == values["name"])
    return records_of(Gpu, rows, ("name",))


def load_tables(folder: Path) -> Hardware:
    """The hardware tables of a folder. Raises :class:`InputError` with file, line and column of what is wrong."""
    names = records_of(SourceName, load_rows(folder / "names.csv", _NAMES), ("kind", "source_name", "name"))
    gpus = _gpus(folder)
    translator = _Translator(names, (gpu.name for gpu in gpus))
    fits = translator.rows(load_rows(folder / "capacity_fits.csv", _FITS))
    memory = translator.rows(load_rows(folder / "model_memory.csv", _MEMORY))
    measured = translator.rows(load_rows(folder / "measured_throughput.csv", _MEASURED))
    if translator.problems:
        raise InputError(translator.problems)
    return Hardware(
        gpus=gpus,
        fits=records_of(CapacityFit, fits,
                        ("model_id", "gpu", "gpus_per_replica", "precision", "edition_order", "source_model")),
        memories=records_of(ModelMemory, memory, ("model_id",)),
        measurements=records_of(MeasuredThroughput, measured, tuple(MeasuredThroughput.model_fields)),
        names=names,
    )


@lru_cache(maxsize=1)
def load_hardware() -> Hardware:
    """The hardware tables that the product ships, read once.

    >>> load_hardware().rent_usd_per_gpu_hour("H100 SXM").value
    4.14
    """
    return load_tables(TABLES)
