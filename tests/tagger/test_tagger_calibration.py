"""Calibration of a tagger: from documents to a bias that is saved, and used only when asked for."""

from dataclasses import replace

import numpy as np
import pytest

from piispan.core import CalibrationError, Document, FormatError, Sidecar, SidecarError, Span
from piispan.tagger import GenerateDecoder, OperatingPoint, Tagger, VerbatimDecoder, choose_operating_point
from piispan.tagger.calibration import missed_share
from tests.tagger.constrained import LABELS, PROMPT, eager_model
from tests.tiny import tiny_llama, tiny_tokenizer

DOCUMENTS = [Document(str(n), f"Ada met Bob {n}.", (Span(0, 3, "PERSON"), Span(8, 11, "PERSON"))) for n in range(40)]


def tagger() -> Tagger:
    return Tagger(VerbatimDecoder(*eager_model("llama", "special"), PROMPT, tag_tokens="special"), PROMPT)


def test_the_point_is_that_of_the_losses_at_each_bias() -> None:
    subject, grid = tagger(), [-2.0, 0.0, 4.0, 40.0]
    losses = np.zeros((len(DOCUMENTS), len(grid)))
    for column, bias in enumerate(grid):
        decoder = VerbatimDecoder(
            *eager_model("llama", "special"), PROMPT, tag_tokens="special", tag_bias=dict.fromkeys(LABELS.names, bias)
        )
        for row, answer in enumerate(decoder.decode([document.text for document in DOCUMENTS])):
            losses[row, column] = missed_share(DOCUMENTS[row].spans, answer.spans or ())
    seen: list[int] = []
    empty = Document("nothing", "nobody")  # tells nothing of recall
    point = subject.calibrate([empty, *DOCUMENTS], target_recall=0.8, delta=0.1, grid=grid, progress=seen.append)
    assert point == choose_operating_point(losses, grid, target_recall=0.8, delta=0.1)
    assert point.documents == len(DOCUMENTS)
    assert sum(seen) == len(grid) * len(DOCUMENTS)
    assert subject.decoder.tag_bias == {}  # as it was


def test_too_few_documents_are_said_to_be_too_few() -> None:
    subject = tagger()
    with pytest.raises(CalibrationError, match=r"no tag bias passes: at the largest, -1000, .* the target or the training must change"):
        subject.calibrate(DOCUMENTS, target_recall=0.9, grid=[-1000.0])
    with pytest.raises(CalibrationError, match=r"0.99 cannot be promised from 40 documents .* it takes 299, or a target of 0.927"):
        subject.calibrate(DOCUMENTS)
    assert subject.decoder.tag_bias == {}


def test_plain_generation_has_nothing_to_calibrate() -> None:
    with pytest.raises(FormatError, match="only verbatim decoding has a tag bias"):
        Tagger(GenerateDecoder(tiny_llama(), tiny_tokenizer(), PROMPT), PROMPT).calibrate(DOCUMENTS)


@pytest.mark.parametrize("ask", ["tag", "redact"])
def test_one_string_is_not_taken_for_many_of_a_letter(ask) -> None:
    with pytest.raises(TypeError, match="put a single one into a list"):
        getattr(tagger(), ask)("Ada met Bob.")


def test_a_point_is_kept_in_the_sidecar_and_asked_for_by_name(tmp_path) -> None:
    point = OperatingPoint(1.5, 0.99, 0.05, 300, 0.995, 0.01)
    bare = Sidecar("tagged", "plain", LABELS, "some/base")
    replace(bare, operating_point=point.to_dict()).save(tmp_path)
    assert OperatingPoint.from_dict(Sidecar.load(tmp_path).operating_point or {}) == point
    bare.save(tmp_path)
    with pytest.raises(SidecarError, match="no operating point; calibrate the adapter first"):
        Tagger.from_pretrained(tmp_path, operating_point=True)
