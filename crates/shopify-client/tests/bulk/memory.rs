//! A result of a gigabyte is read within 64 MB of memory, over a real socket that breaks half-way.

use std::{
    io::{BufReader, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    time::Duration,
};

use serde::Deserialize;
use shopify_client::{
    Call, Endpoint,
    bulk::{Lines, ResultFile},
};

use crate::{client, head, shop};

/// A child of this test reads from this port.
const PORT: &str = "WEIR_TEST_BULK_PORT";
const MOST_RESIDENT: u64 = 64 * 1024 * 1024;
const SIZE: u64 = 1 << 30;
/// Bytes of each line.
const LINE: u64 = 2048;

#[derive(Deserialize)]
enum Object {
    Product(Product),
    ProductVariant(Variant),
}

#[derive(Deserialize)]
struct Product {
    title: String,
    description: String,
}

#[derive(Deserialize)]
struct Variant {
    sku: String,
}

#[tokio::test]
async fn a_gigabyte_is_read_within_64_megabytes() {
    if let Ok(port) = std::env::var(PORT) {
        return child(&port).await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().enumerate().for_each(|(nth, stream)| serve(nth, stream.unwrap())));
    // Another process: this one has what all tests of this binary use.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::a_gigabyte_is_read_within_64_megabytes", "--nocapture"])
        .env(PORT, port.to_string())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let line = printed.lines().find_map(|line| line.split_once("resident ")).unwrap().1;
    let [resident, objects] = [0, 1].map(|at| line.split_whitespace().nth(at).unwrap().parse::<u64>().unwrap());
    println!("{resident} bytes resident at most, {objects} objects");
    assert_eq!(objects, SIZE / LINE);
    assert!(resident < MOST_RESIDENT, "{resident} bytes were resident");
}

/// Reads the result and says what it took.
#[expect(clippy::print_stdout, reason = "what the parent reads")]
async fn child(port: &str) {
    let file = ResultFile {
        operation: "gid://shopify/BulkOperation/1".into(),
        url: format!("http://127.0.0.1:{port}/1").into(),
        bytes: Some(SIZE),
        objects: None,
    };
    let call = Call::background(Duration::from_secs(600));
    let mut lines = Lines::<Object>::new(&client(Endpoint::Shopify), &shop(), &file, &call);
    let (mut objects, mut characters) = (0, 0);
    while let Some(line) = lines.next().await.unwrap() {
        objects += 1;
        characters += match line.object {
            Object::Product(product) => product.title.len() + product.description.len(),
            Object::ProductVariant(variant) => variant.sku.len(),
        };
    }
    assert!(characters > 0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("resident {} {objects}", kilobytes * 1024);
}

/// Gives the result from where it is asked for; the first connection breaks half-way.
fn serve(nth: usize, mut stream: TcpStream) {
    let range = head(&mut BufReader::new(&stream)).remove("range");
    let mut start: u64 = range.map_or(0, |range| range["bytes=".len()..range.len() - 1].parse().unwrap());
    assert_eq!(nth > 0, start > 0, "the second connection goes on where the first broke");
    let head = if start > 0 { "206 Partial Content" } else { "200 OK" };
    let length = SIZE - start;
    let range = format!("Content-Range: bytes {start}-{}/{SIZE}\r\n", SIZE - 1);
    write!(stream, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\n{range}\r\n").unwrap();
    let end = if nth == 0 { SIZE / 2 + LINE / 3 } else { SIZE };
    // Lines of one length, so that each can be made from its place.
    while start < end {
        let first = start / LINE;
        let batch: String = (first..first + 64).map(line).collect();
        let from = start - first * LINE;
        let to = (end - first * LINE).min(64 * LINE);
        stream.write_all(&batch.as_bytes()[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()]).unwrap();
        start = first * LINE + to;
    }
}

fn line(number: u64) -> String {
    let product = number / 8;
    let mut line = match number % 8 {
        0 => format!(r#"{{"id":"gid:\/\/shopify\/Product\/{product}","title":"Lamp","description":""#),
        nth => format!(
            r#"{{"id":"gid:\/\/shopify\/ProductVariant\/{product}{nth}","__parentId":"gid:\/\/shopify\/Product\/{product}","sku":""#
        ),
    };
    while line.len() < LINE as usize - 3 {
        line.push('x');
    }
    line.push_str("\"}\n");
    line
}
