//! The host's own log lines: always on standard error, never holding a secret.

use std::io::IsTerminal as _;

use settings::Settings;
use settings::setting::Format;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Reads a filter.
///
/// # Errors
/// The text is not one.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(text)
}

/// Starts writing. Called once, before anything that logs.
pub(crate) fn start(settings: &Settings) {
    // Checked with the configuration.
    let Ok(filter) = filter(&settings.tracing.filter) else { return };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // One that is already there stays.
    let _ = match settings.tracing.format {
        Format::Human => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).finish().try_init(),
        Format::Json => builder.json().finish().try_init(),
    };
}
