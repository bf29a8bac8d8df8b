"""The echo peer: a WebRTC participant that sends back what it gets, in a process of its own.

It serves the test before the call. It never runs inside the web application: media take processor time.
"""
