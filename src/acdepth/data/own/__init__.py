"""Footage as people have it: folders of images, videos and bags become clips by one way."""
