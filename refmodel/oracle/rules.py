"""The oracle's rules: each is a guard or claim of level A (``promise``), seen through events.

A rule says what evidence it needs; what it could not check is reported as unchecked, never as accepted.
"""

from attrs import frozen

from refmodel.checkpointed_promise import CheckpointedPromise
from refmodel.language import Contract
from refmodel.promise import Promise

__all__ = ["OF_CHECKPOINTS", "OF_HOSTS", "OF_RESIDUE", "RULES", "Rule"]


@frozen
class Rule:
    """A rule: the step or claim of the promise that it is, what it needs, and whose fault a finding may be."""

    name: str
    of: str
    """The method of ``Promise`` whose guard or claim this is."""
    sentence: str
    needs: str
    contracts: tuple[Contract, ...]


_ALL = (Contract.LOGGING, Contract.ROUNDS, Contract.TRANSPORT, Contract.HAND_OVER)
RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "the-last-store-arrives",
            Promise.settle.__name__,
            "what the target was given of a page last is what the source has when it stands still",
            "every record of the stream, and the source's memory at the stop",
            _ALL,
        ),
        Rule(
            "a-stored-page-is-sent-again",
            Promise.settle.__name__,
            "a page is sent after its last store",
            "every send and every store, in order",
            _ALL,
        ),
        Rule(
            "every-page-is-sent",
            Promise.settle.__name__,
            "each page of each RAM block is sent at least once",
            "every record of the stream",
            (Contract.ROUNDS, Contract.TRANSPORT),
        ),
        Rule(
            "the-target-holds-what-was-sent",
            Promise.a_load_on_the_running_side_returns_the_last_store.__name__,
            "the target's memory is what it was given last",
            "every record of the stream, and the target's memory before it runs",
            (Contract.TRANSPORT,),
        ),
        Rule(
            "the-source-has-what-was-stored",
            Promise.a_load_on_the_running_side_returns_the_last_store.__name__,
            "the source's memory is what its stores left there",
            "stores with contents, and the source's memory at the stop",
            (Contract.LOGGING,),
        ),
        Rule(
            "stores-only-where-the-guest-runs",
            Promise.store.__name__,
            "no store on a side that stands still",
            "stores, and the pause",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "one-side-runs",
            Promise.one_side_has_the_guest.__name__,
            "the target runs only after the source gave up its right, and has registers and devices",
            "pause, commit, activation, abort",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "given-up-the-guest-runs-on",
            Promise.abandon.__name__,
            "a guest whose migration is given up runs on at the source, unless that has died",
            "abort, and whether the guest runs then",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "the-source-is-kept-until-the-target-has-the-guest",
            Promise.discard.__name__,
            "the source's image goes only once the target is known to have the guest",
            "that the source hears the target's acknowledgement, and that its image goes",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "the-images-follow-the-guest",
            Promise.one_side_has_the_images.__name__,
            "one side has the disk images, and takes them once the other has let them go, with nothing unwritten",
            "which side takes the images or lets them go, and whether all was flushed",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "nothing-is-sent-to-a-running-target",
            Promise.deliver.__name__,
            "nothing overwrites a page that the target may already have changed",
            "every record of the stream, and the activation",
            (Contract.TRANSPORT, Contract.HAND_OVER),
        ),
        Rule(
            "the-stream-is-whole",
            Promise.deliver.__name__,
            "the stream's structure holds to its end marker",
            "the stream",
            (Contract.TRANSPORT,),
        ),
        Rule(
            "a-takeover-goes-back-to-a-whole-checkpoint",
            CheckpointedPromise.take_over.__name__,
            "a target that takes over has memory and context of the last checkpoint that is whole",
            "checkpoints and a takeover, and what the target holds of each page then",
            _ALL,
        ),
        Rule(
            "output-waits-for-its-checkpoint",
            CheckpointedPromise.release.__name__,
            "what a guest sends is let out only once a whole checkpoint knows that it was sent",
            "checkpoints, and what the guest sends and what is let out, in order",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "a-checkpoint-counts-until-both-sides-drop-it",
            CheckpointedPromise.forget.__name__,
            "protection is given up only by a source that is there, with a target that hears of it or is fenced",
            "checkpoints and an abort, and whether the target was told, was fenced, or the source lost",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "a-target-reserves-before-anything-is-sent",
            Promise.deliver.__name__,
            "the target has set memory aside for the guest before the stream begins",
            "when the target reserves, and when the configuration is sent",
            (Contract.HAND_OVER,),
        ),
        Rule(
            "given-up-nothing-is-left",
            Promise.abandon.__name__,
            "a migration that is given up logs no longer, and a target that hears of it keeps nothing for the guest",
            "abort, and whose stores are logged, or what is reserved, until then",
            (Contract.HAND_OVER,),
        ),
    )
}
"""Every rule, by name."""
OF_CHECKPOINTS = (
    "a-takeover-goes-back-to-a-whole-checkpoint",
    "output-waits-for-its-checkpoint",
    "a-checkpoint-counts-until-both-sides-drop-it",
)
"""Those that speak of checkpoints: where none are taken there is nothing to check by them."""
OF_HOSTS = (
    "given-up-the-guest-runs-on",
    "the-source-is-kept-until-the-target-has-the-guest",
    "the-images-follow-the-guest",
)
"""Those that speak of an abort, of the source's image and of disks: where none is told of, nothing is to be checked."""
OF_RESIDUE = ("a-target-reserves-before-anything-is-sent", "given-up-nothing-is-left")
"""Those that speak of what a migration takes for itself: asked only where some of that is told."""
