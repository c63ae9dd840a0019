"""Streams that carry more than one state of the guest: checkpoints, and images with a parent."""

from refmodel.handover.checkpoint_claims import CheckpointStream
from refmodel.handover.checkpoint_state import WithCheckpoints
from refmodel.language import Contract
from refmodel.parts.part import Part
from refmodel.transport.image_state import WithImages
from refmodel.transport.incremental import IncrementalImages

__all__ = ["STREAMS"]

STREAMS = (
    Part(
        "checkpoints",
        CheckpointStream,
        Contract.HAND_OVER,
        "rounds are epochs, buffered until whole; output is held back; the target can take over (Remus)",
        WithCheckpoints,
        role="wire",
        needs=("protect-at-harvest",),
        sizes={"packet": 1},
    ),
    Part(
        "incremental",
        IncrementalImages,
        Contract.TRANSPORT,
        "each round is an image with a parent, which the target restores over that parent alone (CRIU, Firecracker)",
        WithImages,
        role="wire",
    ),
)
