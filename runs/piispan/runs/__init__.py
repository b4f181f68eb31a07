"""What joins the rooms: quickstart, train, evaluate, calibrate, redact. Models are loaded inside these functions, not at import."""

from piispan.runs.artifacts import check_writable, write_text
from piispan.runs.calibrate import calibrate
from piispan.runs.configs import load_settings, recipes
from piispan.runs.dry_run import DryRun, dry_run
from piispan.runs.evaluation import Evaluated, evaluate_tagger
from piispan.runs.progress import Progress, Silent
from piispan.runs.quickstart import QuickstartResult, quickstart
from piispan.runs.redact import Redacted, redact_file
from piispan.runs.scoring import Scored, score_files
from piispan.runs.settings import TrainSettings
from piispan.runs.showing import Pieces, show_row
from piispan.runs.train import evaluate, train

__all__ = [
    "DryRun",
    "Evaluated",
    "Pieces",
    "Progress",
    "QuickstartResult",
    "Redacted",
    "Scored",
    "Silent",
    "TrainSettings",
    "calibrate",
    "check_writable",
    "dry_run",
    "evaluate",
    "evaluate_tagger",
    "load_settings",
    "quickstart",
    "recipes",
    "redact_file",
    "score_files",
    "show_row",
    "train",
    "write_text",
]
