"""What tests of reports share."""

import pytest
from inspections import inspection
from runs import make_run


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The folder, page and figures of an ordinary run."""
    from bpfast.reporting.report import write_report  # which needs the extra "plot"

    members = [{"network": k, "fold": 0, "weight": 0.25} for k in (0, 3, 7, 8)]
    ensemble = {"score": 0.97, "test_score": 0.96, "temperature": 1.25, "members": members}
    curve = [[0.5, 3, 0.4], [2.0, 12, 0.9], [60.0, 40, 0.95]]
    made = make_run(tmp_path_factory.mktemp("runs") / "run", 40, ensemble=ensemble, curve=curve)
    inspection().save(made)
    return made, *write_report(made)
