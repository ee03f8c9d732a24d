"""Floor 4: learns depth from teacher and prior on the translated mix."""
