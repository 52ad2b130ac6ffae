"""What every module of ``api`` offers: ``ROUTES``, from ``METHOD /path`` to a function of this shape."""

from collections.abc import Callable, Mapping

from framework.testing.fake_workspace.exchange import Json, Request, Response
from framework.testing.fake_workspace.state import State

Handler = Callable[[State, Request], Json | Response]
Routes = Mapping[str, Handler]
