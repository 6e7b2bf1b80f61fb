//! Standard output and standard error of a guest: lines of its log.

use bytes::Bytes;
use tokio::io::AsyncWrite;
use trigger_host_types::log::Source;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::log::CallLog;

/// The most a guest may write at once; what is allocated for it.
const AT_ONCE: usize = 64 << 10;

/// One of the two, whole lines of which go to the log. All handles of a guest share the log's buffer.
#[derive(Clone)]
pub(crate) struct Output {
    log: CallLog,
    source: Source,
}

impl Output {
    pub(crate) fn new(log: CallLog, source: Source) -> Self {
        Self { log, source }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    /// Only the later WASI asks for this one, which is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > AT_ONCE {
            return Err(StreamError::trap("wrote more than was allowed at once"));
        }
        self.log.output(self.source, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(AT_ONCE)
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}
