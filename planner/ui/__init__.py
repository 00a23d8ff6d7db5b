"""What the pages share: the plan of the session, forms that change it, and ways to show results."""
