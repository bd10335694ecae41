"""Where did a turn go wrong? Filled by the failure-point classifier; nothing is here yet."""
