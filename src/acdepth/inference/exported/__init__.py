"""Networks in files that need neither torch nor this package: written, compared with torch, opened again."""
