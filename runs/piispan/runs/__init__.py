"""What joins the rooms: quickstart, train, evaluate, calibrate, redact, publish. Models are loaded inside the functions, not at import."""

from typing import TYPE_CHECKING, Any

from piispan.runs.artifacts import check_writable, write_text
from piispan.runs.calibrate import calibrate
from piispan.runs.configs import load_settings, recipes
from piispan.runs.corpora.choices import EngineName, FileFormat, GuessName
from piispan.runs.dry_run import DryRun, dry_run
from piispan.runs.evaluation import Evaluated, evaluate_tagger
from piispan.runs.machine import fastest_dtype
from piispan.runs.progress import Progress, Silent
from piispan.runs.publishing.adapters import CardCheck, PushResult, check_card, push_adapter, rewrite_card
from piispan.runs.publishing.data import push_data, push_metric
from piispan.runs.publishing.staging import Publication
from piispan.runs.quickstart import QuickstartResult, quickstart
from piispan.runs.scoring import Scored, score_files
from piispan.runs.settings import TrainSettings
from piispan.runs.showing import Pieces, show_row
from piispan.runs.train import evaluate, train

if TYPE_CHECKING:
    from piispan.runs.corpora.corpus_run import CorpusRun
    from piispan.runs.corpora.engines import LocalEngine, RayEngine
    from piispan.runs.corpora.models import AdapterSource, TaggerSource
    from piispan.runs.corpora.outputs import Outputs
    from piispan.runs.corpora.parts.records import ChunkSize, Columns
    from piispan.runs.corpora.redacting import redact_corpus
    from piispan.runs.corpora.restoring import restore_corpus

__all__ = [
    "AdapterSource",
    "CardCheck",
    "ChunkSize",
    "Columns",
    "CorpusRun",
    "DryRun",
    "EngineName",
    "Evaluated",
    "FileFormat",
    "GuessName",
    "LocalEngine",
    "Outputs",
    "Pieces",
    "Progress",
    "Publication",
    "PushResult",
    "QuickstartResult",
    "RayEngine",
    "Scored",
    "Silent",
    "TaggerSource",
    "TrainSettings",
    "calibrate",
    "check_card",
    "check_writable",
    "dry_run",
    "evaluate",
    "evaluate_tagger",
    "fastest_dtype",
    "load_settings",
    "push_adapter",
    "push_data",
    "push_metric",
    "quickstart",
    "recipes",
    "redact_corpus",
    "restore_corpus",
    "rewrite_card",
    "score_files",
    "show_row",
    "train",
    "write_text",
]

_OF_CORPORA = {
    "AdapterSource": "models",
    "ChunkSize": "parts.records",
    "Columns": "parts.records",
    "CorpusRun": "corpus_run",
    "LocalEngine": "engines",
    "Outputs": "outputs",
    "RayEngine": "engines",
    "TaggerSource": "models",
    "redact_corpus": "redacting",
    "restore_corpus": "restoring",
}
"""Names of what redacts corpora, with their modules: loaded when they are asked for, so that ``piispan --help`` answers at once."""


def __getattr__(name: str) -> Any:
    if name not in _OF_CORPORA:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"piispan.runs.corpora.{_OF_CORPORA[name]}"), name)
