"""Getting market data in: CSV, Parquet and LEAN data folders, exactly and with nothing silently dropped."""
