"""What tests of reports share."""

import pytest
from runs import make_run


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The folder, page and figures of an ordinary run."""
    from bpfast.reporting.report import write_report  # which needs the extra "plot"

    folder = make_run(tmp_path_factory.mktemp("runs") / "run", 40)
    return folder, *write_report(folder)
