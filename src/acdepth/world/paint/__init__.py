"""Painters: colours of surfaces by what they are made of, before any light falls on them."""
