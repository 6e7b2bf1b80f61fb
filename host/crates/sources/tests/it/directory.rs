//! A folder: what appears in it is seen once, and nothing outside of it ever.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use stream_rules::{Failure, Verdict};
use streams::{Ended, Streams, Subscription};

use crate::scene::{Lender, make, next, subscribe};

fn entry(path: &Path, existing: &str) -> Value {
    json!({ "kind": "directory", "path": path, "every": "10ms", "existing": existing })
}

async fn names(subscription: &Subscription, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    while names.len() < count {
        let seen = next(subscription, 1).await;
        names.extend(seen.iter().map(|event| event["path"].as_str().unwrap().to_owned()));
        subscription.verdicts(seen.iter().map(|_| Verdict::Skip).collect()).await.unwrap();
    }
    names.sort_unstable();
    names
}

#[tokio::test]
async fn files_are_seen_once_for_each_state_they_settle_in() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in");
    fs::create_dir(&inside).unwrap();
    for name in ["a.csv", "b.csv", "c.txt"] {
        fs::write(inside.join(name), name).unwrap();
    }
    let streams = Streams::start();
    let parameters = json!({ "folder": "in", "pattern": "*.csv" });
    let source = make(&entry(folder.path(), "deliver"), &parameters, Lender::default().access()).unwrap();
    let of = subscribe(&streams, 1, source).await;
    assert_eq!(names(&of, 2).await, ["in/a.csv", "in/b.csv"]);
    fs::write(inside.join("b.csv"), "more of it").unwrap();
    fs::write(inside.join("d.csv"), "new").unwrap();
    assert_eq!(names(&of, 2).await, ["in/b.csv", "in/d.csv"], "and neither the others nor any twice");
    drop(of);
    streams.stop().await;
}

#[tokio::test]
async fn what_is_there_already_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old"), "").unwrap();
    let streams = Streams::start();
    let source = make(&entry(folder.path(), "skip"), &Value::Null, Lender::default().access()).unwrap();
    // Open before the new file is written: what is there when the first listing runs counts as old.
    let of = subscribe(&streams, 1, source).await;
    let writer = tokio::spawn({
        let path = folder.path().to_owned();
        async move {
            for number in 0.. {
                tokio::task::yield_now().await;
                fs::write(path.join(format!("new-{number}")), "").unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    });
    let seen = names(&of, 3).await;
    writer.abort();
    assert!(seen.iter().all(|name| name.starts_with("new-")), "{seen:?}");
    drop(of);
    streams.stop().await;
}

/// Hostile: a guest's folder, a link in the folder and a folder that becomes a link lead nowhere else.
#[tokio::test]
async fn nothing_outside_is_reached() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "").unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(outside.path(), folder.path().join("way-out")).unwrap();
    symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    let entry = entry(folder.path(), "deliver");
    for way in ["..", "a/../..", "/etc", "./..", "a/./../b"] {
        let refused = make(&entry, &json!({ "folder": way }), Lender::default().access());
        assert!(refused.is_err(), "{way}");
    }
    let streams = Streams::start();
    let link = make(&entry, &json!({ "folder": "way-out" }), Lender::default().access()).unwrap();
    let of = subscribe(&streams, 1, link).await;
    let Err(Ended::Failed(Failure::PollFailed(what))) = of.next(1).await else { panic!("it was listed") };
    assert!(!what.contains("secret"), "{what}");
    drop(of);
    let source = make(&entry, &Value::Null, Lender::default().access()).unwrap();
    let of = subscribe(&streams, 1, source).await;
    assert_eq!(names(&of, 1).await, ["mine"]);
    fs::write(folder.path().join("mine-too"), "").unwrap();
    assert_eq!(names(&of, 1).await, ["mine-too"], "a link is no file");
    drop(of);
    streams.stop().await;
}
