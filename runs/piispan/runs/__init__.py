"""What joins the rooms: quickstart, train, evaluate, calibrate, redact, publish. Models are loaded inside the functions, not at import."""

from typing import TYPE_CHECKING

from piispan.core import lazy_names

if TYPE_CHECKING:
    from piispan.runs.artifacts import check_writable, write_text
    from piispan.runs.calibrating import calibrate
    from piispan.runs.configs import load_settings, recipes
    from piispan.runs.corpora.choices import EngineName, FileFormat, GuessName
    from piispan.runs.corpora.corpus_run import CorpusRun
    from piispan.runs.corpora.engines import LocalEngine, RayEngine
    from piispan.runs.corpora.models import AdapterSource, TaggerSource
    from piispan.runs.corpora.outputs import Outputs
    from piispan.runs.corpora.parts.records import ChunkSize, Columns
    from piispan.runs.corpora.redacting import redact_corpus
    from piispan.runs.corpora.restoring import restore_corpus
    from piispan.runs.dry_running import DryRun, dry_run
    from piispan.runs.evaluation import Evaluated, evaluate_tagger
    from piispan.runs.machine import fastest_dtype
    from piispan.runs.pretuning import pretune
    from piispan.runs.progress import Progress, Silent
    from piispan.runs.publishing.adapters import CardCheck, PushResult, check_card, push_adapter, rewrite_card
    from piispan.runs.publishing.data import push_data, push_metric
    from piispan.runs.publishing.staging import Publication
    from piispan.runs.quickstarting import QuickstartResult, quickstart
    from piispan.runs.scoring import Scored, score_files
    from piispan.runs.settings import TrainSettings
    from piispan.runs.showing import Pieces, show_row
    from piispan.runs.study.choosing import resolved
    from piispan.runs.study.grid import Grid
    from piispan.runs.study.grid_files import grids, load_grid
    from piispan.runs.study.places import is_done
    from piispan.runs.study.report import check_report, write_report
    from piispan.runs.study.running import Outcome, run_study
    from piispan.runs.train_and_evaluate import evaluate, train

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
    "Grid",
    "GuessName",
    "LocalEngine",
    "Outcome",
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
    "check_report",
    "check_writable",
    "dry_run",
    "evaluate",
    "evaluate_tagger",
    "fastest_dtype",
    "grids",
    "is_done",
    "load_grid",
    "load_settings",
    "pretune",
    "push_adapter",
    "push_data",
    "push_metric",
    "quickstart",
    "recipes",
    "redact_corpus",
    "resolved",
    "restore_corpus",
    "rewrite_card",
    "run_study",
    "score_files",
    "show_row",
    "train",
    "write_report",
    "write_text",
]

_MODULES = {
    "check_report": "study.report",
    "Grid": "study.grid",
    "Outcome": "study.running",
    "grids": "study.grid_files",
    "is_done": "study.places",
    "load_grid": "study.grid_files",
    "resolved": "study.choosing",
    "run_study": "study.running",
    "write_report": "study.report",
    "AdapterSource": "corpora.models",
    "CardCheck": "publishing.adapters",
    "ChunkSize": "corpora.parts.records",
    "Columns": "corpora.parts.records",
    "CorpusRun": "corpora.corpus_run",
    "DryRun": "dry_running",
    "EngineName": "corpora.choices",
    "Evaluated": "evaluation",
    "FileFormat": "corpora.choices",
    "GuessName": "corpora.choices",
    "LocalEngine": "corpora.engines",
    "Outputs": "corpora.outputs",
    "Pieces": "showing",
    "Progress": "progress",
    "Publication": "publishing.staging",
    "PushResult": "publishing.adapters",
    "QuickstartResult": "quickstarting",
    "RayEngine": "corpora.engines",
    "Scored": "scoring",
    "Silent": "progress",
    "TaggerSource": "corpora.models",
    "TrainSettings": "settings",
    "calibrate": "calibrating",
    "check_card": "publishing.adapters",
    "check_writable": "artifacts",
    "dry_run": "dry_running",
    "evaluate": "train_and_evaluate",
    "evaluate_tagger": "evaluation",
    "fastest_dtype": "machine",
    "load_settings": "configs",
    "pretune": "pretuning",
    "push_adapter": "publishing.adapters",
    "push_data": "publishing.data",
    "push_metric": "publishing.data",
    "quickstart": "quickstarting",
    "recipes": "configs",
    "redact_corpus": "corpora.redacting",
    "restore_corpus": "corpora.restoring",
    "rewrite_card": "publishing.adapters",
    "score_files": "scoring",
    "show_row": "showing",
    "train": "train_and_evaluate",
    "write_text": "artifacts",
}
__getattr__, __dir__ = lazy_names(__name__, _MODULES)
