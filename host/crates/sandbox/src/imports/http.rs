//! HTTP for guests of every version. What is granted is the other side's business; what is counted is ours.

use tracing::Instrument as _;
use trigger_host_types::http::{Error, Request, Response};
use trigger_host_types::spans;

use crate::state::State;
use crate::state::budget::{answer_line, request_line};
use crate::telemetry;

/// A list of requests with more entries is refused as a whole.
const MOST_AT_ONCE: usize = 1_000;

impl State {
    /// Counts one request and sends it.
    ///
    /// # Errors
    /// When the guest goes on after its budget is used up: the call is to end.
    pub async fn http_send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let span = self.host.span("http.send");
        if self.budget.take(1)? == 0 {
            spans::end(&span, "budget");
            return Ok(Err(self.refuse_http()));
        }
        let mark = self.budget.remember(request_line(&request));
        let answer = self.meter.uncharged(self.host.http_send(request)).instrument(span.clone()).await;
        spans::end(&span, answer.as_ref().map_or_else(Error::as_str, |_| "ok"));
        self.budget.note_end(mark, answer_line(&answer));
        telemetry::count_host_call("http", answer.is_ok());
        Ok(answer)
    }

    /// Counts the requests and sends as many as the budget has left; one answer for each, in their order.
    ///
    /// # Errors
    /// When the guest goes on after its budget is used up: the call is to end.
    pub async fn http_send_all(
        &mut self,
        requests: impl ExactSizeIterator<Item = Request> + Send,
    ) -> wasmtime::Result<Vec<Result<Response, Error>>> {
        let span = self.host.span("http.send-all");
        let wanted = requests.len();
        let got = self.budget.take(wanted)?;
        let got = if wanted > MOST_AT_ONCE { 0 } else { got };
        let requests: Vec<_> = requests.take(got).collect();
        let marks: Vec<_> = requests.iter().map(|request| self.budget.remember(request_line(request))).collect();
        let mut answers = match requests.is_empty() {
            true => Vec::new(),
            false => self.meter.uncharged(self.host.http_send_all(requests)).instrument(span.clone()).await,
        };
        let failed = answers.iter().find_map(|answer| answer.as_ref().err());
        spans::end(&span, if got < wanted { "budget" } else { failed.map_or("ok", Error::as_str) });
        answers.truncate(got);
        marks.into_iter().zip(&answers).for_each(|(mark, answer)| self.budget.note_end(mark, answer_line(answer)));
        answers.iter().for_each(|answer| telemetry::count_host_call("http", answer.is_ok()));
        // One answer for each request, whatever the other side gave.
        answers.resize_with(got, || Err(Error::Other("the host gave no answer".to_owned())));
        answers.resize_with(wanted, || Err(self.refuse_http()));
        Ok(answers)
    }

    fn refuse_http(&self) -> Error {
        telemetry::count_refusal("http");
        Error::Budget(self.budget.refusal())
    }
}
