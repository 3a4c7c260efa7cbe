//! How events share `PutEvents` calls.

/// EventBridge takes so many entries a call.
const MAX_ENTRIES: usize = 10;

/// How many entries, in order, each call takes: at most ten, and at most `call_bytes` together. An entry over that size
/// goes alone, and EventBridge refuses it alone.
pub(super) fn pack(sizes: &[usize], call_bytes: usize) -> Vec<usize> {
    let mut calls: Vec<usize> = Vec::new();
    let mut bytes = 0;
    for size in sizes {
        match calls.last_mut() {
            Some(count) if *count < MAX_ENTRIES && bytes + size <= call_bytes => {
                *count += 1;
                bytes += size;
            }
            _ => {
                calls.push(1);
                bytes = *size;
            }
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_hold_ten_entries_and_no_more_bytes_than_fit() {
        let pack = |sizes: &[usize]| pack(sizes, 1000);
        assert_eq!(pack(&[]), [0usize; 0]);
        assert_eq!(pack(&[1; 10]), [10]);
        assert_eq!(pack(&[1; 21]), [10, 10, 1]);
        assert_eq!(pack(&[500, 500, 1]), [2, 1]);
        assert_eq!(pack(&[1, 1001, 1]), [1, 1, 1]);
    }
}
