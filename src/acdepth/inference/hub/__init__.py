"""Checkpoints by the customs of the Hugging Face hub: folders, pages, upload; classes for transformers."""
