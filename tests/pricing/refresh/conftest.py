from __future__ import annotations

from pathlib import Path

import pytest

from tests.pricing.refresh.folder import Desk, make_tables


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    make_tables(tmp_path)
    return Desk(tmp_path, capsys)
