"""Names, sellers, successors and tiers, on a made-up catalogue."""

from __future__ import annotations

from datetime import date

import pytest

from pricing.catalog import Catalog
from pricing.errors import InputError
from pricing.offers import Seller
from tests.pricing.small import model, offer, period, shop

DAY = date(2026, 3, 1)


@pytest.fixture
def catalog() -> Catalog:
    opus = model("claude-opus-4-5", display="Claude Opus 4.5", short="Opus 4.5", open_weights=False)
    llama = model("llama-70b", vendor="meta", display="Llama 70B", open_weights=True, licence="free")
    return shop(
        (opus, offer("claude-opus-4-5", period("5", "25"))),
        (opus, offer("claude-opus-4-5", period("6", "30"), seller="cloud", provider_model_id="acme.opus-v1:0")),
        (llama, offer("llama-70b", period("1", "1"), seller="cloud")),
        (llama, offer("llama-70b", period("2", "2"), seller="host")),
        aliases={"claude-opus-4-5-20251101": "claude-opus-4-5"},
    )


@pytest.mark.parametrize(
    "name",
    ["claude-opus-4-5", "Claude Opus 4.5", "claude  opus 4.5", "CLAUDE-OPUS-4-5", "Opus 4.5",
     "claude-opus-4-5-20251101", "acme/claude-opus-4-5", "acme/Claude Opus 4.5", " Acme/claude-opus-4-5 "],
)
def test_many_names_mean_the_vendors_own_offer(catalog: Catalog, name: str) -> None:
    assert catalog.resolve(name).id == "acme/claude-opus-4-5"


@pytest.mark.parametrize("name", ["cloud/claude-opus-4-5", "cloud/Opus 4.5", "cloud/acme.opus-v1:0"])
def test_a_seller_before_the_slash_means_that_sellers_offer(catalog: Catalog, name: str) -> None:
    assert catalog.resolve(name).id == "cloud/claude-opus-4-5"


@pytest.mark.parametrize(
    "name", ["claude-opus", "claude-opus-4-5-20990101", "claude-opus-4-55", "acme/claude-opus-4", ""]
)
def test_a_name_is_never_taken_by_its_beginning(catalog: Catalog, name: str) -> None:
    with pytest.raises(InputError):
        catalog.resolve(name)


def said(catalog: Catalog, name: str) -> str:
    with pytest.raises(InputError) as caught:
        catalog.resolve(name, place="plan.yaml > baseline")
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_a_slip_is_answered_with_the_nearest_name(catalog: Catalog) -> None:
    assert said(catalog, "claude-opus-45") == (
        'plan.yaml > baseline: "claude-opus-45" is not in the catalogue. Did you mean "claude-opus-4-5"?'
    )


def test_a_model_that_its_maker_does_not_sell_is_answered_with_its_sellers(catalog: Catalog) -> None:
    assert said(catalog, "llama-70b") == (
        'plan.yaml > baseline: "llama-70b" is not sold by its maker meta. '
        'Name the seller: "cloud/llama-70b" or "host/llama-70b".'
    )


def test_a_seller_that_does_not_sell_a_model_is_answered_with_those_who_do(catalog: Catalog) -> None:
    assert said(catalog, "acme/llama-70b") == (
        'plan.yaml > baseline: "acme/llama-70b" is not sold by acme. '
        'It is sold as "cloud/llama-70b" or "host/llama-70b".'
    )


def test_a_name_of_nothing_is_cut_short_in_the_message(catalog: Catalog) -> None:
    assert len(said(catalog, "x" * 10_000)) < 300


def test_sellers_and_own_offers(catalog: Catalog) -> None:
    assert catalog.sellers("llama-70b") == ("cloud", "host")
    assert [made.id for made in catalog.own_offers()] == ["acme/claude-opus-4-5"]


def test_a_shop_may_carry_another_name_than_its_vendor() -> None:
    made = offer("nova", period("1", "2"), seller="bedrock")
    bedrock = Seller(id="bedrock", display="Amazon Bedrock", vendor="amazon", kind="host")
    catalog = shop((model("nova", vendor="amazon"), made), sellers=(bedrock,))
    assert catalog.resolve("nova") is made
    assert catalog.own_offers() == (made,)


def test_the_successor_is_the_first_in_the_chain_that_still_lives() -> None:
    gone = {"retires_on": "2026-02-01", "retirement_source": "a page"}
    chain = [model("a", successor="b"), model("b", successor="c", **gone), model("c", released="2026-01-01")]
    catalog = Catalog(chain, [])
    assert catalog.successor("a", date(2026, 1, 31)) == chain[1]
    assert catalog.successor("a", date(2026, 2, 1)) == chain[2]
    assert catalog.successor("c", DAY) is None


