"""The plugin in a running installation: loaded, its facts known, its choices translated."""

from collections.abc import Callable

from toubib.runtime import Toubib


def test_the_plugin_loads_with_its_pack_and_its_facts(installation: Callable[..., Toubib]) -> None:
    toubib = installation("claims_fr", use={"reimbursement": ["claims_fr"]})
    assert [pack.name for pack in toubib.packs] == ["claims_fr"]
    assert toubib.catalogues.render(toubib.packs[0].title, "fr") == "Assurance maladie française"
    assert "claims_fr.nir" in toubib.registry.fact_types
