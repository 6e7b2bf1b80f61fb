//! A producer that makes its messages up: for tests of guests that are upstreams.

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::{AdvanceError, Batch, Demand, Received, Settled, Unfinished};

/// Makes its messages up.
#[producer]
pub struct Upstream {
    /// What it does: `count`, `too-many`, `fail`, `hang`, `trap`, `twice` (all messages are the first one), `time` (all
    /// messages are the time).
    #[serde(default)]
    read: String,
    /// What it does: `fine`, `odd` (only even ones are done), `beyond`, `retry`, `fatal`, `fail`.
    #[serde(default)]
    advance: String,
}

impl Producer for Upstream {
    type Cursor = u64;

    fn read(&self, demand: &Demand, cursor: Option<u64>) -> Result<Batch<u64>> {
        let first = cursor.unwrap_or(0);
        let count = match self.read.as_str() {
            "fail" => return Err(Error::failed("as told")),
            "hang" => loop {
                std::hint::black_box(());
            },
            "trap" => panic!("as told"),
            "too-many" => u64::from(demand.most) + 1,
            _ => u64::from(demand.most),
        };
        let now = demand.now.unix_ms();
        let message = |number: u64| Received {
            data: if self.read == "time" { now } else { number }.to_string().into_bytes(),
            receipt: format!("r{}", if self.read == "twice" { 0 } else { number }).into_bytes(),
            lane: b"lane".to_vec(),
        };
        let messages = (first..first + count).map(message).collect();
        Ok(Batch::new(messages).cursor(first + count).hold(Duration::from_secs(30)))
    }

    fn advance(&self, _: DateTime, batch: &[Settled]) -> Result<Vec<Unfinished>, AdvanceError> {
        let unfinished = |index: usize| Unfinished { index: index as u32, reason: "as told".to_owned() };
        match self.advance.as_str() {
            "odd" => Ok((0..batch.len()).filter(|index| index % 2 == 1).map(unfinished).collect()),
            "beyond" => Ok(vec![unfinished(batch.len())]),
            "retry" => Err(AdvanceError::Retry("busy".to_owned(), Some(Duration::from_secs(3)))),
            "fatal" => Err(AdvanceError::Fatal("gone".to_owned())),
            "fail" => Err(Error::failed("as told").into()),
            _ => Ok(Vec::new()),
        }
    }
}
