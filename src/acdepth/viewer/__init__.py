"""What shows depth in a browser: two pictures with metres under the pointer, and points in space."""
