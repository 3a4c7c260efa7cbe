//! How many writes a table takes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A second's worth of writes, for a table and for each of its keys.
#[derive(Debug)]
pub(crate) struct Capacity {
    table: u32,
    key: u32,
    second: Mutex<Second>,
}

/// What was written since then.
#[derive(Debug)]
struct Second {
    began: Instant,
    writes: u32,
    of_keys: HashMap<String, u32>,
}

impl Second {
    fn new() -> Self {
        Self { began: Instant::now(), writes: 0, of_keys: HashMap::new() }
    }
}

impl Capacity {
    pub(crate) fn new(table: u32, key: u32) -> Self {
        Self { table, key, second: Mutex::new(Second::new()) }
    }

    /// Whether this write fits into the second. A refused one does not count.
    pub(crate) fn takes(&self, key: &str) -> bool {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if second.began.elapsed() >= Duration::from_secs(1) {
            *second = Second::new();
        }
        if second.writes >= self.table {
            return false;
        }
        let of_key = second.of_keys.entry(key.to_owned()).or_default();
        if *of_key >= self.key {
            return false;
        }
        *of_key += 1;
        second.writes += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn table_and_key_take_so_many_writes_a_second() {
        let capacity = Capacity::new(5, 2);
        let taken = |keys: &[&str]| keys.iter().filter(|key| capacity.takes(key)).count();
        assert_eq!(taken(&["a", "a", "a"]), 2, "one key");
        assert_eq!(taken(&["b", "c", "d", "e"]), 3, "the table");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(taken(&["a", "b", "c", "d", "e", "f"]), 5, "the next second");
    }
}
