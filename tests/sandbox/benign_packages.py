"""Real work that strategies do with packages that the operator allows, each case as in `benign`."""

PACKAGE_CASES: dict[str, tuple[str, str]] = {
    "numpy": (
        "import numpy as np",
        """\
made = np.random.default_rng(3).normal(size=(300, 300))
assert np.allclose(made @ np.linalg.inv(made), np.eye(300), atol=1e-6)
values, vectors = np.linalg.eigh(made + made.T)
assert np.allclose(vectors @ np.diag(values) @ vectors.T, made + made.T)
assert np.allclose(np.linalg.svd(made, compute_uv=False)[0], np.linalg.norm(made, 2))
assert np.allclose(np.fft.ifft(np.fft.fft(made[0])).real, made[0])
slope, start = np.polyfit(np.arange(100.0), 3 * np.arange(100.0) + 1, 1)
assert abs(slope - 3) < 1e-9 and abs(start - 1) < 1e-9
assert np.datetime64("2024-03-10T12:00") + np.timedelta64(1, "D") == np.datetime64("2024-03-11T12:00")
assert np.frombuffer(np.arange(5, dtype="<i8").tobytes(), "<i8").sum() == 10
assert np.sort(made[0])[0] == made[0].min()""",
    ),
    "polars": (
        "import polars as pl\nfrom datetime import datetime, timedelta",
        """\
first = datetime(2024, 1, 1)
bars = pl.DataFrame({
    "time": [first + timedelta(minutes=n) for n in range(100_000)],
    "symbol": ["ABC"[n % 3] for n in range(100_000)],
    "close": [float(n % 97) for n in range(100_000)],
})
found = bars.group_by("symbol").agg(pl.col("close").mean().alias("m"), pl.len()).sort("symbol")
assert found["len"].to_list() == [33334, 33333, 33333]
rolled = bars.lazy().with_columns(
    pl.col("close").rolling_mean(20).over("symbol").alias("r"), pl.col("close").ewm_mean(span=5).alias("e")
).filter(pl.col("r").is_not_null()).collect()
assert rolled.height == 100_000 - 3 * 19
hours = bars.group_by_dynamic("time", every="1h").agg(pl.col("close").last())
assert hours.height == 1667
for engine in ("in-memory", "streaming"):
    summed = bars.lazy().select(pl.col("close").sum()).collect(engine=engine)
    assert summed.item() == sum(n % 97 for n in range(100_000))
local = bars.select(pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"))
assert local["time"][0].hour == 19 and local["time"].dt.hour()[0] == 19
joined = bars.join(found, on="symbol").sort("time").select(pl.col("close") - pl.col("m"))
assert joined.height == 100_000
assert bars.head(3).write_csv().startswith("time,symbol,close") and pl.read_csv(b"a,b\\n1,2\\n").shape == (1, 2)
assert pl.SQLContext(bars=bars).execute("select count(*) as n from bars").collect().item() == 100_000
assert "shape: (100_000, 3)" in str(bars)""",
    ),
    "pandas": (
        "import pandas as pd\nimport io",
        """\
index = pd.date_range("2024-03-09", periods=5_000, freq="min", tz="America/New_York")
columns = {"close": [float(n % 97) for n in range(5_000)], "symbol": ["ab"[n % 2] for n in range(5_000)]}
bars = pd.DataFrame(columns, index)
assert bars.groupby("symbol")["close"].count().to_dict() == {"a": 2500, "b": 2500}
rolled = bars["close"].rolling(20).mean()
assert rolled.isna().sum() == 19 and rolled.iloc[19] == 9.5
assert bars["close"].ewm(span=5).mean().notna().all() and bars["close"].rolling("1h").max().iloc[-1] <= 96
assert bars["close"].resample("1h").ohlc().shape[1] == 4
moments = pd.to_datetime(["2024-03-10 06:59", "2024-03-10 07:00"], utc=True).tz_convert("America/New_York")
assert [moment.hour for moment in moments] == [1, 3]
assert pd.to_datetime("2024-01-02T03:04:05Z") == pd.Timestamp(2024, 1, 2, 3, 4, 5, tz="UTC")
assert pd.Timestamp("2024-07-01", tz="Europe/Berlin").utcoffset() == pd.Timedelta(hours=2)
wide = bars.reset_index().pivot_table(index="index", columns="symbol", values="close")
assert wide.shape == (5_000, 2) and bars.merge(bars, left_index=True, right_index=True).shape == (5_000, 4)
assert pd.read_csv(io.StringIO("a,b\\n1,2\\n")).sum(axis=1).item() == 3 and "close" in bars.describe().to_string()
assert bars["close"].corr(bars["close"] * 2) > 0.999
assert pd.Timestamp("2024-01-30") + pd.offsets.BMonthEnd() == pd.Timestamp(2024, 1, 31)""",
    ),
}
"""Each strategy may import the package that its case is named after."""
