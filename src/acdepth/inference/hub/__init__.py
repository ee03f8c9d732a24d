"""Checkpoints by the customs of the Hugging Face hub: folders, model cards, upload; classes of transformers."""
