"""The core's services: what pages, jobs and plugins call. All but the ones that say otherwise join the open unit of work."""
