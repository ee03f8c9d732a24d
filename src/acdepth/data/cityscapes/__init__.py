"""Cityscapes (Cordts et al., CVPR 2016) with its video and Foggy Cityscapes (Sakaridis et al., IJCV 2018)."""
