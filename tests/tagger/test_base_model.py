"""Where a base model comes from, and where it goes."""

import pytest
import torch

from piispan.tagger import default_device, embedded_model, located


def test_a_base_is_where_its_name_says_and_the_embedded_one_in_its_folder() -> None:
    assert located("embedded") == embedded_model()
    assert located("HuggingFaceTB/SmolLM2-360M-Instruct") == "HuggingFaceTB/SmolLM2-360M-Instruct"


@pytest.mark.parametrize(
    ("cuda", "mps", "rank", "expected"),
    [
        (True, False, None, "cuda"),
        (True, False, "3", "cuda:3"),
        (False, True, "3", "mps"),
        (False, False, None, "cpu"),
        (False, False, "3", "cpu"),
    ],
)
def test_the_device_is_the_fastest_and_each_process_of_a_launch_has_its_own(
    cuda: bool, mps: bool, rank: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    assert default_device() == expected
