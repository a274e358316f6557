//! Sockets on loopback, bound before anybody is told their port.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use poem::{
    Server,
    listener::{
        Acceptor as _, AcceptorExt as _, BoxAcceptor, Listener as _, RustlsCertificate, RustlsConfig,
        TcpListener,
    },
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{emulator::Error, tls::Identity};

/// How long open requests may take to end when the emulator stops.
const PATIENCE: Duration = Duration::from_secs(1);

/// One scheme on one port, on every loopback address that `localhost` may stand for.
pub(crate) struct Listening {
    pub(crate) url: String,
    acceptors: Vec<BoxAcceptor>,
}

impl Listening {
    pub(crate) async fn bind(scheme: &str, port: u16, identity: Option<&Identity>) -> Result<Self, Error> {
        let failed = |source| Error::Listen { port, source };
        loop {
            let v4 = acceptor(Ipv4Addr::LOCALHOST.into(), port, identity).await.map_err(failed)?;
            let bound = bound_port(&v4).unwrap_or(port);
            let url = format!("{scheme}://localhost:{bound}");
            match acceptor(Ipv6Addr::LOCALHOST.into(), bound, identity).await {
                Ok(v6) => return Ok(Self { url, acceptors: vec![v4, v6] }),
                // Somebody else would get half of our requests.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    if port != 0 {
                        return Err(failed(error));
                    }
                }
                // No IPv6 here.
                Err(_) => return Ok(Self { url, acceptors: vec![v4] }),
            }
        }
    }

    /// Answers until told to stop.
    pub(crate) fn serve<E>(self, routes: E, stop: &watch::Sender<bool>) -> Vec<JoinHandle<()>>
    where
        E: poem::Endpoint + 'static,
    {
        let routes = Arc::new(routes);
        self.acceptors
            .into_iter()
            .map(|acceptor| {
                let routes = Arc::clone(&routes);
                let mut stop = stop.subscribe();
                tokio::spawn(async move {
                    let stopped = async move {
                        // An emulator that is gone altogether has stopped too.
                        drop(stop.wait_for(|stop| *stop).await);
                    };
                    let server = Server::new_with_acceptor(acceptor);
                    if let Err(error) =
                        server.run_with_graceful_shutdown(routes, stopped, Some(PATIENCE)).await
                    {
                        tracing::error!(%error, "a listener of the emulator ended");
                    }
                })
            })
            .collect()
    }
}

async fn acceptor(address: IpAddr, port: u16, identity: Option<&Identity>) -> io::Result<BoxAcceptor> {
    let listener = TcpListener::bind((address, port));
    Ok(match identity {
        None => listener.into_acceptor().await?.boxed(),
        Some(Identity { chain, key, .. }) => {
            let certificate = RustlsCertificate::new().cert(chain.as_str()).key(key.as_str());
            listener.rustls(RustlsConfig::new().fallback(certificate)).into_acceptor().await?.boxed()
        }
    })
}

fn bound_port(acceptor: &BoxAcceptor) -> Option<u16> {
    acceptor.local_addr().first()?.as_socket_addr().map(std::net::SocketAddr::port)
}
