"""What can we choose from?"""

from __future__ import annotations

import streamlit as st

from planner.ui import menu, models, results, show
from planner.views.charts import model_scatter

menu.head("What can we choose from?")
rows = models.filters(results.models())
models.model_table(rows)
if len(rows):
    columns = ["id", "model", "seller", "tier", "input_usd_per_mtok", "cache_read_usd_per_mtok", "output_usd_per_mtok",
               "context_tokens", "monthly_usd", "error_rate", "error_origin", "as_of", "source"]
    show.twin(rows[columns], "models", "models", "Models with prices and monthly cost")
    st.space("small")
    show.chart(model_scatter(rows[["model", "seller", "monthly_usd", "error_rate", "error_origin", "in_plan"]]),
               "models_scatter")
