"""GPUs, rents, capacity and memory: what the look-ups answer, and what the reader refuses."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from pricing.catalog import load_catalog
from pricing.errors import InputError
from pricing.hardware import TABLES, Hardware, MemoryTerms, load_hardware, load_tables, memory_need_gb, usable_gb

TERMS = MemoryTerms(sequences=8, memory_utilization=0.90, reserve_gb_per_gpu=3.5, fp4_gb_per_b_params=0.55)


@pytest.fixture(scope="module")
def hardware() -> Hardware:
    return load_hardware()


def test_the_default_rent_of_an_h100_is_the_median_of_thirteen_list_prices(hardware: Hardware) -> None:
    # 1.89 2.31 2.69 3.20 3.49 3.90 [4.14] 4.50 6.16 8.26 10.00 11.37 15.98
    quote = hardware.rent_usd_per_gpu_hour("H100 SXM")
    assert quote is not None
    assert (quote.value, quote.low, quote.high) == (4.14, 1.89, 15.98)
    assert quote.kind == "derived"
    assert quote.as_of == date(2026, 10, 5)
    assert "13 on demand prices" in quote.source
    assert "1 undated" in quote.source


def test_an_even_number_of_prices_takes_the_middle_of_the_two_inner_ones(hardware: Hardware) -> None:
    # RTX 5090: 0.39 and 0.84
    quote = hardware.rent_usd_per_gpu_hour("RTX 5090")
    assert quote is not None
    assert quote.value == pytest.approx(0.615)


def test_spot_prices_and_estimates_never_enter_the_default_rent(hardware: Hardware) -> None:
    spot = hardware.rent_usd_per_gpu_hour("H100 SXM", "spot")
    assert spot is not None
    assert spot.value == pytest.approx((2.95 + 1.6) / 2)
    assert hardware.rent_usd_per_gpu_hour("GB200 NVL72") is None, "only estimates are known: the user has to say"
    assert hardware.rent_usd_per_gpu_hour("H800") is None


@pytest.mark.parametrize("spelling", ["H100", "h100 sxm", " H100-SXM-80GB "])
def test_a_gpu_is_found_under_every_spelling_of_the_sources(hardware: Hardware, spelling: str) -> None:
    assert hardware.gpu(spelling).name == "H100 SXM"
    assert hardware.gpu(spelling).vram_gb == 80


def test_an_unknown_gpu_is_refused_with_the_nearest_name(hardware: Hardware) -> None:
    with pytest.raises(InputError, match='Did you mean "H100 SXM"'):
        hardware.gpu("H100 SMX")


def test_an_unknown_precision_is_refused_with_the_known_ones(hardware: Hardware) -> None:
    assert hardware.weight_class("MXFP4/FP8") == "FP4"
    with pytest.raises(InputError, match="FP8"):
        hardware.weight_class("eight bit")


def test_the_capacity_of_the_worked_example(hardware: Hardware) -> None:
    fit = hardware.capacity("llama-3.3-70b", "H100 SXM", 2, "FP8")
    assert fit is not None
    assert (fit.a_s_per_input_token, fit.b_s_per_output_token) == (6.862786e-05, 7.097362e-05)
    assert fit.c_s_per_output_token_per_context_token == 6.835686e-08
    assert (fit.label, fit.max_input_tokens, fit.max_output_tokens) == ("fitted", 20_000, 4_096)


def test_of_two_fits_for_one_machine_the_newer_edition_counts(hardware: Hardware) -> None:
    fit = hardware.capacity("llama-3.3-70b", "B200", 1, "FP4")
    assert fit is not None
    assert fit.as_of == "2026-09-11"
    fit = hardware.capacity("qwen3-30b-a3b", "RTX PRO 6000", 1)
    assert fit is not None
    assert fit.as_of == "undated", "versions 1.1 to 1.2, newer than v1.0"


def test_no_fit_for_a_count_or_a_format_is_none_so_that_the_user_is_asked(hardware: Hardware) -> None:
    assert hardware.capacity("llama-3.3-70b", "H100 SXM", 4, "FP8") is None
    assert hardware.capacity("llama-3.3-70b", "H100 SXM", 2, "BF16") is None
    assert hardware.capacity("qwen3-32b", "H100 SXM", 1) is None
    assert hardware.counts_with_fit("llama-3.3-70b", "RTX PRO 6000") == (1, 2, 4, 8)


def test_a_fit_of_the_same_architecture_is_marked(hardware: Hardware) -> None:
    fit = hardware.capacity("llama-3.3-70b", "A100 80GB SXM", 4, "BF16")
    assert fit is not None
    assert fit.source_model == "Llama 3.1 70B"
    assert fit.note == "same architecture and size"


@pytest.mark.parametrize(
    "model_id",
    ["llama-3.3-70b", "llama-3.1-8b", "llama-3.1-405b", "llama-4-scout", "llama-4-maverick", "gpt-oss-120b",
     "gpt-oss-20b", "qwen3-235b-a22b", "qwen3-32b", "qwen3-30b-a3b", "deepseek-r1", "deepseek-r1-0528", "mixtral-8x7b",
     "mistral-7b"],
)
def test_every_open_model_of_the_method_is_known_by_its_catalogue_id(hardware: Hardware, model_id: str) -> None:
    assert model_id in hardware.self_hostable_models()
    assert hardware.memory(model_id) is not None


def test_every_model_that_can_be_hosted_is_an_open_one_of_the_catalogue(hardware: Hardware) -> None:
    catalog = load_catalog()
    hosted = [catalog.resolve_model(model_id) for model_id in hardware.self_hostable_models()]
    assert [model.id for model in hosted] == list(hardware.self_hostable_models())
    assert [model.id for model in hosted if not model.open_weights] == []


def test_memory_is_weights_plus_the_cache_of_eight_full_requests(hardware: Hardware) -> None:
    # Llama 3.3 70B: 2 * 80 layers * 8 heads * 128 * 2 bytes = 327,680 bytes a token;
    # 8 requests of 8,500 tokens = 22.28 GB; with 70.6 GB of FP8 weights 92.88 GB, under 2 * (72 - 3.5) = 137 GB
    memory = hardware.memory("llama-3.3-70b")
    assert memory is not None
    assert memory.kv_bytes_per_token == 2 * 80 * 8 * 128 * 2
    assert memory_need_gb(memory.weights_gb("FP8", 0.55), 327_680, 8, 8_000, 500) == pytest.approx(92.88224)
    assert usable_gb(2, 80, TERMS) == pytest.approx(137.0)
    assert hardware.holds("llama-3.3-70b", "H100 SXM", 2, "FP8", 8_000, 500, TERMS) is True
    assert hardware.holds("llama-3.3-70b", "H100 SXM", 1, "FP8", 8_000, 500, TERMS) is False
    assert hardware.holds("kimi-k2.5", "H100 SXM", 1, "FP8", 8_000, 500, TERMS) is None, "unknown is not a no"


def test_a_gpu_smaller_than_its_reserve_holds_nothing() -> None:
    assert usable_gb(4, 3.0, TERMS) == 0.0


def test_published_weights_count_where_their_format_is_the_one_asked_for(hardware: Hardware) -> None:
    gpt_oss, deepseek, llama = (hardware.memory(name) for name in ("gpt-oss-120b", "deepseek-r1", "llama-3.3-70b"))
    assert gpt_oss is not None
    assert deepseek is not None
    assert llama is not None
    assert gpt_oss.weights_gb("FP4", 0.55) == 65.2
    assert deepseek.weights_gb("FP8", 0.55) == 688
    assert llama.weights_gb("FP4", 0.55) == pytest.approx(70.6 * 0.55)
    assert (gpt_oss.is_mixture, deepseek.is_mixture, llama.is_mixture) == (True, True, False)


def test_the_smallest_replica_has_a_fit_and_holds_the_longest_request(hardware: Hardware) -> None:
    def smallest(prompt: int) -> int | None:
        fit = hardware.smallest_fit("llama-3.3-70b", "H200", "FP8", prompt, 1_000, TERMS)
        return None if fit is None else fit.gpus_per_replica

    # usable: 123.4 GB on one H200, 246.8 on two; the cache may take 52.8 and 176.2 GB = 20,142 and 67,215 tokens
    assert smallest(19_000) == 1
    assert smallest(20_000) == 2
    assert smallest(67_000) is None


def test_gpus_that_hold_a_model_are_listed_with_their_fewest(hardware: Hardware) -> None:
    found = hardware.gpus_that_hold("llama-3.3-70b", "FP8", 8_000, 500, TERMS)
    assert found["H200"] == 1
    assert found["H100 SXM"] == 2
    assert found["A100 40GB"] == 4
    assert "RTX 4090" not in hardware.gpus_that_hold("llama-3.1-405b", "BF16", 8_000, 500, TERMS)
    assert hardware.gpus_that_hold("kimi-k2.5", "FP8", 8_000, 500, TERMS) == {}


def test_measured_rows_come_nearest_shape_first(hardware: Hardware) -> None:
    rows = hardware.measured("llama-3.3-70b", "H100", 2, "FP8", input_tokens=500, output_tokens=2_000)
    assert (rows[0].input_tokens_per_request, rows[0].output_tokens_per_request) == (500, 2_000)
    assert all(row.gpu == "H100 SXM" and row.gpus_per_replica == 2 for row in rows)
    first = rows[0]
    assert first.requests_per_s is not None
    assert first.output_tokens_per_s_replica == pytest.approx(first.requests_per_s * 2_000)


def test_the_shipped_fits_lie_near_the_measured_rows_they_were_fitted_to(hardware: Hardware) -> None:
    fit = hardware.capacity("llama-3.3-70b", "H100 SXM", 2, "FP8")
    assert fit is not None
    checked = 0
    for row in hardware.measured("llama-3.3-70b", "H100 SXM", 2, "FP8"):
        shape = row.input_tokens_per_request, row.output_tokens_per_request
        if row.as_of != fit.as_of or row.label != "measured" or row.requests_per_s is None or None in shape:
            continue
        prompt, answer = float(shape[0] or 0), float(shape[1] or 0)
        seconds = (
            fit.a_s_per_input_token * prompt
            + fit.b_s_per_output_token * answer
            + fit.c_s_per_output_token_per_context_token * answer * (prompt + answer / 2)
        )
        assert seconds * row.requests_per_s == pytest.approx(1, abs=fit.max_abs_error_share * 1.3)
        checked += 1
    assert checked == fit.shapes_used


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TABLES, tmp_path / "hardware"))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("gpus.csv", "H200,141", "H200,1x1", r'gpus.csv > line 4 > vram_gb: "1x1" is not a number'),
        ("gpus.csv", "H200,141", "H200,nan", "is not a number"),
        ("gpus.csv", "H200,141", "H200,-141", "vram_gb"),
        ("gpus.csv", "gpu,vram_gb", "gpu,memory", "is not the header of this table"),
        ("gpus.csv", "H200 NVL,", "H200,", "the same name as gpus.csv > line 4"),
        ("gpu_rents.csv", "B300,Nebius,neocloud", "B300,Nebius,cloud", "segment"),
        ("gpu_rents.csv", "B300,Nebius,", "B301,Nebius,", '"B301" is not a GPU of gpus.csv'),
        ("capacity_fits.csv", "GPT-OSS 120B,B200", "GPT-OSS 121B,B200", '"GPT-OSS 121B" is not in names.csv'),
        ("capacity_fits.csv", "GPT-OSS 120B,B200,2", "GPT-OSS 120B,B200,2.0", '"2.0" is not a whole number'),
        ("names.csv", "gpu,H100,H100 SXM", "gpu,H100,H100 SMX", '"H100 SMX" is not a GPU of gpus.csv'),
        ("model_memory.csv", "8.03,8.03,32", "8.03,8.03", "a row of 16 cells is not a row of 17"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_place(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    table = folder / file
    content = table.read_text(encoding="utf-8")
    assert old in content
    table.write_text(content.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_tables(folder)


def test_every_problem_of_a_table_is_named_at_once(folder: Path) -> None:
    table = folder / "gpus.csv"
    content = table.read_text(encoding="utf-8")
    table.write_text(content.replace("B300,288", "B300,many").replace("B200,180", "B200,"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_tables(folder)
    assert len(caught.value.problems) == 2
