"""Streets with true depth, in many looks, and photographs without: what the depth network that ships learns
from."""
