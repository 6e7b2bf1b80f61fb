//! A network of the test's own, for what is asked of a real server or of no trigger at all.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Airflow, SentRequest};
use crate::DateTime;
use crate::http::{Error, Request, Response};
use crate::log::Level;
use crate::platform::{World, with_world};

struct Network<F> {
    answer: F,
    /// Without a task, and with nothing in it.
    airflow: Airflow,
}

impl<F: FnMut(SentRequest) -> Result<Response, Error>> World for Network<F> {
    fn send(&mut self, request: Request) -> Result<Response, Error> {
        (self.answer)(SentRequest::new(request, DateTime::from_unix_ms(0)))
    }

    fn log(&mut self, _level: Level, _message: &str, _fields: &[(&str, String)]) {}

    fn airflow(&mut self) -> &mut Airflow {
        &mut self.airflow
    }
}

/// Runs `call`, in which every request is answered by `answer`. Requests carry the time 1970; log lines go nowhere.
pub fn with_network<T>(
    answer: impl FnMut(SentRequest) -> Result<Response, Error> + 'static,
    call: impl FnOnce() -> T,
) -> T {
    with_world(Rc::new(RefCell::new(Network { answer, airflow: Airflow::default() })), call)
}
