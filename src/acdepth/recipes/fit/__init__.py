"""``acdepth fit``: from footage of one's own to a network that holds in bad weather, and a word on whether it does."""
