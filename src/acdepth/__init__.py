"""Always clear depth: depth from one camera that stays right at night, in rain, in fog."""
