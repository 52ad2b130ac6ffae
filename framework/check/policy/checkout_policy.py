"""The policies of a whole checkout: each read once, and asked in the end what was wrong with them themselves."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path

from framework.check.policy.environment import environment_variables
from framework.check.policy.waiver_places import CheckoutPlaces
from framework.check.policy.waivers import WaivedFinding, judge, unused_waivers, waiver_findings
from framework.core.diagnostics import Diagnostic
from framework.core.errors import InvalidProject
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.policy_spec import NO_POLICY, PolicySpec, read_policy
from framework.spec.validation import MAX_FINDINGS


@dataclass(frozen=True)
class CheckoutPolicy:
    """Keeps aside what does not count ``today``."""

    root: Path
    today: date
    _waived: dict[WaivedFinding, tuple[str, ...]] = field(default_factory=dict)
    _policies: dict[Path, PolicySpec] = field(default_factory=dict)
    _unreadable: list[Diagnostic] = field(default_factory=list)

    @property
    def waived(self) -> tuple[WaivedFinding, ...]:
        """What did not count so far, each once, with the targets that it holds for."""
        return tuple(replace(each, finding=replace(each.finding, targets=t)) for each, t in self._waived.items())

    def of_project(self, directory: Path) -> PolicySpec:
        """The policy for the project in ``directory``; one that cannot be read demands nothing."""
        if directory not in self._policies:
            self._policies[directory] = self._read(directory)
        return self._policies[directory]

    def kept(
        self, found: Iterable[Diagnostic], pipelines: Sequence[ResolvedPipeline], policy: PolicySpec
    ) -> tuple[Diagnostic, ...]:
        """Of what was found on ``pipelines`` (of one project, for one target) that which counts."""
        judged = judge(found, pipelines, policy, self.today)
        for each in judged.waived:
            self._waived[each] = (*self._waived.get(each, ()), pipelines[0].target)
        return judged.kept

    def findings(self, rules: Iterable[str], whole: bool, there: CheckoutPlaces | None = None) -> Iterator[Diagnostic]:
        """What is wrong beside single pipelines: in the policies that were asked for, and in what files speak of.

        ``rules`` are the names of all other rules, ``there`` is what the checkout holds, where that is known.

        Whether a waiver is needed shows only when the ``whole`` checkout was looked at.
        """
        yield from self._unreadable
        names = tuple(rules)
        for directory, policy in self._policies.items():
            yield from environment_variables(self.root, directory, policy)
            wrong = [*islice(waiver_findings(policy, names, self.today, there), MAX_FINDINGS)]
            yield from wrong
            if whole and len(wrong) < MAX_FINDINGS:
                places = {finding.location for finding in wrong}
                unused = unused_waivers(policy, self.waived, self.today)
                yield from islice((each for each in unused if each.location not in places), MAX_FINDINGS)

    def _read(self, directory: Path) -> PolicySpec:
        try:
            return read_policy(self.root, directory)
        except InvalidProject as error:
            self._unreadable.extend(error.found)
            return NO_POLICY
