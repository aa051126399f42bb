"""When and at what price orders meet the market: one class for each model, its rules in prose."""
