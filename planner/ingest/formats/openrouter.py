"""OpenRouter: the export of single generations, and activity by day (CSV and API).

``tokens_cached`` stands inside ``tokens_prompt``. The daily forms do not tell cached tokens.
"""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, Tokens, layout, token_row
from planner.ingest.usage import DAY_S, UsageRow

_DAILY = {
    "csv": ("Date", "Slug", "Usage", "Requests", "Prompt Tokens", "Completion Tokens", "Reasoning Tokens"),
    "json": ("date", "model", "usage", "requests", "prompt_tokens", "completion_tokens", "reasoning_tokens"),
}


def _read_generation(cells: Cells) -> UsageRow:
    app = cells.name("app_name")
    tokens = Tokens(
        cells.count("tokens_prompt"), cells.count("tokens_completion"), cells.detail("tokens_cached"),
        reasoning=cells.detail("tokens_reasoning"),
    )
    return token_row(
        cells, (cells.moment("created_at"), 0), cells.name("model_permaslug"), app, tokens,
        {"key": cells.name("api_key_name"), "feature": app}, requests=1, cost_picousd=cells.usd("cost_total"),
        is_single=True, has_failed=bool(cells.flag("cancelled")), seller="openrouter",
    )


def _read_day(cells: Cells) -> UsageRow:
    day, model, usage, requests, sent, received, reasoning = _DAILY["csv" if "Slug" in cells.columns else "json"]
    started = cells.moment(day)
    tokens = Tokens(cells.count(sent), cells.count(received), reasoning=cells.detail(reasoning))
    return token_row(
        cells, (started - started % DAY_S, DAY_S), cells.name(cells.first("model_permaslug", model)), None, tokens,
        {}, requests=cells.count(requests), cost_picousd=cells.usd(usage), seller="openrouter",
    )


GENERATIONS = Source(
    title="OpenRouter generations",
    family="openrouter",
    watcher="seller",
    layouts=(layout("openrouter_generations_csv", "csv", "generation_id", "created_at", "tokens_prompt",
                    "tokens_completion", "model_permaslug"),),
    measures=frozenset({"tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached", "cost_total"}),
    read=_read_generation,
    identity=("generation_id",),
)
DAILY = Source(
    title="OpenRouter activity by day",
    family="openrouter",
    watcher="seller",
    layouts=(layout("openrouter_daily_csv", "csv", *_DAILY["csv"]),
             layout("openrouter_activity_api_json", "json", *_DAILY["json"], "byok_usage_inference")),
    measures=frozenset({*_DAILY["csv"][2:], *_DAILY["json"][2:], "BYOK Usage", "byok_usage_inference"}),
    read=_read_day,
    notes=("This export does not tell cached tokens: their share is unknown.",),
)
