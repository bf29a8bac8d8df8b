"""The pages of the queue: the front, the form, the patient's place, the practitioner's desk, the staff's board."""
