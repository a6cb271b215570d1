"""A model on test domains: tables, and everything that was not scored."""

from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from bandbench.api.evaluation import Evaluated


def evaluation(domain: str, n: int, **more: Any) -> Any:
    scores = pa.table({"item": [f"{i}" for i in range(10)], "status": ["ok"] * n + ["error"] * (10 - n)})
    usual = {"n_items": 10, "numbers": {"auc": n / 10}, "scores": scores, "problems": (), "n_dropped": 0}
    data = {"data": {domain: {"missing": []}}}
    return SimpleNamespace(domain=domain, n=n, **(usual | {"data": data} | more))


def test_a_domain_has_a_line_and_every_picture_its_status() -> None:
    evaluated = Evaluated((evaluation("a", 9), evaluation("b", 8)), {}, (), "")
    table = evaluated.to_pandas()
    assert table.to_dict("list") == {"domain": ["a", "b"], "n": [9, 8], "n_items": [10, 10], "auc": [0.9, 0.8]}
    assert (evaluated.scores()["status"] == "error").sum() == 3
    assert repr(evaluated) == "Evaluated(a: 9 of 10 pictures, b: 8 of 10 pictures)"


def test_problems_and_left_out_pictures_include_those_of_the_reals() -> None:
    problem = ("a", "1.png", "error", "torn")
    reals: Any = {"faces": SimpleNamespace(problems=(("faces", "2.png", "error", "torn"),), n_dropped=4)}
    evaluated = Evaluated((evaluation("a", 9, problems=(problem,), n_dropped=3),), reals, (), "")
    assert [name for name, *_ in evaluated.problems] == ["a", "faces"]
    assert evaluated.dropped == {"a": {"test": 3}, "reals of faces": {"test": 4}}
    assert evaluated.facts == {"a": {"missing": []}}
