//! A hierarchical timer wheel: arming, cascading and firing cost a constant amount each, however many timers are armed.
//!
//! Owns entries of `(due, key)`. It does not know what a key means and never removes one early: whoever arms a timer
//! gives it a key that it can recognise as outdated, and ignores it when it fires. Time is a parameter; it never goes
//! back (an earlier `now` fires nothing).

use trigger_host_types::UnixMs;

/// Slots of one level; a power of two, so that a level is six bits of the time.
const SLOTS: usize = 64;
const BITS: u32 = SLOTS.trailing_zeros();
/// Seven levels of one-millisecond ticks reach 135 years; later timers wait in the last level and cascade again.
const LEVELS: usize = 7;
/// Two slots short of a whole turn of the last level, so that a far timer never lands in the slot the wheel stands in.
const REACH: u64 = (SLOTS as u64 - 2) << (BITS * (LEVELS as u32 - 1));

/// Timers by the millisecond they are due.
#[derive(Debug)]
pub(crate) struct Wheel<K> {
    /// Everything due at or before this has fired.
    elapsed: UnixMs,
    levels: Vec<Level<K>>,
    armed: usize,
}

#[derive(Debug)]
struct Level<K> {
    /// Bit `n` is set when slot `n` holds an entry.
    occupied: u64,
    slots: [Vec<(UnixMs, K)>; SLOTS],
}

impl<K> Wheel<K> {
    /// A wheel that starts at `now`.
    pub(crate) fn new(now: UnixMs) -> Self {
        let level = || Level { occupied: 0, slots: std::array::from_fn(|_| Vec::new()) };
        Self { elapsed: now, levels: std::iter::repeat_with(level).take(LEVELS).collect(), armed: 0 }
    }

    /// Entries armed, outdated ones included.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.armed
    }

    /// Fires `key` at `due`, or at the next call of [`Wheel::fire`] when that is past.
    pub(crate) fn arm(&mut self, due: UnixMs, key: K) {
        self.armed += 1;
        self.place(due, key);
    }

    /// The earliest time at which [`Wheel::fire`] has something to do (fire or cascade), if anything is armed.
    pub(crate) fn next(&self) -> Option<UnixMs> {
        self.next_slot().map(|(_, _, at)| at)
    }

    /// Moves the time to `now` and hands every key that is due to `fired` with its time, in order of their slots.
    pub(crate) fn fire(&mut self, now: UnixMs, mut fired: impl FnMut(UnixMs, K)) {
        while let Some((level, slot, at)) = self.next_slot() {
            if at > now {
                break;
            }
            self.elapsed = self.elapsed.max(at);
            let entries = std::mem::take(&mut self.levels[level].slots[slot]);
            self.levels[level].occupied &= !(1 << slot);
            for (due, key) in entries {
                if due <= self.elapsed {
                    self.armed -= 1;
                    fired(due, key);
                } else {
                    self.place(due, key);
                }
            }
        }
        self.elapsed = self.elapsed.max(now);
    }

    fn place(&mut self, due: UnixMs, key: K) {
        // A time in the past, or beyond the reach, still needs a slot; the true `due` is kept and looked at when it
        // fires.
        let at = due.clamp(self.elapsed, self.elapsed.saturating_add(REACH));
        let differing = (self.elapsed ^ at) | (SLOTS as u64 - 1);
        let level = (((63 - differing.leading_zeros()) / BITS) as usize).min(LEVELS - 1);
        let slot = slot_of(at, level);
        self.levels[level].slots[slot].push((due, key));
        self.levels[level].occupied |= 1 << slot;
    }

    /// Level, slot and start of the first occupied slot. Lower levels lie wholly before the next slot of a higher one.
    fn next_slot(&self) -> Option<(usize, usize, UnixMs)> {
        self.levels.iter().enumerate().find_map(|(level, wheel)| {
            if wheel.occupied == 0 {
                return None;
            }
            let here = slot_of(self.elapsed, level);
            let ahead = wheel.occupied.rotate_right(here as u32).trailing_zeros() as usize;
            let slot = (here + ahead) % SLOTS;
            let width = 1_u64 << (BITS * level as u32);
            let turn = width << BITS;
            let mut at = (self.elapsed & !(turn - 1)) + slot as u64 * width;
            if slot < here {
                at += turn; // only the last level can hold a slot of the next turn
            }
            Some((level, slot, at))
        })
    }
}

fn slot_of(at: UnixMs, level: usize) -> usize {
    ((at >> (BITS * level as u32)) as usize) % SLOTS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The wheel fires what a sorted list would fire, whenever it is asked.
        #[test]
        fn fires_like_a_sorted_list(
            start in 0_u64..4_000_000_000_000,
            timers in prop::collection::vec((0_u64..50_000, 0_u32..30), 1..200),
            steps in prop::collection::vec(1_u64..100_000_000, 1..40),
        ) {
            let mut wheel = Wheel::new(start);
            let mut list: Vec<(u64, usize)> = Vec::new();
            let mut now = start;
            let mut timers = timers.into_iter().enumerate();
            for step in steps {
                for (key, (offset, shift)) in timers.by_ref().take(7) {
                    let due = (now + (offset << shift)).saturating_sub(10);
                    wheel.arm(due, key);
                    list.push((due, key));
                }
                now += step;
                let mut fired = Vec::new();
                wheel.fire(now, |_, key| fired.push(key));
                let mut expected: Vec<_> = list.iter().filter(|(due, _)| *due <= now).map(|(_, key)| *key).collect();
                list.retain(|(due, _)| *due > now);
                expected.sort_unstable();
                fired.sort_unstable();
                prop_assert_eq!(fired, expected);
                prop_assert_eq!(wheel.len(), list.len());
                if let Some((earliest, _)) = list.iter().min() {
                    let next = wheel.next().expect("something is armed");
                    prop_assert!(next <= *earliest && next > now);
                } else {
                    prop_assert_eq!(wheel.next(), None);
                }
            }
        }
    }

    #[test]
    fn fires_in_order_of_time_across_levels() {
        let mut wheel = Wheel::new(1_000);
        for due in [900_000, 1_001, 70_000, 1_000, 1_065] {
            wheel.arm(due, due);
        }
        let mut fired = Vec::new();
        wheel.fire(1_000_000, |_, due| fired.push(due));
        assert_eq!(fired, [1_000, 1_001, 1_065, 70_000, 900_000]);
    }

    #[test]
    fn keeps_timers_beyond_its_reach() {
        let mut wheel = Wheel::new(0);
        wheel.arm(u64::MAX, ());
        let mut fired = 0;
        wheel.fire(REACH, |_, ()| fired += 1);
        assert_eq!((fired, wheel.len()), (0, 1));
    }
}
