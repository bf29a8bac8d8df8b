"""The plugin's settings, under `[settings.credentialing]`."""

from pydantic import Field

from toubib.contracts.plugin import PluginSettings


class CredentialingSettings(PluginSettings):
    """Settings of `[settings.credentialing]`; the README's table explains each."""

    organisation: str = ""
    registry: str = ""
    professions: tuple[str, ...] = ("physician", "nurse", "midwife", "physiotherapist", "pharmacist")
    reviewers: int = Field(default=1, ge=1, le=2)
    announce_days: tuple[int, ...] = (60, 30, 7)
    max_file_bytes: int = Field(default=5_000_000, ge=1)
    applications_per_hour: int = Field(default=10, ge=1)
