"""The shipped tables: their form, the models that the articles speak of, and the prices that are about to change."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from pricing.catalog import TABLES, Catalog, load_catalog
from pricing.errors import InputError
from pricing.hardware import load_hardware
from pricing.quotes import usd
from pricing.reading import read_tables

TODAY = date(2026, 11, 22)
ARTICLE_DAY = date(2025, 12, 2)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_the_catalogue_is_wide_enough_to_plan_with(catalog: Catalog) -> None:
    assert len(catalog.models) >= 110
    assert len(catalog.offers) >= 260
    expected = {"anthropic", "openai", "google", "deepseek", "x-ai", "mistral", "together", "groq", "fireworks",
                "deepinfra", "bedrock", "azure", "openrouter", "replicate"}
    assert expected <= {offer.seller for offer in catalog.offers.values()}


def test_every_model_is_sold_by_somebody_and_has_a_tier_on_any_day(catalog: Catalog) -> None:
    for model in catalog.models.values():
        assert catalog.sellers(model), model.id
        for day in (ARTICLE_DAY, TODAY, date(2027, 6, 1)):
            assert catalog.tier(model, day) in ("small", "medium", "large")


def test_every_offer_can_be_quoted_on_any_day_and_a_missing_price_has_a_reason(catalog: Catalog) -> None:
    for offer in catalog.offers.values():
        for day in (date(2023, 1, 1), ARTICLE_DAY, TODAY, date(2028, 1, 1)):
            quote = catalog.quote(offer, day)
            assert (quote.rates is None) == (quote.reason is not None), (offer.id, day)
            assert quote.source
            assert quote.as_of <= TODAY


def test_every_self_hosting_profile_is_a_row_of_the_hardware_tables(catalog: Catalog) -> None:
    known = set(load_hardware().self_hostable_models())
    named = {model.self_host_profile for model in catalog.models.values() if model.self_host_profile}
    assert named <= known
    assert known <= set(catalog.models)


def test_every_seller_and_vendor_has_a_name_to_show(catalog: Catalog) -> None:
    assert {offer.seller for offer in catalog.offers.values()} <= set(catalog.seller_names)
    assert {model.vendor for model in catalog.models.values()} <= set(catalog.vendor_names)


def test_nothing_in_the_tables_is_given_away(catalog: Catalog) -> None:
    assert not [offer.id for offer in catalog.offers.values() for period in offer.periods if period.free]


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("Claude Sonnet 3.7", date(2026, 2, 19)),
        ("Claude Haiku 3.5", date(2026, 2, 19)),
        ("Claude Opus 4.1", date(2026, 8, 5)),
        ("GPT-4", date(2026, 10, 23)),
        ("GPT-4 Turbo", date(2026, 10, 23)),
        ("GPT-3.5 Turbo", date(2026, 10, 23)),
        ("Gemini 3 Pro preview", date(2026, 3, 9)),
        ("Gemini 2.0 Flash-Lite", date(2026, 6, 1)),
        ("DeepSeek R1", date(2026, 7, 24)),
        ("Claude Sonnet 4.5", date(2026, 11, 30)),
        ("Gemini 2.5 Pro", date(2026, 12, 1)),
        ("Gemini 2.5 Flash", date(2026, 12, 1)),
        ("GPT-5", date(2026, 12, 11)),
        ("GPT-5 mini", date(2026, 12, 11)),
        ("GPT-5 nano", date(2026, 12, 11)),
        ("GPT-5 pro", date(2026, 12, 11)),
        ("o3", date(2026, 12, 11)),
        ("GPT-4.1", date(2027, 1, 14)),
        ("GPT-5.1", date(2027, 4, 1)),
    ],
)
def test_the_articles_models_end_on_their_day_and_name_a_living_successor(
    catalog: Catalog, name: str, gone: date
) -> None:
    offer = catalog.resolve(name)
    before = catalog.quote(offer, date.fromordinal(gone.toordinal() - 1))
    after = catalog.quote(offer, max(gone, TODAY))
    assert catalog.quote(offer, gone).state == "retired"
    assert before.state == "priced"
    assert before.next_change is not None
    assert before.next_change[0] == gone
    assert f"retired on {gone}; successor " in (after.reason or "")
    assert catalog.successor(offer.model, max(gone, TODAY)) is not None


@pytest.mark.parametrize("name", ["Claude Haiku 4.5", "Claude Opus 4.5", "Gemini 2.5 Flash-Lite", "Gemini 3 Flash"])
def test_the_articles_models_without_a_known_end_are_still_on_sale(catalog: Catalog, name: str) -> None:
    quote = catalog.quote(catalog.resolve(name), TODAY)
    assert (quote.state, quote.valid_until) == ("priced", None)


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("claude-haiku-4-5", (1, 5, 0.1)),
        ("claude-opus-4-5", (5, 25, 0.5)),
        ("claude-opus-4-1", (15, 75, 1.5)),
        ("claude-sonnet-4-5", (3, 15, 0.3)),
        ("gpt-5.1", (1.25, 10, 0.125)),
        ("gpt-4.1", (2, 8, 0.5)),
        ("gemini-2.5-flash-lite", (0.1, 0.4, 0.01)),
    ],
)
def test_the_articles_prices_hold_on_the_day_the_last_of_them_appeared(
    catalog: Catalog, name: str, figures: tuple[float, float, float]
) -> None:
    rates = catalog.quote(catalog.resolve(name), ARTICLE_DAY).rates
    assert rates is not None
    assert (rates.input, rates.output, rates.cache_read) == figures


@pytest.mark.parametrize("name", ["claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-1", "gpt-5.1", "gpt-4.1"])
def test_batch_cost_half_on_the_articles_day(catalog: Catalog, name: str) -> None:
    quote = catalog.quote(catalog.resolve(name), ARTICLE_DAY)
    assert quote.rates is not None
    assert quote.batch is not None
    assert (quote.batch.input, quote.batch.output) == (usd(quote.rates.input) / 2, usd(quote.rates.output) / 2)


def test_haiku_4_5_is_a_fifth_of_opus_4_5_at_any_mix_and_a_fifteenth_of_opus_4_1(catalog: Catalog) -> None:
    haiku, opus, older = (
        catalog.quote(catalog.resolve(name), ARTICLE_DAY).rates
        for name in ("claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-1")
    )
    assert haiku is not None
    assert opus is not None
    assert older is not None
    assert (opus.input, opus.output) == (5 * usd(haiku.input), 5 * usd(haiku.output))
    assert (older.input, older.output) == (15 * usd(haiku.input), 15 * usd(haiku.output))


@pytest.mark.parametrize(
    ("name", "day", "before", "after"),
    [
        ("gemini-4-argon", date(2026, 12, 1), (2, 10), (4, 20)),
        ("gemini-3.8-flash", date(2027, 1, 1), (0.75, 3.75), (1.5, 7.5)),
        ("gemini-3.7-flash", date(2027, 1, 1), (0.75, 3.75), (1.5, 7.5)),
        ("gemini-3.6-flash", date(2027, 1, 1), (0.75, 3.75), (1.5, 7.5)),
        ("mistral-large-4", date(2026, 10, 20), (0.68, 2.09), (1.36, 4.18)),
        ("mistral-large-4", date(2026, 10, 29), (1.36, 4.18), (0.7, 2.1)),
        ("gpt-5.6-luna", date(2026, 7, 30), (1, 6), (0.2, 1.2)),
        ("together/llama-3.3-70b", date(2026, 9, 23), (0.88, 0.88), (1.04, 1.04)),
    ],
)
def test_dated_and_announced_changes_fall_on_their_day(
    catalog: Catalog, name: str, day: date, before: tuple[float, float], after: tuple[float, float]
) -> None:
    offer = catalog.resolve(name)
    old, new = catalog.quote(offer, date.fromordinal(day.toordinal() - 1)).rates, catalog.quote(offer, day).rates
    assert old is not None
    assert new is not None
    assert ((old.input, old.output), (new.input, new.output)) == (before, after)


def test_deepseeks_weekday_peaks_are_averaged_over_the_week(catalog: Catalog) -> None:
    rates = catalog.quote(catalog.resolve("deepseek-v4-pro"), TODAY).rates
    assert rates is not None
    # 133 of 168 hours at 0.66 and 35 at 1.32 is 0.66 x (133 + 70) / 168; output is three times as dear
    assert rates.input == pytest.approx(0.66 * 203 / 168, abs=1e-9)
    assert rates.output == pytest.approx(3 * 0.66 * 203 / 168, abs=1e-9)


def test_xai_counts_the_boundary_in_and_openai_leaves_it_out(catalog: Catalog) -> None:
    grok = catalog.quote(catalog.resolve("grok-4.7"), TODAY)
    astra = catalog.quote(catalog.resolve("gpt-6-astra"), TODAY)
    assert grok.step_for(200_000) is not None
    assert grok.step_for(199_999) is None
    assert astra.step_for(272_000) is None
    assert astra.step_for(272_001) is not None


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Claude Opus", "claude-opus-5-5"), ("Claude Haiku", "claude-haiku-5-5"),
        ("Gemini Pro", "gemini-3.1-pro-preview"),
        ("Gemini Flash", "gemini-3.8-flash"), ("GPT-5.1 Instant", "gpt-5.1"), ("GPT-5.1 Thinking", "gpt-5.1"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"), ("deepseek-reasoner", "deepseek-r1"),
        ("openrouter/anthropic/claude-opus-4.5", "claude-opus-4-5"), ("anthropic/claude-opus-4.5", "claude-opus-4-5"),
        ("bedrock/meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b"),
    ],
)  # fmt: skip
def test_families_and_dated_ids_resolve_through_the_alias_table(catalog: Catalog, name: str, model: str) -> None:
    assert catalog.resolve(name).model == model


@pytest.mark.parametrize("name", ["claude-opus-5-9", "claude-opus-6", "gpt-7", "gpt-5-foo", "mistral-large-5"])
def test_a_model_of_tomorrow_is_not_priced_as_one_of_today(catalog: Catalog, name: str) -> None:
    with pytest.raises(InputError, match="is not in the catalogue"):
        catalog.resolve(name)


@pytest.mark.parametrize("name", ["llama-3.3-70b", "gpt-oss-120b", "llama-4-scout", "nemotron-3-ultra"])
def test_open_models_that_only_hosts_sell_need_a_seller(catalog: Catalog, name: str) -> None:
    with pytest.raises(InputError, match="Name the seller: "):
        catalog.resolve(name)


def test_small_lines_are_small_and_flagships_are_large(catalog: Catalog) -> None:
    named = {"claude-haiku-4-5": "small", "gemini-3.5-flash-lite": "small", "gpt-5.4-mini": "small",
             "claude-sonnet-5-5": "medium", "claude-opus-4-5": "large", "claude-opus-4-1": "large",
             "gpt-6-astra": "large"}
    assert {name: catalog.tier(catalog.models[name], TODAY) for name in named} == named


def test_a_faster_queue_and_a_region_are_factors_on_every_price(catalog: Catalog) -> None:
    assert catalog.offers["anthropic/claude-opus-5-5"].uplifts == {"us": 1.1, "fast": 2.0}
    assert catalog.offers["openai/gpt-5.5"].uplifts == {"fast": 2.5}
    assert catalog.offers["bedrock/claude-haiku-4-5"].uplifts == {"regional": 1.1}
    assert catalog.offers["anthropic/claude-opus-4-5"].uplifts == {}


def test_open_weights_may_run_in_house_and_closed_ones_never(catalog: Catalog) -> None:
    for model in catalog.models.values():
        if model.privacy is not None:
            assert model.privacy.self_hostable == model.open_weights, model.id
        assert model.open_weights or model.self_host_profile is None


# A copy with a fault -------------------------------------------------------------------------------------------


def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    shutil.copytree(TABLES, folder)
    return folder


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    groq = folder / "offers" / "groq.yaml"
    groq.write_text(groq.read_text().replace('input: "0.05"', "input: 0.05").replace("kind: host", "kind: hsot"))
    models = folder / "models.yaml"
    models.write_text(models.read_text().replace("vendor: x-ai", "vendor: xai", 1).replace("licence:", "license:", 1))
    with pytest.raises(InputError) as caught:
        read_tables(folder)
    text = str(caught.value)
    for part in (
        "offers/groq.yaml > llama-3.1-8b > periods > 0 > input: 0.05 is not accepted. "
        "Write the price as digits in quotes",
        'offers/groq.yaml > kind: "hsot" is not one of',
        'models.yaml > grok-4.7 > vendor: "xai" is not named under vendors',
        "license: this field is not known",
    ):
        assert part in text, text


def test_a_table_with_two_rows_of_one_name_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    groq = folder / "offers" / "groq.yaml"
    rows = groq.read_text()
    groq.write_text(rows + "  llama-3.1-8b:" + rows.split("  llama-3.1-8b:")[1].split("  llama-3.3-70b:")[0])
    with pytest.raises(InputError, match=r'groq\.yaml > line .*: the second "llama-3.1-8b" is not allowed'):
        read_tables(folder)


def test_an_alias_of_two_models_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    aliases = folder / "aliases.yaml"
    aliases.write_text(aliases.read_text() + 'glm-5.3: ["Claude Opus"]\n')
    with pytest.raises(InputError, match='"Claude Opus" is not a name for one model only'):
        read_tables(folder)
