"""Floor 0: the words and files that every other floor shares."""
