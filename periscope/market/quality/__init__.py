"""What is wrong with stored bars: every rule of `periscope data check`."""
