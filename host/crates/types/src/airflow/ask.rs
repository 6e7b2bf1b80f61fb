//! What an ask is, and who answers one.

use async_trait::async_trait;

use super::Error;

/// One question that a trigger puts to Airflow, as a type of its own: so its answer has a type too, and no answer can
/// be of another kind.
pub trait Ask: Send + Sized + 'static {
    /// What it is answered with.
    type Answer: Send + 'static;
    /// The interface of the import: the metric's label, and the row of the table of imports.
    const INTERFACE: &'static str;
    /// Interface and function, such as `variables.get`, for the people who want to know what a guest did.
    const NAME: &'static str;

    /// Refuses what is too large or malformed, before anybody else sees the ask.
    ///
    /// # Errors
    /// [`Error::Invalid`], which names the argument, or [`Error::TooLarge`].
    fn check(&self) -> Result<(), Error>;

    /// The bytes of an answer that count against [`MAX_VALUE`](super::MAX_VALUE). An answer whose parts are short by
    /// nature has none.
    fn count_bytes(_answer: &Self::Answer) -> usize {
        0
    }
}

/// Answers one kind of ask for one trigger, within its grants.
#[async_trait]
pub trait Answers<A: Ask>: Send + Sync {
    /// Answers it, within a deadline of its own.
    ///
    /// # Errors
    /// As the guest is to see them.
    ///
    /// # Cancel safety
    /// An ask that is dropped may have been carried out.
    async fn answer(&self, ask: A) -> Result<A::Answer, Error>;
}

/// Answers for a trigger whose class may ask Airflow nothing.
#[derive(Debug, Clone, Copy)]
pub struct NothingGranted;

#[async_trait]
impl<A: Ask> Answers<A> for NothingGranted {
    async fn answer(&self, _: A) -> Result<A::Answer, Error> {
        Err(Error::NotGranted(format!("`{}` is not granted to this component", A::NAME)))
    }
}
