"""``dbutils.widgets``: what a job gives as parameters, and the defaults that a notebook declares."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches


class InputWidgetNotDefined(Exception):
    """A notebook asks for a widget that neither it nor the job's parameters define."""


class Widgets:
    """The parameters of a notebook. A job's parameter beats a widget's default of the same name.

    A notebook included by ``%run`` "is run with the widget's default values" (Databricks on widgets): what the job
    gave does not beat a default there, unless ``%run`` hands it on with ``$name=value``, or ``$name=$name`` for the
    value of a widget. Widgets that were declared before keep their values, and a name that the included notebook only
    asks for is found among all.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._given = dict(parameters)
        self._declared: dict[str, str] = {}
        self._above: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: N803
        """Declare a widget; ``label`` is for the eyes."""
        self._declared[name] = str(defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Declare a widget with a list to choose from, which a job's parameter need not be in."""
        self._declared[name] = str(defaultValue)

    combobox = dropdown
    multiselect = dropdown

    def get(self, name: str) -> str:
        """The value of a widget. Raises InputWidgetNotDefined."""
        known = self.getAll()
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(known) or 'none'}"
            raise InputWidgetNotDefined(f"no widget or parameter named '{name}' is defined; {hint}")
        return known[name]

    def getAll(self) -> dict[str, str]:  # noqa: N802
        """Every value by its name."""
        return {**self._above, **self._declared, **self._given}

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802, N803
        """The value of a widget, or ``defaultValue`` when there is none."""
        if defaultValue is not None and name not in self.getAll():
            return defaultValue
        return self.get(name)

    def remove(self, name: str) -> None:
        """Take back a declaration; what the job gave stays given."""
        self._declared.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802
        """Take back every declaration."""
        self._declared.clear()

    @contextmanager
    def included(self, values: Mapping[str, str]) -> Iterator[None]:
        """In the block a notebook runs that is included by ``%run notebook $name=value``."""
        known, before = self.getAll(), (self._given, self._above)
        handed_on = {name: known.get(value[1:], value) if value[:1] == "$" else value for name, value in values.items()}
        self._given, self._above = {name: known[name] for name in self._declared} | handed_on, known
        try:
            yield
        finally:
            self._given, self._above = before
            # Functions of the included notebook may ask for its values later.
            self._declared |= handed_on
