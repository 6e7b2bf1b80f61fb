//! The desk as a whole: what waits for its turn does not wait for ever.

use std::collections::BTreeSet;

use execution_api::ClientConfig;
use futures_util::FutureExt as _;
use tokio::time::Instant;
use trigger_host_types::airflow::{VariableDelete, VariableGet};
use trigger_host_types::{ClassPath, ConnId, ConnectionError};

use super::*;
use crate::grants::AirflowGrants;
use crate::pattern::Pattern;
use crate::places::{AT_ONCE, Place};

/// Of a host whose API is nowhere: who asks has to wait for a place before that matters.
fn desk() -> Desk {
    let url = "http://127.0.0.1:1/execution/".parse().unwrap();
    Desk::new(Client::new(ClientConfig::new(url)).unwrap(), Masker::new())
}

fn asker() -> Asker {
    let grants = AirflowGrants { variables_read: vec![Pattern::new("*").unwrap()], ..AirflowGrants::default() };
    Asker::example(grants)
}

/// Others, whose requests hang.
fn others(desk: &Desk) -> Vec<Place> {
    let names: BTreeSet<ClassPath> = (0..AT_ONCE).map(|number| ClassPath::from(format!("other{number}"))).collect();
    names.iter().map(|name| desk.places.take(name).now_or_never().flatten().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_question_ends_with_its_deadline() {
    let desk = desk();
    let _others = others(&desk);
    let began = Instant::now();
    let answer = desk.answer(&asker(), VariableGet { key: "k".into() }).await;
    assert_eq!((answer.err(), began.elapsed()), (Some(Error::Deadline(WITHIN)), WITHIN));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_not_waited_for_longer_and_the_next_one_who_asks_gets_a_chance() {
    let desk = desk();
    let held = others(&desk);
    let id = ConnId::from("c");
    let lender = desk.connections(Arc::new(asker()));
    let began = Instant::now();
    let error = lender.connection(&id).await.err();
    assert_eq!((error, began.elapsed()), (Some(ConnectionError::Unavailable(id.clone())), WITHIN));
    drop(held);
    // What ends now is the request itself: nothing listens there.
    assert_eq!(lender.connection(&id).await.err(), Some(ConnectionError::Unavailable(id)));
    assert!(began.elapsed() < WITHIN * 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_granted_takes_no_place() {
    let desk = desk();
    let _others = others(&desk);
    let answer = desk.answer(&asker(), VariableDelete { key: "k".into() }).now_or_never();
    assert!(matches!(answer, Some(Err(Error::NotGranted(_)))));
}
