"""Payloads: what the database cannot hold is refused before it can break a statement that others share."""

import json
from typing import Any


def refusal(payload: Any, xcoms: dict[str, Any] | None = None) -> str | None:
    """Say why these values cannot be stored as JSON; ``None`` if they can."""
    try:
        text = json.dumps([payload, xcoms], ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        return "a text with half of a surrogate pair cannot be stored"
    except ValueError:
        return "a number that is not finite cannot be stored"
    except RecursionError:
        return "values are nested too deeply"
    # What Python writes for U+0000, which PostgreSQL's `jsonb` does not take. A lone backslash is written twice.
    if "\\u0000" in text.replace("\\\\", ""):
        return "a text with U+0000 cannot be stored"
    return None
