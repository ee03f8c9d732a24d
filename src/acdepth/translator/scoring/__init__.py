"""How good translations are: structure kept, domain reached, diversity, distance to truth."""
