"""Adding, replacing and refusing submissions."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.add import SubmissionReport, add_submission
from bandbench.leaderboard.submissions.files import own_folder, remove_submission
from bandbench.leaderboard.submissions.score_csv import COLUMNS
from made_submissions import board_of, brought, drop, write_meta


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as CSV"),
        ("dataset,key,label\nmine,a,1\n", "lacks the columns score"),
        (",".join(COLUMNS) + "\n", "has no rows"),
        (",".join(COLUMNS) + "\nmine,nobody,,1,0.5,ok\n", "has no usable test scores.\nmine: 1 id is unknown"),
        (",".join(COLUMNS) + "\nmine,a\n", "cannot be read as CSV"),
        (",".join(COLUMNS) + "\n,a,,1,0.5,\n", "a row names no domain"),
        (",".join(COLUMNS) + "\nmine+nose,a,,1,0.5,\n", "unknown perturbation 'nose'. Did you mean 'noise'"),
        (",".join(COLUMNS) + "\nmi\u202ene,a,,1,0.5,\n", "no name of one printable line"),
    ],
)
def test_nothing_usable_leaves_nothing(store: str, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(DataError) as refused:
        add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], store, RegisteredDomains())
    assert message in str(refused.value)
    assert not own_folder().exists()


def test_a_name_belongs_to_one_content(bring: Callable[..., SubmissionReport], store: str) -> None:
    assert bring().outcome == "added"
    before = {path: path.stat().st_mtime_ns for path in own_folder().rglob("*")}
    assert bring().outcome == "unchanged"
    assert {path: path.stat().st_mtime_ns for path in own_folder().rglob("*")} == before
    with pytest.raises(DataError, match=r"another submission 'brought' .* --replace"):
        bring(drop)
    assert brought(board_of(store)).coverage == 1.0
    assert bring(drop, replace=True).outcome == "replaced"
    assert brought(board_of(store)).coverage < 1.0
    assert [path.name for path in own_folder().iterdir()] == ["brought"]
    remove_submission("brought")
    assert not list(own_folder().iterdir())
    with pytest.raises(DataError, match="unknown submission 'brought'"):
        remove_submission("brought")
