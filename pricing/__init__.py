"""Facts: what sellers charge and what GPUs cost, dated and sourced. Knows nothing of plans."""