def test_every_broken_link_is_reported_at_once() -> None:
    models = [model("a", successor="zz"), model("b", successor="c"), model("c", successor="b"), model("a")]
    with pytest.raises(InputError) as caught:
        Catalog(models, [offer("q", period("1", "1"))], {"nick": "nobody", "B": "c"})
    text = str(caught.value)
    for part in ('a second "a"', '"zz" is not in the catalogue', "a circle of successors",
                 '"q" is not in the catalogue', '"nobody" is not in the catalogue', 'a name for both "b" and "c"'):
        assert part in text


def test_the_same_offer_twice_is_refused_not_doubled() -> None:
    with pytest.raises(InputError, match='a second "acme/m"'):
        Catalog([model("m")], [offer("m", period("1", "1")), offer("m", period("2", "2"))])


# Tiers ---------------------------------------------------------------------------------------------------------


def priced(**prices: str) -> Catalog:
    """Models whose input and output cost the same, so that the 3:1 blend is that price."""
    return shop(*((model(name), offer(name, period(price, price))) for name, price in prices.items()))


def tiers(catalog: Catalog, day: date = DAY) -> dict[str, str]:
    return {name: catalog.tier(made, day) for name, made in catalog.models.items()}


def test_six_prices_split_into_three_pairs() -> None:
    found = tiers(priced(a="1", b="2", c="3", d="4", e="5", f="6"))
    assert found == {"a": "small", "b": "small", "c": "medium", "d": "medium", "e": "large", "f": "large"}


def test_equal_prices_stay_together_in_the_lower_tier() -> None:
    # The second and third cheapest both ask 2: a third of six ends between them, so both are small.
    found = tiers(priced(a="1", b="2", c="2", d="4", e="5", f="6"))
    assert found == {"a": "small", "b": "small", "c": "small", "d": "medium", "e": "large", "f": "large"}


def test_the_blend_weighs_three_input_tokens_to_one_output_token() -> None:
    made = shop((model("m"), offer("m", period("1", "5"))))
    # (3 x 1 + 5) / 4
    assert made.quote(made.offers["acme/m"], DAY).blended_usd_per_mtok == 2.0


def test_a_tier_in_the_table_goes_before_the_price() -> None:
    made = model("m", tier="small", tier_reason="its line is small")
    catalog = shop((made, offer("m", period("9", "9"))), (model("n"), offer("n", period("1", "1"))))
    assert catalog.tier(made, DAY) == "small"


def test_a_price_change_may_move_a_model_to_another_tier() -> None:
    rising = offer("a", period("1", "1", until="2026-06-01"), {**period("9", "9"), "from": "2026-06-01",
                                                                "url": "https://example.org/prices"})
    catalog = shop((model("a"), rising), (model("b"), offer("b", period("2", "2"))),
                   (model("c"), offer("c", period("3", "3"))))
    assert tiers(catalog) == {"a": "small", "b": "medium", "c": "large"}
    assert tiers(catalog, date(2026, 6, 1)) == {"a": "large", "b": "small", "c": "medium"}


def test_only_vendors_own_priced_offers_set_the_cuts() -> None:
    gift = offer("g", period("0", "0", free=True, reason="a trial"))
    host = offer("h", period("0.1", "0.1"), seller="host")
    catalog = shop((model("a"), offer("a", period("1", "1"))), (model("b"), offer("b", period("2", "2"))),
                   (model("c"), offer("c", period("3", "3"))), (model("g"), gift), (model("h"), host))
    assert catalog.tier_cuts(DAY) == (1.0, 2.0)
    assert catalog.tier(catalog.models["h"], DAY) == "small"  # placed by its cheapest host


def test_a_retired_model_keeps_the_tier_of_its_last_price() -> None:
    gone = {"retires_on": "2026-02-01", "retirement_source": "a page"}
    catalog = shop((model("a"), offer("a", period("1", "1"))), (model("b"), offer("b", period("2", "2"))),
                   (model("c"), offer("c", period("3", "3"))), (model("old", **gone), offer("old", period("9", "9"))))
    assert catalog.tier(catalog.models["old"], DAY) == "large"


def test_a_model_without_any_price_has_no_tier_to_guess() -> None:
    catalog = shop((model("m"), offer("m", {"reason": "no price is published"})))
    with pytest.raises(InputError, match="Set a tier with a reason"):
        catalog.tier(catalog.models["m"], DAY)
