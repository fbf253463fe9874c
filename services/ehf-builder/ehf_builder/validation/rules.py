"""The dated rule sets: which one is in force on a day, and where its files lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.stack.artefacts import Progress, RuleSet, ensure_rules, rule_sets


@dataclass(frozen=True)
class Rules:
    """Every rule set that is listed (oldest first) and the folder below which their files lie."""

    folder: Path
    sets: tuple[RuleSet, ...]

    def in_force(self, day: date, kind: str = "invoice") -> RuleSet:
        """Return the rule set of that day for a kind of document; a day before the first one gets the closest known."""
        sets = [rules for rules in self.sets if kind in rules.stylesheets]
        current = [rules for rules in sets if rules.in_force(day)]
        return current[-1] if current else _closest(sets, day)


def _closest(sets: Sequence[RuleSet], day: date) -> RuleSet:
    before = [rules for rules in sets if rules.valid_from <= day]
    return before[-1] if before else sets[0]


def load(cache: Path, progress: Progress | None = None) -> Rules:
    """Have the rules in the cache folder; raises hub.stack.errors.StackError where they cannot be fetched."""
    return Rules(ensure_rules(cache, progress), rule_sets())
