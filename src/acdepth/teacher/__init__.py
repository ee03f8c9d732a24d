"""Floor 4: learns depth from clear video alone."""
