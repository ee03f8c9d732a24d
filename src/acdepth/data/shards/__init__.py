"""Prepared footage in shards that lie anywhere: made by many processes, fetched as they are asked for."""
