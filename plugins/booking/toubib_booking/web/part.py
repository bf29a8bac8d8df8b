"""What the plugin adds to the web. Importing this registers every route."""

from toubib.contracts.web import Permission, WebPart
from toubib_booking.schedule_file import load_schedules
from toubib_booking.web import agenda, appointments, exceptions, hours, services
from toubib_booking.web.shared import blueprint

PAGES = (agenda, appointments, exceptions, hours, services)

WEB = WebPart(
    blueprint=blueprint,
    permissions=(
        Permission("booking.enter", "site", "Find one's own agenda", like="site.staff"),
        Permission("booking.read", "practitioner_role", "See an agenda with its appointments", like="agenda.read"),
        Permission("booking.manage", "practitioner_role", "Change opening hours and visit reasons", like="agenda.manage"),
        Permission("booking.appointment", "appointment", "Move or cancel an appointment for the practice", like="appointment.manage"),
    ),
    commands=(load_schedules,),
)
