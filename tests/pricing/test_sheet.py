"""A user's own price sheet: what it adds, what it hides, how it is marked, and what is refused with row and column."""

from __future__ import annotations

import time
from datetime import date

import pytest

from pricing.catalog import Catalog, load_catalog
from pricing.errors import InputError
from pricing.offers import Seller
from pricing.sheet import parse_sheet, sheet_template
from pricing.sheet_rows import COLUMNS, MAX_ROWS
from tests.pricing.small import model, offer, period, shop

DAY = date(2026, 3, 1)
HEADER = "seller,model,input_usd_per_mtok,output_usd_per_mtok"


@pytest.fixture
def catalog() -> Catalog:
    retiring = {"retires_on": "2026-06-01", "retirement_source": "a page"}
    big = model("big", display="Acme Big", short="Big", **retiring)
    host = Seller(id="host", display="The Host", kind="host")
    return shop(
        (big, offer("big", period("4", "20", cache_read="0.4"), provider_model_id="acme-big-1", uplifts={"us": 1.1})),
        (model("small"), offer("small", period("1", "5"))),
        (big, offer("big", period("5", "25"), seller="host")),
        aliases={"the big one": "big"}, sellers=(host,),
    )  # fmt: skip


def laid(catalog: Catalog, text: str | bytes, name: str = "ours.csv") -> Catalog:
    return catalog.with_sheet(parse_sheet(text if isinstance(text, bytes) else text.encode(), name, DAY))


def said(catalog: Catalog, text: str | bytes, name: str = "ours.csv") -> str:
    with pytest.raises(InputError) as caught:
        laid(catalog, text, name)
    return str(caught.value)


# What it does --------------------------------------------------------------------------------------------------


def test_a_negotiated_price_hides_the_listed_one_and_says_so(catalog: Catalog) -> None:
    found = laid(catalog, f"{HEADER}\nacme,big,3.6,18\n")
    mine = found.resolve("big")
    quote = found.quote(mine, DAY)
    assert quote.rates == (3.6, 3.6, 3.6, 18.0, 0.0)  # without a cached price cached tokens cost as much as fresh ones
    assert found.is_from_sheet(mine)
    assert quote.source == "Price sheet ours.csv"
    assert quote.as_of == DAY
    assert found.shadowed == {"acme/big": catalog.offers["acme/big"]}
    assert not found.is_from_sheet(found.resolve("small"))


def test_leaving_the_sheet_out_is_going_back(catalog: Catalog) -> None:
    laid(catalog, f"{HEADER}\nacme,big,3.6,18\n")
    assert catalog.quote(catalog.resolve("big"), DAY).rates == (4.0, 0.4, 4.0, 20.0, 0.0)
    assert catalog.shadowed == {}


def test_what_the_sheet_does_not_speak_of_stays_as_listed(catalog: Catalog) -> None:
    found = laid(catalog, f"{HEADER}\nacme,big,3.6,18\n")
    mine = found.resolve("big")
    assert (mine.provider_model_id, mine.uplifts) == ("acme-big-1", {"us": 1.1})
    assert found.quote(mine, date(2026, 6, 1)).state == "retired"


@pytest.mark.parametrize("name", ["big", "Acme Big", "the big one", "BIG"])
def test_a_model_is_found_by_any_of_its_names(catalog: Catalog, name: str) -> None:
    found = laid(catalog, f"{HEADER}\nhost,{name},1,2\n")
    assert found.quote(found.resolve("host/big"), DAY).rates == (1.0, 1.0, 1.0, 2.0, 0.0)


def test_a_new_seller_may_sell_a_known_model(catalog: Catalog) -> None:
    found = laid(catalog, f"{HEADER}\nother-cloud,small,0.5,2\n")
    assert found.sellers("small") == ("acme", "other-cloud")
    assert found.shadowed == {}


