//! What a sandbox reaches beyond itself.

use std::{
    net::{Ipv6Addr, TcpListener},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
};

use sandpit_api::ErrorCode;
use sandpit_engine::Engine;

use crate::{
    Cell,
    common::{Embedded, networked},
};

/// Prints, for each address, how a connection to it ends.
fn connect(addresses: &[String], port: u16) -> String {
    format!(
        "for address in {addresses:?}:\n    \
            try: socket.create_connection((address, {port}), timeout=2); print(address, 'connected')\n    \
            except OSError as error: print(address, 'refused')"
    )
}

/// Our addresses but the loopback's.
fn own_addresses() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/net/fib_trie").expect("addresses");
    let lines: Vec<&str> = text.lines().collect();
    let local = lines.windows(2).filter(|pair| pair[1].contains("/32 host LOCAL"));
    local.filter_map(|pair| pair[0].split_whitespace().last()).map(str::to_owned).collect()
}

#[tokio::test]
async fn without_a_network_there_is_only_its_own_loopback() {
    let cell = Cell::new().await;
    assert_eq!(cell.prints("ls /proc/sys/net/ipv4/conf | grep -v -e all -e default").await, "lo");
    let v4 = TcpListener::bind("0.0.0.0:0").expect("listen");
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0));
    let mut addresses = own_addresses();
    addresses.push("127.0.0.1".into());
    let told = cell.python(&connect(&addresses, v4.local_addr().expect("its port").port())).await;
    assert!(!told.contains("connected"), "{told}");
    if let Ok(v6) = v6 {
        let told = cell.python(&connect(&["::1".into()], v6.local_addr().expect("its port").port())).await;
        assert!(!told.contains("connected"), "{told}");
    }
}

#[tokio::test]
async fn its_own_loopback_works() {
    let cell = Cell::new().await;
    let program = "server = socket.create_server(('127.0.0.1', 0))\n\
        socket.create_connection(server.getsockname(), timeout=2); print('connected')";
    assert_eq!(cell.python(program).await, "connected");
}

#[tokio::test]
async fn abstract_sockets_of_the_host_are_out_of_reach() {
    let name = format!("sandpit-isolation-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("an address");
    let _listener = UnixListener::bind_addr(&address).expect("listen");
    let cell = Cell::new().await;
    let program = format!(
        "s = socket.socket(socket.AF_UNIX)\n\
         try: s.connect('\\0{name}'); print('connected')\n\
         except ConnectionRefusedError: print('refused')"
    );
    assert_eq!(cell.python(&program).await, "refused");
    cell.refuses(&format!("grep {name} /proc/net/unix")).await;
}

#[tokio::test]
async fn with_a_network_the_hosts_loopback_stays_out_of_reach() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    if !engine.describe().await.capabilities.network_on.available {
        let refused = engine.create(networked()).await.expect_err("what cannot be had is refused");
        assert_eq!(refused.code, ErrorCode::NotSupported);
        assert!(refused.suggestion.is_some(), "it says what would mend it");
        return;
    }
    let id = engine.create(networked()).await.expect("create").id;
    let cell = Cell { embedded, engine, id };
    let outside = cell.prints("ls /proc/sys/net/ipv4/conf | grep -v -e all -e default -e lo").await;
    assert_ne!(outside, "", "it has an interface");
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let gateway = "ip route | awk '/default/{print $3}'";
    let mut addresses: Vec<String> = cell.prints(gateway).await.lines().map(str::to_owned).collect();
    addresses.extend(own_addresses());
    addresses.extend(["127.0.0.1".into(), "169.254.53.53".into()]);
    let told = cell.python(&connect(&addresses, listener.local_addr().expect("its port").port())).await;
    listener.set_nonblocking(true).expect("no waiting");
    assert!(listener.accept().is_err(), "nothing arrived\n{told}");
    cell.engine.stop(&cell.id).await.expect("stop");
    cell.engine.start(&cell.id).await.expect("start again, with a network");
    cell.engine.destroy(&cell.id).await.expect("destroy");
}
