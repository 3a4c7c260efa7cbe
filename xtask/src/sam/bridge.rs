//! The way from Docker's containers to servers that listen on this machine's loopback only.

use std::{net::IpAddr, process::Command};

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};

use crate::process;

/// This machine's address on the network that containers are in.
pub(super) struct Bridge(IpAddr);

impl Bridge {
    pub(super) fn find() -> Result<Self> {
        let format = "{{(index .IPAM.Config 0).Gateway}}";
        let printed =
            process::output(Command::new("docker").args(["network", "inspect", "bridge", "--format", format]));
        let address = printed.and_then(|printed| printed.trim().parse().ok());
        address.map(Self).context("Docker has no network `bridge` with a gateway")
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

/// The port of a URL of this machine.
pub(super) fn port(url: &str) -> Result<u16> {
    let url = reqwest::Url::parse(url).with_context(|| format!("{url} is no URL"))?;
    url.port().with_context(|| format!("{url} has no port"))
}