def test_a_model_of_ones_own_needs_a_name_and_is_sold_by_its_maker(catalog: Catalog) -> None:
    found = laid(catalog, f"{HEADER},name,context_tokens\nin-house,tuned-8b,0.2,0.8,Support 8B,32000\n")
    assert found.resolve("Support 8B").id == "in-house/tuned-8b"
    assert found.models["tuned-8b"].context_tokens == 32_000
    assert found.tier(found.models["tuned-8b"], DAY) == "small"
    assert '"tuned-8b" is not in the catalogue. For a model of your own fill the column name.' in said(
        catalog, f"{HEADER}\nin-house,tuned-8b,0.2,0.8\n"
    )


def test_own_prices_move_no_listed_model_to_another_tier(catalog: Catalog) -> None:
    before = {name: catalog.tier(made, DAY) for name, made in catalog.models.items()}
    rows = "".join(f"in-house,own-{n},{n}00,{n}00,Own {n}\n" for n in range(1, 9))
    found = laid(catalog, f"{HEADER},name\nacme,big,0.01,0.01,\n{rows}")
    assert {name: found.tier(found.models[name], DAY) for name in before} == before


def test_rows_of_one_offer_follow_each_other_by_their_first_day(catalog: Catalog) -> None:
    found = laid(catalog, f"{HEADER},from\nacme,small,2,6,2026-05-01\nacme,small,0.9,4.5,\n")
    mine = found.resolve("small")
    assert [found.quote(mine, day).rates[0] for day in (date(2026, 4, 30), date(2026, 5, 1))] == [0.9, 2.0]  # type: ignore[index]


def test_batch_long_prompts_and_fees_have_columns_of_their_own(catalog: Catalog) -> None:
    columns = "batch_input_usd_per_mtok,batch_output_usd_per_mtok,long_prompt_tokens,long_input_usd_per_mtok," \
              "long_output_usd_per_mtok,fee_usd_per_request"  # fmt: skip
    quote_of = laid(catalog, f"{HEADER},{columns}\nacme,small,1,5,0.5,2.5,200000,2,10,0.001\n")
    quote = quote_of.quote(quote_of.resolve("small"), DAY)
    assert quote.batch == (0.5, 0.5, 0.5, 2.5, 0.001)
    step = quote.step_for(200_001)
    assert step is not None
    assert step.rates == (2.0, 2.0, 2.0, 10.0, 0.001)
    assert quote.step_for(200_000) is None


def test_yaml_says_the_same_as_csv(catalog: Catalog) -> None:
    prices = "input_usd_per_mtok: 3.6, output_usd_per_mtok: 18"
    text = f"offers:\n  - {{seller: acme, model: big, {prices}, from: 2026-02-01}}\n"
    found = laid(catalog, text, "ours.yaml")
    assert found.quote(found.resolve("big"), DAY).rates == (3.6, 3.6, 3.6, 18.0, 0.0)


def test_the_template_is_a_sheet_that_is_accepted(catalog: Catalog) -> None:
    found = laid(load_catalog(), sheet_template(), "template.csv")
    assert found.quote(found.resolve("claude-haiku-4-5"), date(2026, 12, 1)).rates == (0.9, 0.09, 1.125, 4.5, 0.0)
    assert found.quote(found.resolve("Support 8B (tuned)"), date(2026, 11, 30)).state == "unpriced"
    assert sheet_template().splitlines()[0].split(",") == list(COLUMNS)


def test_a_gift_needs_a_word_of_explanation(catalog: Catalog) -> None:
    text = said(catalog, f"{HEADER}\nacme,small,0,0\n")
    assert "ours.csv > line 2 > input_usd_per_mtok: 0 is not a price." in text
    found = laid(catalog, f"{HEADER},note\nacme,small,0,0,Paid by the parent company\n")
    assert found.quote(found.resolve("small"), DAY).state == "free"
    assert "0 is not a price" in said(catalog, f"{HEADER},note\nacme,small,0,5,Half a gift\n")


