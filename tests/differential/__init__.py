"""Random strategies over random markets, run by two engines that must agree on everything."""
