"""A trigger's stored kwargs as plain JSON text: the host needs no Fernet key.

See docs/design/encodings.md#stored-kwargs.
"""

import logging

from airflow.models.crypto import get_fernet

log = logging.getLogger(__name__)


def plain_text(stored: str, trigger_id: int) -> str:
    """Return the JSON text, decrypted where it is a Fernet token (all keys are tried), but never decoded.

    A text that cannot be decrypted is passed on as it is: the host, which has no key, fails that trigger by name, and
    the others of the request are not harmed.
    """
    if stored.startswith("{"):
        return stored
    try:
        return get_fernet().decrypt(stored.encode()).decode()
    except Exception as error:  # noqa: BLE001 - a wrong key, a cut token, a bad configuration: one row's trouble
        log.error("The kwargs of trigger %d cannot be decrypted: %s", trigger_id, type(error).__name__)
        return stored
