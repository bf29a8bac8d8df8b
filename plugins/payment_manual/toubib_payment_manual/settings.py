"""Which currencies the desk takes."""

from toubib.contracts.plugin import PluginSettings


class Settings(PluginSettings):
    """Settings of `[settings.payment_manual]`."""

    currencies: tuple[str, ...] = ("EUR", "CHF", "GBP", "MAD", "SEK", "TND", "USD")
