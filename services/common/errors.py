"""The one exception tree.

SignaalhubError
├── PermanentError        trying again cannot help: a record goes to its DLQ, a request gets a 4xx
│   ├── ContractError     bytes that no released schema explains
│   └── ConfigurationError  the operator has to change something; the message says what
└── TransientError        the world is away for a while: wait and try again, a request gets a 503
"""


class SignaalhubError(Exception):
    """Root of everything this product raises on purpose."""


class PermanentError(SignaalhubError):
    """Trying again with the same input cannot help."""


class ContractError(PermanentError):
    """A record does not follow its contract; says which topic, what was found and what was expected."""


class ConfigurationError(PermanentError):
    """The set-up is wrong; the message is one line that says what to do."""


class TransientError(SignaalhubError):
    """Broker, database or registry did not answer; the same call may succeed later."""
