//! Taps on the lines between a host and what it talks to: HTTP/1.1 is passed on as it is, recorded in one order for all
//! taps, and a host can be killed in the middle of a chosen request.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The record that several taps share.
#[derive(Clone, Default)]
pub(crate) struct Record(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// Moments so far: questions and answers.
    moments: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    exchanges: Vec<Exchange>,
    /// Questions that count for kills.
    counted: u64,
    strike: Option<Strike>,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// `POST /execution/triggers/7/event`.
    pub(crate) what: String,
    /// Its `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// Its `Authorization`.
    pub(crate) credential: Option<String>,
    pub(crate) body: String,
    /// When it came.
    pub(crate) asked: u64,
    /// When it was answered, and how; none when it was not.
    pub(crate) answered: Option<(u64, u16)>,
}

impl Exchange {
    /// The events that it carries.
    fn events(&self) -> Vec<(i64, Self)> {
        let part = self.what.rsplit('/').nth(1).unwrap_or_default();
        if let Ok(id) = part.parse() {
            return vec![(id, self.clone())];
        }
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let one = |event: &Value| {
            let key = event["idempotency_key"].as_str().map(str::to_owned);
            (event["trigger_id"].as_i64().unwrap(), Self { key, ..self.clone() })
        };
        body["events"].as_array().unwrap().iter().map(one).collect()
    }

    /// When a good answer came.
    pub(crate) fn accepted(&self) -> Option<u64> {
        self.answered.filter(|(_, status)| (200..300).contains(status)).map(|(moment, _)| moment)
    }
}

/// Kills a host in the middle of a request.
#[derive(Debug, Clone)]
pub(crate) struct Strike {
    /// Which one, counted from the moment this is set, heartbeats left out.
    pub(crate) nth: u64,
    /// Only requests with this in them are counted.
    pub(crate) part: &'static str,
    /// After it was carried out and before its answer is passed on; otherwise before it is carried out.
    pub(crate) done: bool,
    /// Who dies.
    pub(crate) host: Pid,
}

impl Record {
    /// Sets the next kill.
    pub(crate) fn strike(&self, strike: Strike) {
        let mut state = self.0.state.lock();
        state.counted = 0;
        state.strike = Some(strike);
    }

    /// Takes back what has not happened yet. False: it has happened.
    pub(crate) fn spare(&self) -> bool {
        self.0.state.lock().strike.take().is_some()
    }

    /// All requests so far with this in them.
    pub(crate) fn of(&self, part: &str) -> Vec<Exchange> {
        self.0.state.lock().exchanges.iter().filter(|one| one.what.contains(part)).cloned().collect()
    }

    /// All events that were sent so far, those of one request one by one, each with its trigger's id.
    pub(crate) fn events(&self) -> Vec<(i64, Exchange)> {
        self.of("/event").iter().flat_map(Exchange::events).collect()
    }

    /// Waits for a condition that questions and answers bring about.
    pub(crate) async fn until(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let mut moments = self.0.moments.subscribe();
        let waited = tokio::time::timeout(program::PATIENCE, async {
            while !done(self) {
                moments.changed().await.unwrap();
            }
        });
        assert!(waited.await.is_ok(), "waited in vain: {what}");
    }

    fn moment(&self) -> u64 {
        let mut now = 0;
        self.0.moments.send_modify(|moments| {
            *moments += 1;
            now = *moments;
        });
        now
    }

    /// Records a question: its place, and the kill that is due in it.
    fn ask(&self, message: &Message) -> (usize, Option<Strike>) {
        let what = message.start.rsplit_once(' ').map_or("", |(what, _)| what).to_owned();
        let body = String::from_utf8_lossy(&message.body).into_owned();
        let mut state = self.0.state.lock();
        let due =
            state.strike.as_ref().is_some_and(|strike| what.contains(strike.part)) && !what.ends_with("/heartbeat");
        state.counted += u64::from(due);
        let counted = state.counted;
        let strike = if due { state.strike.take_if(|strike| strike.nth == counted) } else { None };
        let (key, credential) = (message.header("idempotency-key"), message.header("authorization"));
        let place = state.exchanges.len();
        state.exchanges.push(Exchange { what, key, credential, body, asked: 0, answered: None });
        // After the lock: who waits looks at once.
        drop(state);
        let asked = self.moment();
        self.0.state.lock().exchanges[place].asked = asked;
        (place, strike)
    }

    fn answer(&self, place: usize, message: &Message) {
        let status = message.start.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let now = *self.0.moments.borrow() + 1;
        self.0.state.lock().exchanges[place].answered = Some((now, status));
        self.moment();
    }
}

/// One tap; ends when it is dropped.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
    task: tokio::task::JoinHandle<()>,
}

impl Tap {
    pub(crate) async fn on(target: SocketAddr, record: &Record) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, record) = (listener.local_addr().unwrap(), record.clone());
        let target = Arc::new(Mutex::new(target));
        let to = Arc::clone(&target);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that breaks is what is to be passed on: both ends are dropped with it.
                tokio::spawn(pass_on(stream, Arc::clone(&to), record.clone()));
            }
        });
        Self { address, target, task }
    }

    /// Leads new requests elsewhere.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.target.lock() = target;
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(near: TcpStream, target: Arc<Mutex<SocketAddr>>, record: Record) -> Option<()> {
    let mut near = BufReader::new(near);
    let mut at = *target.lock();
    let mut far = BufReader::new(TcpStream::connect(at).await.ok()?);
    loop {
        let question = Message::read(&mut near).await?;
        let now = *target.lock();
        if now != at {
            at = now;
            far = BufReader::new(TcpStream::connect(at).await.ok()?);
        }
        let (place, strike) = record.ask(&question);
        if let Some(strike) = strike.as_ref().filter(|strike| !strike.done) {
            kill(strike);
            return None;
        }
        far.get_mut().write_all(&question.bytes()).await.ok()?;
        let answer = Message::read(&mut far).await?;
        record.answer(place, &answer);
        if let Some(strike) = strike {
            kill(&strike);
            return None;
        }
        near.get_mut().write_all(&answer.bytes()).await.ok()?;
    }
}

fn kill(strike: &Strike) {
    // Not waited for yet, so the id is still its own.
    kill_process(strike.host, Signal::KILL).unwrap();
}

/// A request or an answer with a length; none of those here has another form.
pub(crate) struct Message {
    start: String,
    head: String,
    body: Vec<u8>,
}

impl Message {
    pub(crate) async fn read(from: &mut BufReader<TcpStream>) -> Option<Self> {
        let (mut start, mut head) = (String::new(), String::new());
        from.read_line(&mut start).await.ok().filter(|read| *read > 0)?;
        while !head.ends_with("\r\n\r\n") && head != "\r\n" {
            from.read_line(&mut head).await.ok().filter(|read| *read > 0)?;
        }
        let mut message = Self { start: start.trim_end().to_owned(), head, body: Vec::new() };
        let length = message.header("content-length").map_or(0, |length| length.parse().unwrap());
        assert!(message.header("transfer-encoding").is_none(), "a form this tap does not know: {}", message.head);
        message.body.resize(length, 0);
        from.read_exact(&mut message.body).await.ok()?;
        Some(message)
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    /// Whether its first line begins so.
    pub(crate) fn starts_with(&self, what: &str) -> bool {
        self.start.starts_with(what)
    }

    /// A query parameter whose value needs no decoding.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.start.split(' ').nth(1)?.split_once('?')?.1;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        let head = format!("{}\r\n{}", self.start, self.head);
        [head.as_bytes(), &self.body].concat()
    }
}
