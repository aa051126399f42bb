"""What an account may do with its money: one class for each model, its rules in prose."""
