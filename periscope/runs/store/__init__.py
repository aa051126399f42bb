"""What is kept between commands: versions, runs and their results, in a database with files beside it."""