# Refused, with row and column ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1,50", "is not a price in USD. Write it as 1234.5"), ("1.000,50", "is not a price"),
        ("$1.5", "is not a price"),
        ("1,000.00", "is not a price"), ("-1", "is not a price"), ("NaN", "is not a price"), ("inf", "is not a price"),
        ("1e3", "is not a price"), ("=1+1", "is not a price"), ("0x10", "is not a price"), ("١", "is not a price"),
        ("200000", "at most 100,000"), ("", "nothing is not a value"), ("1 000", "is not a price"),
        ("9" * 5000, "is not a price"), ("None", "is not a price"), ("NA", "is not a price"),
    ],
    ids=lambda value: value[:12],
)  # fmt: skip
def test_a_price_is_plain_digits(catalog: Catalog, cell: str, expected: str) -> None:
    text = said(catalog, f'{HEADER}\nacme,small,1,5\nacme,big,"{cell}",18\n')
    assert "ours.csv > line 3 > input_usd_per_mtok" in text
    assert expected in text
    assert len(text) < 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEADER}\nacme,small,1\n", "line 2: a row of 3 cells is not complete. The header has 4."),
        (f"{HEADER}\nacme,small,1,5,6\n", "line 2: a row of 5 cells"),
        (f"{HEADER},inptu\n", '"inptu" is not a column of a price sheet'),
        (f"{HEADER},seller\na,b,1,1,a\n", 'a second "seller" is not allowed'),
        ("seller,model\nacme,small\n", "a header without input_usd_per_mtok, output_usd_per_mtok"),
        (f"{HEADER}\n", "a sheet without rows"),
        ("", "a header without"),
        (f"{HEADER}\nacme,small,1,5\nacme,Small,2,6\n", "line 3: the same seller, model and first day as ours.csv"),
        (f"{HEADER}\n=cmd|x,small,1,5\n", '> seller: "=cmd|x" is not the id of a seller'),
        (f"{HEADER}\nacmе,small,1,5\n", "is not the id of a seller"),  # a Cyrillic e
        (f"{HEADER},name\nown,new,1,5,=HYPERLINK(1)\n", '> name: "=HYPERLINK(1)" is not plain text'),
        (f"{HEADER},name\nown,new,1,5,＝1+1\n", "is not plain text"),
        (f"{HEADER},name\nown,new,1,5,a\u202eb\n", "is not up to 200 printable characters"),
        (f"{HEADER},name\nown,new,1,5,{'x' * 201}\n", "is not up to 200 printable characters"),
        (f"{HEADER},name\nown,new,1,5,Acme Big\n", '"Acme Big" is not free'),
        (f"{HEADER},name\nown,new model,1,5,New\n", "line 2 > model"),
        (f"{HEADER}\nacme,smal,1,5\n", 'Did you mean "small"?'),
        (f"{HEADER},from\nacme,small,1,5,01.02.2026\n", '> from: "01.02.2026" is not a day'),
        (f"{HEADER},until\nacme,small,1,5,2026-02-30\n", "> until:"),
        (f"{HEADER},from,until\nacme,small,1,5,2026-02-01,2026-01-01\n", "Until must be after from"),
        (f"{HEADER},cache_read_usd_per_mtok\nacme,small,1,5,2\n", "Cache_read must not exceed input"),
        (f"{HEADER},long_prompt_tokens\nacme,small,1,5,200000\n", "line 2"),
        (f"{HEADER},batch_input_usd_per_mtok\nacme,small,1,5,1\n", "line 2"),
        (f'{HEADER}\nacme,"small,1,5\n', "is not CSV"),
        (f"{HEADER},fee_usd_per_request,from\nacme,small,1,5,1,\nacme,small,1,5,2,2026-05-01\n", "one fee"),
    ],
    ids=lambda value: value[-30:],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(catalog: Catalog, text: str, expected: str) -> None:
    found = said(catalog, text)
    assert expected in found
    assert found.startswith("ours.csv")


