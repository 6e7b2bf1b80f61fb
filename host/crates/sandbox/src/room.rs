//! Room for the instances that stay between two calls: slots of their own, so that they take none from calls, and a
//! bound on their memory.
//!
//! Owns what is left of both. Invariant: the memories of all that stay are together no larger than was set aside,
//! whatever each grows to; one that grew beyond what is left does not stay.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Instances that stay, for each slot of calls.
const PER_SLOT: usize = 4;
/// Bytes of memory of what stays, for each slot of calls.
const BYTES_PER_SLOT: usize = 8 << 20;
/// What memories are counted in.
const PAGE: u64 = 64 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct Room {
    slots: Arc<Semaphore>,
    pages: Arc<Semaphore>,
}

/// The right to stay, with some memory.
#[derive(Debug)]
pub(crate) struct Place {
    _slots: OwnedSemaphorePermit,
    pages: OwnedSemaphorePermit,
}

impl Room {
    /// Room beside `slots` slots of calls, of `most` slots in all.
    pub(crate) fn beside(slots: usize, most: usize) -> Self {
        let pages = slots.saturating_mul(BYTES_PER_SLOT / PAGE as usize).min(Semaphore::MAX_PERMITS);
        Self { slots: Arc::new(Semaphore::new(kept(slots, most))), pages: Arc::new(Semaphore::new(pages)) }
    }

    /// A place for an instance of this many slots and bytes, in exchange for the one it has.
    pub(crate) fn place(&self, had: Option<Place>, slots: u32, bytes: u64) -> Option<Place> {
        let wanted = u32::try_from(bytes.div_ceil(PAGE)).ok()?;
        let mut place = match had {
            Some(place) => place,
            None => Place {
                _slots: Arc::clone(&self.slots).try_acquire_many_owned(slots).ok()?,
                pages: Arc::clone(&self.pages).try_acquire_many_owned(0).ok()?,
            },
        };
        // Memories only grow.
        let more = wanted.saturating_sub(u32::try_from(place.pages.num_permits()).unwrap_or(u32::MAX));
        place.pages.merge(Arc::clone(&self.pages).try_acquire_many_owned(more).ok()?);
        Some(place)
    }
}

/// Slots for what stays, beside `slots` for calls.
pub(crate) fn kept(slots: usize, most: usize) -> usize {
    slots.saturating_mul(PER_SLOT).min(most.saturating_sub(slots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_how_many_stay_and_what_they_hold() {
        let room = Room::beside(1, 3);
        let small: Vec<Place> = (0..3).map_while(|_| room.place(None, 1, 1)).collect();
        assert_eq!(small.len(), 2, "of the slots");
        drop(small);
        let large = room.place(None, 1, 7 << 20).unwrap();
        assert!(room.place(None, 1, 2 << 20).is_none(), "of the memory");
        let other = room.place(None, 1, 1 << 20).unwrap();
        assert!(room.place(Some(other), 1, 2 << 20).is_none(), "one that has grown");
        let grown = room.place(Some(large), 1, 8 << 20).unwrap();
        drop(grown);
        assert!(room.place(None, 2, 8 << 20).is_some(), "everything was given back");
    }
}
