//! What every ask needs here: a grant, and a way to put it to the API.

use execution_api::AirflowAccess;
use logs::Masker;
use trigger_host_types::airflow::{Ask, Error};

use crate::asker::Asker;

/// An ask that the desk can answer.
pub(crate) trait Question: Ask {
    /// Refuses what is not granted, and says what grant would allow it.
    ///
    /// # Errors
    /// [`Error::NotGranted`]; [`Error::Invalid`] where the trigger has nothing that the ask could be about.
    fn allow(&self, asker: &Asker) -> Result<(), Error>;

    /// Puts it to the API, once, within the trigger's scope.
    fn put(self, turn: &Turn<'_>) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// What an asker has when it is its turn.
pub(crate) struct Turn<'a> {
    pub(crate) asker: &'a Asker,
    /// The API, in the asker's name.
    pub(crate) airflow: AirflowAccess,
    /// For the values that are secret because of their names.
    pub(crate) masker: &'a Masker,
}
