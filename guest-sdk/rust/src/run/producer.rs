//! An upstream of shared streams.

use std::marker::PhantomData;

use super::{parse_kept, schema};
use crate::bindings::trigger_host::trigger::types;
use crate::producer_bindings::exports::trigger_host::trigger::{acker, manifest, reader};
use crate::{AdvanceError, Batch, DateTime, Demand, Duration, Error, Producer, Result, Settled, Unfinished, kwargs};

/// The component of a producer.
pub struct ExportedProducer<T>(PhantomData<T>);

impl<T: Producer> reader::Guest for ExportedProducer<T> {
    fn read(
        call: reader::Call,
        cursor: Option<String>,
        most: u32,
        wait_ms: u32,
    ) -> Result<reader::Batch, types::Error> {
        let demand = Demand::new(most, wait_ms, call.now);
        read::<T>(&call.parameters, &demand, cursor.as_deref()).and_then(Batch::into_wit).map_err(Error::into_wit)
    }
}

impl<T: Producer> acker::Guest for ExportedProducer<T> {
    fn advance(call: acker::Call, batch: Vec<acker::Settled>) -> Result<Vec<acker::Unfinished>, acker::AdvanceError> {
        let batch: Vec<Settled> = batch.into_iter().map(Settled::from).collect();
        let unfinished = advance::<T>(&call.parameters, DateTime::from_unix_ms(call.now), &batch)?;
        let one = |Unfinished { index, reason }| acker::Unfinished { index, reason };
        Ok(unfinished.into_iter().map(one).collect())
    }

    fn extend(call: acker::Call, receipts: Vec<Vec<u8>>, hold_ms: u32) -> Result<(), types::Error> {
        let (now, hold) = (DateTime::from_unix_ms(call.now), Duration::from_millis(hold_ms.into()));
        extend::<T>(&call.parameters, now, &receipts, hold).map_err(Error::into_wit)
    }
}

impl<T: Producer> manifest::Guest for ExportedProducer<T> {
    fn describe() -> manifest::Description {
        manifest::Description { summary: T::SUMMARY.to_owned(), kwargs_schema: schema::<T>() }
    }
}

pub(crate) fn read<T: Producer>(parameters: &str, demand: &Demand, cursor: Option<&str>) -> Result<Batch<T::Cursor>> {
    kwargs::parse::<T>(parameters)?.read(demand, parse_kept("cursor", cursor)?)
}

pub(crate) fn advance<T: Producer>(
    parameters: &str,
    now: DateTime,
    batch: &[Settled],
) -> Result<Vec<Unfinished>, AdvanceError> {
    kwargs::parse::<T>(parameters)?.advance(now, batch)
}

pub(crate) fn extend<T: Producer>(parameters: &str, now: DateTime, receipts: &[Vec<u8>], hold: Duration) -> Result<()> {
    kwargs::parse::<T>(parameters)?.extend(now, receipts, hold)
}
