"""What the pages of the plugin share: their blueprint, and the role of a sponsor's desk."""

from flask import Blueprint

from toubib_sponsor.texts import DOMAIN

ROLE = "sponsor_desk"
blueprint = Blueprint(DOMAIN, __name__)
