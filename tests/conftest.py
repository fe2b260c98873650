"""For all tests: hypothesis gives up on what is false, never on what is slow on a busy machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("machine"))
settings.load_profile("machine")
