"""Learns beside a finished student how far its depth may be off."""
