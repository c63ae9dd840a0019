"""Z3 expressions written as Python: what ``evaluate`` runs.

Shared subexpressions are named and computed once, as far out as what they depend on allows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import z3
from attrs import frozen

from proofs.lifting.cardinality import COUNTED

__all__ = ["CannotEvaluate", "Target", "Translation", "indented"]

_LONGEST_INLINE = 400
"""Longer text gets a name of its own, so that no nesting comes near the 200 parentheses that Python's parser takes."""

_OPERATORS = {
    z3.Z3_OP_AND: " and ",
    z3.Z3_OP_OR: " or ",
    z3.Z3_OP_EQ: " == ",
    z3.Z3_OP_ADD: " + ",
    z3.Z3_OP_SUB: " - ",
    z3.Z3_OP_MUL: " * ",
    z3.Z3_OP_LE: " <= ",
    z3.Z3_OP_GE: " >= ",
    z3.Z3_OP_LT: " < ",
    z3.Z3_OP_GT: " > ",
}


class CannotEvaluate(TypeError):
    """An expression that no specification gives rise to, or a constant of which nobody said what it stands for."""


@frozen
class Target:
    """An expression to evaluate: once, or at every value of the constants ``over``, in the order of a map's keys."""

    expression: Any
    over: tuple[Any, ...] = ()


class _Block:
    """The inside of a loop (or the function itself): what it binds, its lines, and what has a name in it."""

    def __init__(self, outer: "_Block | None", binds: Iterable[str]) -> None:
        self.outer = outer
        self.binds = frozenset(binds)
        self.lines: list[str] = []
        self.named: dict[Any, str] = {}


def indented(lines: Iterable[str], by: int) -> Iterator[str]:
    """The lines, so many levels deeper."""
    return ("    " * by + line for line in lines)


