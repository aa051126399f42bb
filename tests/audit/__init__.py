"""An accountant who checks finished runs from the bars, the orders, the fills and the postings alone."""
