"""What a plan causes: requests, spend, errors and fixed cost, as pure functions of numpy arrays."""
