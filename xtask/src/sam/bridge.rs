//! The way from Docker's containers to servers that listen on this machine's loopback only.

use std::{
    net::{IpAddr, Ipv4Addr},
    process::Command,
};

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};

use crate::process;

/// This machine's address on the network that containers are in.
pub(super) struct Bridge(IpAddr);

impl Bridge {
    pub(super) fn find() -> Result<Self> {
        let format = "{{with index .IPAM.Config 0}}{{.Gateway}} {{.Subnet}}{{end}}";
        let printed =
            process::output(Command::new("docker").args(["network", "inspect", "bridge", "--format", format]));
        let address = printed.as_deref().and_then(address);
        address.map(Self).context("Docker has no network `bridge` with an address of this machine")
    }

    /// What a container finds a server of this machine by. sam knows no host network, whatever it is told.
    pub(super) fn url(&self, of_this_machine: &str) -> String {
        of_this_machine.replace("127.0.0.1", &self.0.to_string())
    }

    /// Passes on what containers send to a port of this machine, as long as the runtime lives.
    pub(super) async fn open(&self, port: u16) -> Result<()> {
        let listener = TcpListener::bind((self.0, port)).await;
        let listener = listener.with_context(|| format!("port {port} of {} can't be listened on", self.0))?;
        tokio::spawn(async move {
            while let Ok((mut container, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                    tokio::io::copy_bidirectional(&mut container, &mut server).await
                });
            }
        });
        Ok(())
    }
}

/// The gateway; where Docker does not name it, as at a daemon's first start, the first address of the subnet: Docker gives
/// that to this machine.
fn address(printed: &str) -> Option<IpAddr> {
    let words: Vec<&str> = printed.split_whitespace().collect();
    let subnet = words.last()?;
    if let [gateway, _] = words[..] {
        return gateway.parse().ok();
    }
    let first: Ipv4Addr = subnet.split_once('/')?.0.parse().ok()?;
    Some(Ipv4Addr::from_bits(first.to_bits().checked_add(1)?).into())
}

/// The port of a URL of this machine.
pub(super) fn port(url: &str) -> Result<u16> {
    let url = reqwest::Url::parse(url).with_context(|| format!("{url} is no URL"))?;
    url.port().with_context(|| format!("{url} has no port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_the_gateway_or_the_first_of_the_subnet() {
        let at = |text: &str| address(text).map(|address| address.to_string());
        assert_eq!(at("172.17.0.1 172.17.0.0/16\n").as_deref(), Some("172.17.0.1"));
        assert_eq!(at(" 172.17.0.0/16\n").as_deref(), Some("172.17.0.1"));
        assert_eq!(at("<no value> 10.0.0.0/8").as_deref(), Some("10.0.0.1"));
        assert_eq!(at("\n"), None);
    }
}
