"""Run by ``make wheel`` in an environment that holds the built wheel and its base dependencies, and no torch."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import evaluate

import piispan.cli.main
import piispan.core
import piispan.dataset_builder
import piispan.metric
import piispan.model_card
import piispan.runs
import piispan.tagger
import piispan.trainer_ext

assert find_spec("torch") is None, "this environment should have no torch"
assert "site-packages" in str(Path(piispan.core.__file__ or "")), "the wheel should be imported, not the checkout"

document = next(iter(piispan.dataset_builder.synthesise(1, seed=0)))
rows = [{"spans": [span.to_dict() for span in document.spans]}]
scores = evaluate.load(piispan.metric.path()).compute(predictions=rows, references=rows)
assert scores is not None
assert scores["f1"] == 1.0, scores

faults = piispan.model_card.check_folder("nowhere")
assert "no such folder" in str(faults[0]), "a card should be checked without torch"

error: Exception | None = None
try:
    piispan.tagger.Tagger.from_pretrained("embedded")
except piispan.core.MissingExtraError as raised:
    error = raised
assert 'pip install "piispan[tag]"' in str(error), "loading a model without torch should name the extra"
print(f"wheel {version('piispan')}: imported and scored without torch")
