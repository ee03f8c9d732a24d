"""Every long verb under faults: killed, without disk, without its folder; and it ends with the same bytes."""
