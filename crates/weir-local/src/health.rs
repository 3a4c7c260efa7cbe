//! Asks whether an emulator is up. By hand: one GET to loopback is not worth a client.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An emulator that has accepted the connection answers well within this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the emulator of the run `id` answers on `port`. Another one, that took the port first, does not count.
pub(crate) async fn answers(port: u16, id: &str) -> bool {
    // No connection, or one that broke: not yet.
    matches!(timeout(PATIENCE, ask(port)).await, Ok(Ok(reply)) if is_ours(&reply, id))
}

async fn ask(port: u16) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

/// The emulator repeats the name of its edition, which is where a run puts its id.
fn is_ours(reply: &str, id: &str) -> bool {
    reply.starts_with("HTTP/1.1 200 ") && reply.contains(&format!("\"edition\": \"{id}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_emulator_on_the_port_is_not_ours() {
        let reply =
            "HTTP/1.1 200 \r\ncontent-type: application/json\r\n\r\n{\"auth\": \"disabled\", \"edition\": \"run-1\"}";
        assert!(is_ours(reply, "run-1"));
        assert!(!is_ours(reply, "run-2"));
        assert!(!is_ours(&reply.replace("200", "503"), "run-1"));
    }
}
