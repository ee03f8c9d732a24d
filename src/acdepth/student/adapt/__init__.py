"""Fits a trained student to real adverse footage, of which nothing but the images is needed."""
