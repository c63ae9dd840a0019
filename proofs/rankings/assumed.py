"""What the proof that migrations end takes for granted, beside what all proofs do."""

from proofs.assumption import Assumption
from refmodel.catalogue.classes import cited

__all__ = ["OF_THE_END"]

OF_THE_END = (
    Assumption(
        "finite sorts",
        "Pages, virtual pages, words and CPUs are finitely many. Only the proof that rounds end needs it.",
    ),
    Assumption(
        "the policy stops",
        "The policy allows some number of rounds, fixed when the migration begins; how it decides is left open.",
        cited(["simple_precopy_policy"]),
    ),
    Assumption(
        "the engine gets its turn",
        "Some enabled engine step is taken sooner or later, however busy the guest is; the target does acknowledge.",
        cited(["4934a5dd7c"]),
    ),
    Assumption(
        "delays are finitely many",
        "What puts the end off comes finitely often in one migration: another client of the log comes or goes, a leaf "
        "of the log cannot be copied, an image cannot be written or is taken away, an entry that is writable yet is "
        "linked once more, a host that is made ready has pages to give back. Only the proof that rounds end needs it.",
        cited(["fd91a2a662"], "M27"),
        comes_with=("two-clients", "leaf-by-leaf", "incremental", "shared-shadows", "second-hop"),
    ),
    Assumption(
        "retries are finitely many",
        "Each migration ends. That all of a guest's end needs that the operator begins another finitely often, after "
        "one that was given up, or on from the target of one that succeeded.",
        comes_with=("second-hop",),
    ),
    Assumption(
        "the guest does not keep the engine busy for ever",
        "Between two steps that bring the end closer the engine answers the guest finitely often: rings that it has "
        "filled are reaped, the log is peeked at. Only the proof that rounds end needs it.",
        cited(["kvm_dirty_ring_soft_full"]),
        comes_with=("dirty-ring", "xen-2005-rounds"),
    ),
    Assumption(
        "an operator finds out",
        "When the target is lost after the commit, somebody looks after it: the source can end nothing by itself.",
        cited(["8e84865e54"]),
        comes_with=("failures",),
    ),
    Assumption(
        "an operator gives up",
        "What makes no sense as a table in the last round is an error, and somebody gives the migration up for it.",
        cited(["a335a58e75"]),
        comes_with=("pv-tables",),
    ),
    Assumption(
        "a wire that was lost is found again",
        "In post-copy somebody connects the two hosts anew, and the wire is lost finitely often. Only the proof that "
        "it ends needs it: until then the guest waits for what is missing.",
        cited(["0c26781c09"], "M23"),
        comes_with=("postcopy",),
    ),
)
