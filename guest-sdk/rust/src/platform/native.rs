//! The stand-in for the host's imports in a native test: whatever world the running fake host has put in place.
//!
//! One world per thread, because tests run side by side.

use std::cell::RefCell;
use std::rc::Rc;

use crate::fake::Airflow;
use crate::http::{Error, Request, Response};
use crate::log::Level;

/// What a fake host answers.
pub(crate) trait World {
    fn send(&mut self, request: Request) -> Result<Response, Error>;
    fn log(&mut self, level: Level, message: &str, fields: &[(&str, String)]);
    fn airflow(&mut self) -> &mut Airflow;
}

thread_local! {
    static WORLD: RefCell<Option<Rc<RefCell<dyn World>>>> = const { RefCell::new(None) };
}

/// Runs `call` with this world in place.
pub(crate) fn with_world<T>(world: Rc<RefCell<dyn World>>, call: impl FnOnce() -> T) -> T {
    /// Takes the world away also when the call panics.
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            WORLD.set(None);
        }
    }
    WORLD.set(Some(world));
    let _guard = Guard;
    call()
}

#[expect(clippy::panic, reason = "a test without a fake host must say so")]
pub(super) fn world() -> Rc<RefCell<dyn World>> {
    WORLD
        .with_borrow(Clone::clone)
        .unwrap_or_else(|| panic!("there is no host here: run the trigger through `trigger_host_sdk::fake::FakeHost`"))
}

pub(crate) fn send(request: Request) -> Result<Response, Error> {
    world().borrow_mut().send(request)
}

pub(crate) fn send_all(requests: Vec<Request>) -> Vec<Result<Response, Error>> {
    requests.into_iter().map(send).collect()
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, String)]) {
    world().borrow_mut().log(level, message, fields);
}