class Translation:
    """One function in the making: its head fetches fields, its body computes."""

    def __init__(self, states: Sequence[str], given: Sequence[Any]) -> None:
        self.states = states
        self.bound = {constant.decl().name(): f"g{i}" for i, constant in enumerate(given)}
        self.signature = ", ".join(["sizes", *states, *self.bound.values()])
        self.head: dict[str, str] = {}
        self.body = _Block(None, ())
        self.uses: Counter[int] = Counter()
        self.free: dict[int, tuple[frozenset[int], frozenset[str]]] = {}
        self.names = 0
        self.numbers: dict[str, str] = {}

    def fresh(self, letter: str) -> str:
        """A name that nothing has yet."""
        self.names += 1
        return f"{letter}{self.names}"

    def analyse(self, e: Any) -> tuple[frozenset[int], frozenset[str]]:
        """Which enclosing quantifiers' variables (0 is the innermost) and which constants ``e`` mentions."""
        i = e.get_id()
        self.uses[i] += 1
        if i not in self.free:
            if z3.is_var(e):
                self.free[i] = frozenset([z3.get_var_index(e)]), frozenset()
            elif z3.is_quantifier(e):
                loose, constants = self.analyse(e.body())
                outer = frozenset(index - e.num_vars() for index in loose if index >= e.num_vars())
                self.free[i] = outer, constants
            else:
                below = [self.analyse(child) for child in e.children()]
                own = {e.decl().name()} if z3.is_const(e) else set()
                self.free[i] = frozenset().union(*(b[0] for b in below)), frozenset(own).union(*(b[1] for b in below))
        return self.free[i]

    def text(self, e: Any, stack: tuple[str, ...], block: _Block) -> str:
        """Python for ``e`` inside the block; ``stack`` names the variables of the quantifiers around it."""
        loose, constants = self.free[e.get_id()]
        variables = tuple(stack[-1 - index] for index in sorted(loose))
        depends = {*variables, *(self.bound.get(name, "") for name in constants)}
        while block.outer and not block.binds & depends:
            block = block.outer
        key = (e.get_id(), variables)
        if key not in block.named:
            text = self.inline(e, stack, block)
            if text.isidentifier() or (self.uses[e.get_id()] == 1 and len(text) <= _LONGEST_INLINE):
                return text
            block.named[key] = name = self.fresh("t")
            block.lines.append(f"{name} = {text}")
        return block.named[key]

    def inline(self, e: Any, stack: tuple[str, ...], block: _Block) -> str:
        """Python for ``e`` from the text of its parts."""
        if z3.is_quantifier(e):
            return self.quantifier(e, stack, block)
        if z3.is_var(e):
            return stack[-1 - int(z3.get_var_index(e))]
        kind = e.decl().kind()
        parts = [self.text(child, stack, block) for child in e.children()]
        if kind in _OPERATORS and parts:
            return f"({_OPERATORS[kind].join(parts)})"
        match kind:
            case z3.Z3_OP_UNINTERPRETED:
                return self.read(str(e.decl().name()), parts)
            case z3.Z3_OP_TRUE | z3.Z3_OP_FALSE:
                return str(kind == z3.Z3_OP_TRUE)
            case z3.Z3_OP_ANUM:
                return str(e.as_long())
            case z3.Z3_OP_DT_CONSTRUCTOR if not parts:
                return (name := str(e.decl().name())).replace(".", "_", name.count(".") - 1)
            case z3.Z3_OP_NOT:
                return f"(not {parts[0]})"
            case z3.Z3_OP_UMINUS:
                return f"(-{parts[0]})"
            case z3.Z3_OP_IMPLIES:
                return f"(not {parts[0]} or {parts[1]})"
            case z3.Z3_OP_ITE:
                return f"({parts[1]} if {parts[0]} else {parts[2]})"
            case z3.Z3_OP_DISTINCT:
                return f"(len({{{', '.join(parts)}}}) == {len(parts)})"
        raise CannotEvaluate(f"no reading for {e.decl().name()} in {e}")

    def read(self, name: str, keys: list[str]) -> str:
        """A bound constant, or a field of a state, fetched once at the head of the function."""
        if name in self.bound:
            return self.bound[name]
        if name in COUNTED:
            return self.number(name)
        if name.split(".")[0] not in self.states:
            raise CannotEvaluate(f"nobody said what {name} stands for")
        field = self.head.setdefault(name, f"f{len(self.head)}")
        return f"{field}[{', '.join(keys)}]" if keys else field

    def number(self, name: str) -> str:
        """How many members a set has that is counted, counted once at the head of the body."""
        if name not in self.numbers:
            counted = COUNTED[name]
            self.analyse(counted.body)
            self.numbers[name] = f"sum({self.value(Target(counted.body, counted.own))})"
        return self.numbers[name]

    def loops(self, sorts: Sequence[Any], names: Sequence[str], inside: list[str]) -> Iterator[str]:
        """The lines inside a loop for each name over its whole domain, the last varying fastest."""
        for depth, (sort, name) in enumerate(zip(sorts, names, strict=True)):
            if sort.kind() not in (z3.Z3_BOOL_SORT, z3.Z3_UNINTERPRETED_SORT):
                raise CannotEvaluate(f"{sort} has no finite domain")
            flag = sort.kind() == z3.Z3_BOOL_SORT
            domain = "(False, True)" if flag else f'range(sizes["{sort.name().lower()}"])'
            yield "    " * depth + f"for {name} in {domain}:"
        yield from indented(inside, len(names))

    def quantifier(self, e: Any, stack: tuple[str, ...], block: _Block) -> str:
        """A function that looks for a place which decides it; called where its value is needed."""
        if e.is_lambda():
            raise CannotEvaluate(f"no reading for a lambda: {e}")
        names = [self.fresh("x") for _ in range(e.num_vars())]
        inner = _Block(block, names)
        held = self.text(e.body(), (*stack, *names), inner)
        inside = [*inner.lines, f"if {'not ' if e.is_forall() else ''}{held}: return {e.is_exists()}"]
        lines = self.loops([e.var_sort(i) for i in range(e.num_vars())], names, inside)
        function = self.fresh("q")
        block.lines += [f"def {function}():", *indented(lines, 1), f"    return {e.is_forall()}"]
        return f"{function}()"

    def value(self, target: Target) -> str:
        """A name for the target's value, or for the list of its values over its constants."""
        names = [self.fresh("k") for _ in target.over]
        outer = dict(self.bound)
        self.bound |= {constant.decl().name(): name for constant, name in zip(target.over, names, strict=True)}
        inner = _Block(self.body, names) if names else self.body
        held = self.text(target.expression, (), inner)
        self.bound = outer
        if not names:
            return held
        cells = self.fresh("c")
        lines = self.loops([c.sort() for c in target.over], names, [*inner.lines, f"{cells}.append({held})"])
        self.body.lines += [f"{cells} = []", *lines]
        return cells
