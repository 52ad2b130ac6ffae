"""``telemetry`` of a target: where each attempt is told to, in OTLP and OpenLineage. Nothing is sent without it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.diagnostics import Diagnostic
from framework.core.redaction import names_a_secret
from framework.runtime.kinds.options import STRICT
from framework.spec.entry import Entry
from framework.spec.node_path import quoted

URL = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?")
SECRET = re.compile(r"\{\{\s*secrets/[\w.@-]+/[\w.@-]+\s*\}\}")
_ON_THIS_MACHINE = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/|$)")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_KEY = re.compile(r".*key", re.IGNORECASE)
_URLS = ("endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint", "url")


@dataclass(frozen=True, kw_only=True)
class Otlp:
    """A receiver of OTLP over HTTP. ``endpoint`` is the part before ``/v1/traces``; the others are whole addresses."""

    endpoint: str = ""
    traces_endpoint: str = ""
    metrics_endpoint: str = ""
    logs_endpoint: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class OpenLineage:
    """A receiver of OpenLineage events at ``url`` and the ``path`` below it."""

    url: str
    path: str = "api/v1/lineage"
    namespace: str = ""
    dataset_namespace: str = ""
    repository: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """What is sent, and where to."""

    otlp: Otlp | None = None
    openlineage: OpenLineage | None = None
    __pydantic_config__: ClassVar = STRICT

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a plan, without those that say nothing."""
        sections = {name: vars(section) for name, section in vars(self).items() if section}
        return {
            name: {key: value for key, value in section.items() if value not in ("", {})}
            for name, section in sections.items()
        }


def check_telemetry(entry: Entry) -> Iterator[Diagnostic]:
    """What is wrong with the section: addresses, and secrets that stand in it or would go over an open line."""
    written = entry.fields.get("telemetry")
    for name, section in written.items() if isinstance(written, Mapping) else ():
        if isinstance(section, Mapping):
            yield from _about_urls(entry, name, section)
            yield from _about_headers(entry, name, section)
            if name == "otlp" and not any(section.get(each) for each in _URLS):
                hint = "Give the address before /v1/traces: endpoint: https://collector.example.org:4318"
                yield entry.finding("otlp has no endpoint", hint, ("telemetry", name))


def _about_urls(entry: Entry, name: str, section: Mapping[Any, Any]) -> Iterator[Diagnostic]:
    for key in _URLS:
        value, below = section.get(key), ("telemetry", name, key)
        if not isinstance(value, str) or not value:
            continue
        if not URL.fullmatch(value):
            hint = "Write it in full, without a user or a query: https://collector.example.org:4318"
            yield entry.finding(f"{quoted(value)} is no address to send telemetry to", hint, below)
        elif section.get("headers") and value.startswith("http://") and not _ON_THIS_MACHINE.match(value):
            hint = "Use https://, or a collector that adds the headers itself."
            yield entry.finding(f"the headers would go to {quoted(value)} for everybody to read", hint, below)


def _about_headers(entry: Entry, name: str, section: Mapping[Any, Any]) -> Iterator[Diagnostic]:
    headers = section.get("headers")
    for header, value in headers.items() if isinstance(headers, Mapping) else ():
        below = ("telemetry", name, "headers", header)
        if not isinstance(header, str) or not _HEADER.fullmatch(header):
            yield entry.finding(f"{quoted(str(header))} is not the name of a header", below=below)
        elif isinstance(value, str) and _is_secret(header) and not SECRET.search(value):
            hint = f'Keep it in a secret scope: {header}: "{{{{secrets/<scope>/<key>}}}}"'
            yield entry.finding(f"the header {header} is written in this file", hint, below)


def _is_secret(header: str) -> bool:
    return names_a_secret(header) or bool(_KEY.fullmatch(header))
