"""Kafka -> Kafka, exactly once: the `Processor`. Read processor.py, then unit.py, then turn.py."""

from services.common.processor.processor import Processor

__all__ = ["Processor"]
