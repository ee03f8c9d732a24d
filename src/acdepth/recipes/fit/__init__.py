"""``acdepth fit``: from one's own footage to a network that holds in bad weather, and whether it does."""
