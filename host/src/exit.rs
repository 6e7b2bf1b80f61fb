//! The exit codes, and the one error type of every command: an error and the code it ends the process with.
//!
//! Owns the decision of what a failure means to the shell. A reader that went away (a broken pipe) is success:
//! `trigger-host dev | head` did what it was asked to do.

use std::io;
use std::process::ExitCode;

use broker::BrokerError;
use embedded_api::OpenError;
use encodings::EncodingError;
use execution_api::ConfigError;
use settings::Problems;
use supervisor::{EndError, StartError};

/// How the process ends. Documented in `docs/configuration.md`; scripts depend on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// It ran and something failed: a trigger, a test, a check; or a second signal cut the end short.
    Failed = 1,
    /// The command line, a file or the environment is wrong. Also what clap uses.
    Usage = 2,
    /// The Execution API refused or cannot be reached.
    Api = 3,
    /// Our own fault.
    Own = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended, with its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// The reason, already complete: printed as `error: ` and the chain.
    pub(crate) error: anyhow::Error,
}

/// What every command returns. What an error of another package means to the shell is said here, once.
pub(crate) type Ended = Result<Exit, Failure>;

impl Failure {
    /// Prints the reason on standard error and gives the exit code.
    pub(crate) fn report(&self) -> Exit {
        if self.error.chain().any(is_broken_pipe) {
            return Exit::Done;
        }
        match self.error.downcast_ref::<Problems>() {
            Some(problems) => eprint!("{problems}"),
            None => eprintln!("error: {:#}", self.error),
        }
        self.exit
    }
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: Exit::Own, error }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = match &error {
            StartError::Api(_) => Exit::Api,
            StartError::Heart(_) => Exit::Own,
        };
        Self { exit, error: error.into() }
    }
}

/// Errors that mean the same to the shell wherever they come up.
macro_rules! exits {
    ($($error:ty => $exit:ident,)*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { exit: Exit::$exit, error: error.into() }
            }
        })*
    };
}

exits! {
    io::Error => Own,
    BrokerError => Own,
    EndError => Own,
    Problems => Usage,
    ConfigError => Usage,
    EncodingError => Usage,
    OpenError => Usage,
    sandbox::StartError => Usage,
}

/// Gives an error its exit code where that depends on what was tried.
pub(crate) trait OrExit<T> {
    /// The error ends the process with `exit`.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure { exit, error: error.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_documented_ones() {
        let numbers = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Api, Exit::Own].map(|exit| exit as u8);
        assert_eq!(numbers, [0, 1, 2, 3, 70]);
    }

    #[test]
    fn a_reader_that_went_away_is_success() {
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("cannot write");
        assert_eq!(Failure::from(error).report(), Exit::Done);
    }
}
