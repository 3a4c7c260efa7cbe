//! What the kernel says of a process. Linux only.

use std::{fs, io, time::Duration};

/// CPU time that its threads took so far, those that ended left out: to the nanosecond, where `stat` has hundredths of a
/// second.
///
/// # Errors
/// When the process is gone, or the kernel keeps no such figures.
pub fn cpu(pid: u32) -> io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        match fs::read_to_string(task?.path().join("schedstat")) {
            Ok(text) => nanos += first_number(&text).ok_or(io::ErrorKind::InvalidData)?,
            // It ended in between.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Duration::from_nanos(nanos))
}

/// The most memory it had resident so far, in bytes.
///
/// # Errors
/// When the process is gone.
pub fn peak_memory(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(first_number);
    Ok(kilobytes.ok_or(io::ErrorKind::InvalidData)? * 1024)
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_its_cpu_time_grows_with_work() {
        let me = std::process::id();
        assert!(peak_memory(me).unwrap() > 1024 * 1024);
        let before = cpu(me).unwrap();
        let mut work = 0_u64;
        while cpu(me).unwrap() == before {
            work = std::hint::black_box(work.wrapping_mul(3) + 1);
        }
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(cpu(u32::MAX).is_err());
        assert!(peak_memory(u32::MAX).is_err());
    }
}
