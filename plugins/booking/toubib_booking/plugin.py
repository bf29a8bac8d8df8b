"""What the plugin registers. Read this first."""

from collections.abc import Sequence

from toubib.contracts.demo import DemoPart
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.scheduling import Scheduler
from toubib.contracts.web import WebPart
from toubib.services import countries
from toubib_booking import __version__, models
from toubib_booking.calendars import Calendars
from toubib_booking.demo import DemoAgenda
from toubib_booking.privacy import BookingData
from toubib_booking.scheduler import BookingScheduler
from toubib_booking.settings import BookingSettings
from toubib_booking.texts import say
from toubib_booking.web.part import WEB


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are."""
    return PluginInfo(
        name="booking",
        version=__version__,
        contract=CONTRACT_VERSION,
        title=say("Booking"),
        description=say("Opening hours, visit reasons, bookable times and the practitioner's agenda."),
        settings=BookingSettings,
        migrations="toubib_booking.migrations",
        stores=models.TABLES,
    )


@hookimpl
def toubib_schedulers(settings: BookingSettings) -> Sequence[Scheduler]:
    """The scheduler called `booking`."""
    return [BookingScheduler(Calendars(countries.holidays, settings.calendars_in_memory))]


@hookimpl
def toubib_personal_data(settings: BookingSettings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Hours of practitioners."""
    return [BookingData()]


@hookimpl
def toubib_demo(settings: BookingSettings) -> Sequence[DemoPart]:  # noqa: ARG001  the hook's signature
    """Hours and visit reasons for a demonstration."""
    return [DemoAgenda()]


@hookimpl
def toubib_web(settings: BookingSettings) -> WebPart:  # noqa: ARG001  the hook's signature
    """The practitioner's pages under `/booking/`."""
    return WEB