def test_every_fault_of_a_sheet_is_told_at_once(catalog: Catalog) -> None:
    text = said(catalog, f"{HEADER}\nacme,small,x,5\nacme,big,1,y\nQ,big,1,1\n")
    for place in ("line 2 > input_usd_per_mtok", "line 3 > output_usd_per_mtok", "line 4 > seller"):
        assert place in text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_dialects_of_spreadsheets_are_read_alike(catalog: Catalog, delimiter: str, end: str, encoding: str) -> None:
    text = f"{HEADER},note{end}acme,big,3.6,18,Zürich{end}{end}".replace(",", delimiter)
    found = laid(catalog, text.encode(encoding))
    assert found.resolve("big").periods[0].note == "Zürich"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", "Zürich".encode("latin-1"), b"\x00" * 50, b"a\x00b",
                                     f"{HEADER}\nacme,big,1,Z\xfc".encode("cp1252")])  # fmt: skip
def test_another_encoding_is_refused_and_not_guessed(catalog: Catalog, content: bytes) -> None:
    assert "Save it as CSV UTF-8." in said(catalog, content) or "header without" in said(catalog, content)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- 1", "is not a price sheet"), ("offers: 3", "is not a price sheet"), ("offers: [3]", "offers > 1"),
        ("offers: [{seller: a, sellr: b}]", "is not known"), ("a: &x 1\nb: *x", "an anchor or alias"),
        ("offers: [{seller: acme, model: small, input_usd_per_mtok: .nan, output_usd_per_mtok: 1}]", "is not a price"),
        ("offers: [{seller: acme, model: small, input_usd_per_mtok: true, output_usd_per_mtok: 1}]", "is not a price"),
        ("offers: [{seller: acme, model: [x], input_usd_per_mtok: 1, output_usd_per_mtok: 1}]", "> model"),
        ("offers: [{seller: acme, seller: b}]", 'the second "seller"'),
        ("[" * 200, "is not JSON"), ("a: " + "[" * 200, "nesting deeper"),
    ],
)  # fmt: skip
def test_a_yaml_sheet_is_read_as_strictly(catalog: Catalog, text: str, expected: str) -> None:
    assert expected in said(catalog, text, "ours.yml")


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "\nacme,nobody,1,5" * 100_000,
        HEADER + "\nacme,small,x,5" * 100_000,
        f"{HEADER}\n" + "acme,small,1,5," * 200_000,
        f'{HEADER}\nacme,"' + "x" * 3_000_000,
        f"{HEADER}\n" + "\n" * 3_000_000,
        "x," * 1_900_000,
    ],
    ids=["unknown models", "bad prices", "one long row", "one long cell", "empty rows", "a header of a million"],
)
def test_a_hostile_sheet_is_refused_in_seconds_with_a_short_message(catalog: Catalog, text: str) -> None:
    began = time.process_time()
    found = said(catalog, text)
    assert time.process_time() - began < 5
    assert len(found.splitlines()) <= 52
    assert len(found) < 20_000


def test_as_many_rows_as_are_allowed_are_laid_over_in_seconds(catalog: Catalog) -> None:
    rows = "".join(f"own,m{n},1,5,Model {n}\n" for n in range(MAX_ROWS))
    began = time.process_time()
    assert len(laid(catalog, f"{HEADER},name\n{rows}").offers) == MAX_ROWS + 3
    assert time.process_time() - began < 15
    assert "more than 10,000 rows" in said(catalog, f"{HEADER},name\n{rows}own,more,1,5,More\n")


def test_a_file_of_more_than_four_megabytes_is_refused_unread(catalog: Catalog) -> None:
    assert "a file of 5,000,000 bytes is not read here" in said(catalog, b"x" * 5_000_000)
