"""The plugin in a running installation."""

from collections.abc import Callable

from toubib.runtime import Toubib


def test_the_plugin_loads_and_speaks_french(installation: Callable[..., Toubib]) -> None:
    toubib = installation("claims_none", use={"reimbursement": ["claims_none"]})
    assert [toubib.catalogues.render(pack.title, "fr") for pack in toubib.packs] == ["Aucun remboursement"]
