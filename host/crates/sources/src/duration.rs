//! Durations as an operator writes them: `"500ms"`, `"20s"`.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, de::Error as _};

pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(text.trim())
        .map_err(|_| D::Error::custom(format!("`{text}` is not a duration: write it like \"20s\"")))
}
