"""The table at the end of ``pytest bench``."""


def pytest_terminal_summary(terminalreporter):
    """What each workload reached."""
    reports = terminalreporter.getreports("passed")
    rows = [dict(r.user_properties)["bench"] for r in reports if r.when == "call"]
    if not rows:
        return
    terminalreporter.section("shares of the matrix peak")
    for row in rows:
        terminalreporter.write_line(
            f"{row['workload']:<45}{row['dtype']:<9}{row['strategy']:<12}"
            f"{row['sample_updates_per_second']:>10.3g} sample-updates/s"
            f"{row['gflops']:>8.1f} GFLOP/s {row['share_of_peak']:>5.0%} of peak"
        )
