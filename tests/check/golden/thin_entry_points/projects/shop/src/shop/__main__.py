from shop import nightly

if nightly:
    nightly()


class Command: ...
