"""Getting market data in from files of every usual kind, exactly and with nothing silently dropped."""
