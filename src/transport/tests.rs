use super::*;
use tokio::net::TcpListener;

fn uri(text: &str) -> DeviceUri {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn bytes_go_both_ways_over_tcp_and_closing_hears_the_printer_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let printer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a host");
        let mut heard = [0; 3];
        stream.read_exact(&mut heard).await.expect("~HS");
        stream.write_all(b"ready").await.expect("written");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.expect("the end");
        // Its last words come after we have said that we are done.
        stream.write_all(&[b'.'; 5000]).await.expect("written");
        (heard, rest)
    });
    let line = Transport::default().open(&uri(&format!("tcp://{address}")), &Limits::default()).await;
    let mut line = line.unwrap_or_else(|error| panic!("{error}"));
    line.write_all(b"~HS").await.expect("written");
    let mut answer = [0; 5];
    line.read_exact(&mut answer).await.expect("an answer");
    line.write_all(b"^XA^XZ").await.expect("written");
    assert!(line.close(&Limits::default()).await);
    assert_eq!((&answer, printer.await.expect("no panic")), (b"ready", (*b"~HS", b"^XA^XZ".to_vec())));
}

#[tokio::test]
async fn a_printer_that_is_not_there_is_told_in_a_sentence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let error =
        Transport::default().open(&uri(&format!("tcp://{address}")), &Limits::default()).await.err().expect("nobody listens");
    let port = address.port();
    assert_eq!(
        error.to_string(),
        format!(
            "127.0.0.1 is there but refuses port {port}. Does another computer hold the printer, or is raw printing switched off?"
        )
    );
}

#[tokio::test]
async fn a_printer_that_never_closes_does_not_hold_us_up() {
    let (ours, _theirs) = tokio::io::duplex(64);
    let limits = Limits { close: Duration::from_millis(20), ..Limits::default() };
    assert!(!Connection::of(ours).close(&limits).await);
}

#[tokio::test]
async fn a_stopped_printer_keeps_its_line() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let mut line =
        Transport::default().open(&uri(&format!("tcp://{address}")), &Limits::default()).await.unwrap_or_else(|e| panic!("{e}"));
    let (mut printer, _) = listener.accept().await.expect("a host");
    let mut sent = 0;
    while let Ok(taken) = tokio::time::timeout(Duration::from_millis(100), line.write(&[b'x'; 65536])).await {
        sent += taken.expect("the line stands");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut buffer = vec![0; sent];
    printer.read_exact(&mut buffer).await.expect("everything that was taken");
}

#[tokio::test]
async fn a_virtual_printer_stands_behind_the_registered_connector() {
    let connector: Connector = Arc::new(|language| {
        assert_eq!(language, "zpl");
        let (ours, mut theirs) = tokio::io::duplex(4096);
        tokio::spawn(async move { theirs.write_all(b"hello").await });
        Ok(ours)
    });
    let transport = Transport::with_virtual_printers(connector);
    let mut line = transport.open(&uri("virtual:zpl"), &Limits::default()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut said = String::new();
    line.read_to_string(&mut said).await.expect("text");
    assert_eq!(said, "hello");
    let none = Transport::default().open(&uri("virtual:zpl"), &Limits::default()).await.err().expect("no connector");
    assert_eq!(none.to_string(), "virtual:zpl: this program holds no virtual printers.");
}

#[tokio::test]
async fn bytes_a_tcp_printer_has_not_taken_count_as_unsent_until_it_reads_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let mut line =
        Transport::default().open(&uri(&format!("tcp://{address}")), &Limits::default()).await.unwrap_or_else(|e| panic!("{e}"));
    let (mut printer, _) = listener.accept().await.expect("a host");
    let mut sent = 0;
    while let Ok(taken) = tokio::time::timeout(Duration::from_millis(100), line.write(&[b'x'; 65536])).await {
        sent += taken.expect("the line stands");
    }
    assert!(line.line.unsent() > 0, "the window is closed");
    tokio::time::timeout(Duration::from_millis(50), line.line.drained()).await.expect_err("nobody reads");
    let mut buffer = vec![0; sent];
    let read = tokio::spawn(async move {
        printer.read_exact(&mut buffer).await.expect("everything that was taken");
        printer
    });
    line.line.drained().await;
    assert_eq!(line.line.unsent(), 0);
    read.await.expect("no panic");
}
