import polars as pl
def is_table(data):
    return isinstance(data, (pl.DataFrame, dict)) or type(data).__module__.startswith("pandas") or (isinstance(data, list) and data and isinstance(data[0], dict))
def as_frame(data):
    if isinstance(data, list): return pl.DataFrame(data)
    if type(data).__module__.startswith("pandas"): return pl.from_dataframe(data)
    if isinstance(data, dict): return pl.DataFrame({k: pl.Series(k, list(v), strict=False) for k, v in data.items()})
    return data
