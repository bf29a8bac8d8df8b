"""The practitioner's pages: agenda, opening hours, exceptions, visit reasons."""
