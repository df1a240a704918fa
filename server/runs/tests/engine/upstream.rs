//! An upstream that says what it is told, and tells what it was asked.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub struct Upstream {
    listener: TcpListener,
    pub address: String,
}

/// One request, and the connection that waits for its answer.
pub struct Asked {
    pub body: Value,
    socket: TcpStream,
}

impl Upstream {
    pub async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { listener, address }
    }

    /// The next request.
    pub async fn asked(&self) -> Asked {
        loop {
            let (socket, _) = self.listener.accept().await.unwrap();
            if let Some(asked) = read(socket).await {
                return asked;
            }
        }
    }
}

async fn read(mut socket: TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let length = socket.read(&mut piece).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length: usize = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
        if bytes.len() >= end + length {
            return Some(Asked { body: serde_json::from_slice(&bytes[end..]).unwrap(), socket });
        }
    }
}

impl Asked {
    /// Begins a stream that ends when the connection does.
    pub async fn open(&mut self) {
        self.say(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n").await;
    }

    /// Says something, as it is.
    pub async fn say(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    /// A whole stream.
    pub async fn answer(mut self, stream: &str) {
        self.open().await;
        self.say(stream.as_bytes()).await;
    }

    /// Returns when the other side has gone away.
    pub async fn left(&mut self) {
        let mut piece = [0; 64];
        while self.socket.read(&mut piece).await.is_ok_and(|length| length > 0) {}
    }
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let chunk = serde_json::json!({"id": "x", "model": "lab-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    format!("data: {chunk}\n\n")
}

/// A stream on OpenAI's wire that says a text.
pub fn text(text: &str) -> String {
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"#;
    let said = chunk(&serde_json::json!({"content": text}), None);
    format!("{said}{}{usage}\n\ndata: [DONE]\n\n", chunk(&serde_json::json!({}), Some("stop")))
}

/// A stream on OpenAI's wire that says a text and calls tools: id, name, arguments.
pub fn calls(text: &str, calls: &[(&str, &str, &str)]) -> String {
    let mut stream = chunk(&serde_json::json!({"content": text}), None);
    for (index, (id, name, arguments)) in calls.iter().enumerate() {
        // In two pieces, as servers send them.
        let (first, second) = arguments.split_at(arguments.len() / 2);
        let call = serde_json::json!({"index": index, "id": id, "type": "function",
            "function": {"name": name, "arguments": first}});
        stream += &chunk(&serde_json::json!({"tool_calls": [call]}), None);
        let rest = serde_json::json!({"index": index, "function": {"arguments": second}});
        stream += &chunk(&serde_json::json!({"tool_calls": [rest]}), None);
    }
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27}}"#;
    format!("{stream}{}{usage}\n\ndata: [DONE]\n\n", chunk(&serde_json::json!({}), Some("tool_calls")))
}
