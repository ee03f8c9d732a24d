"""A checkpoint in the pipeline of transformers: python with_transformers.py street.jpg folder

Needs pip install "acdepth[train]".
"""

import sys

from transformers import pipeline

import acdepth

image, folder = sys.argv[1:]
acdepth.load("shipped").save_pretrained(folder, licence="apache-2.0", data_licence="see THIRD_PARTY.md")
acdepth.register_with_transformers()
metres = pipeline("depth-estimation", model=folder, device="cpu")(image)["predicted_depth"]
print(f"{float(metres.min()):.1f} to {float(metres.max()):.1f} m at {tuple(metres.shape)} pixels")
