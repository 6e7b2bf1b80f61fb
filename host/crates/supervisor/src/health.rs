//! The health of a running host, as an operator sees it.

use std::fmt;
use std::time::Duration;

use trigger_host_types::JobId;

/// A look at a host, at one moment.
#[derive(Debug, Clone)]
pub struct Health {
    /// Its current Job.
    pub job: JobId,
    /// Since the last heartbeat the API accepted.
    pub silence: Duration,
    /// Whether the claims are certain; if not, guests are paused.
    pub claims_safe: bool,
    /// Whether the executor answered its watchdog.
    pub executor_alive: bool,
    /// What the API refuses and a person has to fix.
    pub complaint: Option<String>,
    /// Triggers held.
    pub triggers: usize,
    /// Calls running.
    pub polling: usize,
    /// Triggers held that cannot be run.
    pub held: usize,
    /// Whether it is ending.
    pub draining: bool,
}

impl Health {
    /// Whether the process works; if it does not, restart it.
    pub const fn is_alive(&self) -> bool {
        self.executor_alive
    }

    /// Whether it can do its work.
    pub const fn is_ready(&self) -> bool {
        self.executor_alive && self.claims_safe && self.complaint.is_none() && !self.draining
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self {
            Self { executor_alive: false, .. } => "the executor does not respond",
            Self { draining: true, .. } => "draining",
            Self { claims_safe: false, .. } => "paused: no heartbeat has been accepted for too long",
            Self { complaint: Some(_), .. } => "the Execution API refuses requests",
            Self { held: 1.., .. } => "holding triggers that cannot be run",
            _ => "ok",
        };
        writeln!(f, "{state}")?;
        writeln!(f, "job {}, last heartbeat {} ms ago", self.job, self.silence.as_millis())?;
        writeln!(f, "triggers {}, running {}, held without a component {}", self.triggers, self.polling, self.held)?;
        if let Some(complaint) = &self.complaint {
            writeln!(f, "{complaint}")?;
        }
        Ok(())
    }
}
