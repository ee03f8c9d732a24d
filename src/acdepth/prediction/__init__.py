"""Whole folders and videos predicted: inputs are found here, and results get their places."""
