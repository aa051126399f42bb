"""What a run that disappoints should have said of itself: each analysis looks for one cause and names it."""
