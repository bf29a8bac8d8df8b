"""The plugin's settings, under `[settings.booking]`."""

from pydantic import Field

from toubib.contracts.plugin import PluginSettings


class BookingSettings(PluginSettings):
    """`calendars_in_memory`: how many practitioners' calendars a process keeps ready (about 4 kB each and week)."""

    calendars_in_memory: int = Field(default=5000, ge=1)
