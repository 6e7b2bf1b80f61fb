//! `trigger-host:host/logging`: every line goes through the call's log, which bounds it and makes it inert.

use trigger_host_types::log::Level;

use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::logging as wit;

impl wit::Host for State {
    fn log(&mut self, level: wit::Level, message: String, fields: Vec<wit::Field>) -> wasmtime::Result<()> {
        let level = match level {
            wit::Level::Debug => Level::Debug,
            wit::Level::Info => Level::Info,
            wit::Level::Warning => Level::Warning,
            wit::Level::Error => Level::Error,
        };
        let fields = fields.into_iter().map(|field| (field.name, field.value));
        self.write_log(level, &message, fields);
        Ok(())
    }
}
