//! Limits on what a guest may hold. They are sums over a call: over all memories, over all tables, of all its
//! instances.
//!
//! A growth that is refused ends the call at once: what was asked for is kept here, so the end says so. Memory that a
//! call never gives back (wasm cannot shrink) makes the sums simple.

use std::fmt;

use wasmtime::ResourceLimiter;

use crate::call::Limits;
use crate::engine::{CORE_INSTANCES, TABLES};

/// The sums of one call.
pub(crate) struct Limiter {
    memory: u64,
    memory_limit: u64,
    slot_limit: u64,
    elements: u64,
    elements_limit: u64,
    memories: usize,
}

/// The error a refused growth of memory ends the call with.
#[derive(Debug)]
pub(crate) struct MemoryExceeded {
    pub(crate) limit: u64,
    pub(crate) asked: u64,
}

/// The error a refused growth of a table ends the call with.
#[derive(Debug)]
pub(crate) struct TableExceeded {
    pub(crate) limit: u64,
    pub(crate) asked: u64,
}

impl Limiter {
    /// `slot` is what one memory can hold at all; `memories` how many the component declares.
    pub(crate) fn new(limits: &Limits, slot: u64, memories: u32) -> Self {
        Self {
            memory: 0,
            memory_limit: limits.memory,
            slot_limit: slot,
            elements: 0,
            elements_limit: limits.table_elements.into(),
            memories: memories as usize,
        }
    }

    /// Bytes over all memories: the most, because they never shrink.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let (current, desired) = (current as u64, desired as u64);
        let asked = self.memory.saturating_sub(current).saturating_add(desired);
        if asked > self.memory_limit {
            return Err(MemoryExceeded { limit: self.memory_limit, asked }.into());
        }
        if desired > self.slot_limit {
            return Err(MemoryExceeded { limit: self.slot_limit, asked: desired }.into());
        }
        // What the guest's own declaration forbids is an ordinary refusal that it can see coming.
        if maximum.is_some_and(|maximum| desired > maximum as u64) {
            return Ok(false);
        }
        self.memory = asked;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let asked = self.elements.saturating_sub(current as u64).saturating_add(desired as u64);
        if asked > self.elements_limit {
            return Err(TableExceeded { limit: self.elements_limit, asked }.into());
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.elements = asked;
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

impl fmt::Display for MemoryExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it asked for {} bytes of memory, more than its limit of {}", self.asked, self.limit)
    }
}

impl fmt::Display for TableExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it asked for {} table elements, more than its limit of {}", self.asked, self.limit)
    }
}

impl std::error::Error for MemoryExceeded {}
impl std::error::Error for TableExceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 1 << 16;

    fn limiter(memory: u64) -> Limiter {
        Limiter::new(&Limits { memory, table_elements: 10, ..Limits::default() }, 64 << 20, 1)
    }

    #[test]
    fn counts_the_sum_over_memories() {
        let mut limiter = limiter(3 * PAGE as u64);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(limiter.memory_growing(PAGE, 2 * PAGE, None).unwrap());
        let error = limiter.memory_growing(0, PAGE, None).unwrap_err();
        let exceeded = error.downcast_ref::<MemoryExceeded>().unwrap();
        assert_eq!((exceeded.limit, exceeded.asked), (3 * PAGE as u64, 4 * PAGE as u64));
        assert_eq!(limiter.memory(), 3 * PAGE as u64);
    }

    #[test]
    fn counts_the_sum_over_tables() {
        let mut limiter = limiter(0);
        assert!(limiter.table_growing(0, 6, None).unwrap());
        assert!(limiter.table_growing(0, 4, None).unwrap());
        assert!(limiter.table_growing(4, 5, None).is_err());
    }

    #[test]
    fn leaves_a_guests_own_maximum_to_the_guest() {
        let mut limiter = limiter(4 * PAGE as u64);
        assert!(!limiter.memory_growing(PAGE, 2 * PAGE, Some(PAGE)).unwrap());
        assert_eq!(limiter.memory(), 0);
    }

    /// Three modules of two pages each: no single one is above the limit.
    #[test]
    fn many_small_memories_are_one_sum_to_the_engine_too() {
        let text = r#"(component
            (core module $m (memory 2))
            (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m)))"#;
        let engine = wasmtime::Engine::new(&crate::engine::code_settings()).unwrap();
        let wasm = wat::parse_str(text).unwrap();
        let component = wasmtime::component::Component::from_binary(&engine, &wasm).unwrap();
        let linker = wasmtime::component::Linker::<Limiter>::new(&engine);
        let instantiate = |pages: usize| {
            let limits = Limits { memory: (pages * PAGE) as u64, ..Limits::default() };
            let mut store = wasmtime::Store::new(&engine, Limiter::new(&limits, 64 << 20, 3));
            store.limiter(|limiter| limiter);
            linker.instantiate(&mut store, &component).map(|_| store.data().memory())
        };
        assert_eq!(instantiate(6).unwrap(), 6 * PAGE as u64);
        assert_eq!(instantiate(5).unwrap_err().downcast_ref::<MemoryExceeded>().unwrap().asked, 6 * PAGE as u64);
    }
}
